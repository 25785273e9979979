//! The text of a key is in one place, the answer that issues or rotates it, and nowhere else at all.

mod form;
mod nowhere;
mod walk;
