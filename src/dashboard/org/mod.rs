//! The pages of an org. Who looks at one is a person who is signed in and was admitted to what the page demands, by the same rule
//! as at the API; and each has the same frame.

mod frame;
mod insider;

pub use frame::Section;
pub use insider::Insider;
