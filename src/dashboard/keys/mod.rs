//! Keys: the list, the search, what is done with several at once, how one is issued and rotated, and the one time that its secret is seen.

pub mod bulk;
pub mod expiring;
pub mod issue;
pub mod list;
pub mod reveal;
pub mod rotate;
mod row;
pub mod search;
pub mod words;
