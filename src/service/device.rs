//! Logins of terminals (RFC 8628): begun by anybody, decided by a person, and taken once by the terminal that began it.

mod decide;
mod start;
mod take;

pub use self::{
    decide::{Choice, MARGIN, approve, choice, deny, find, orgs, show},
    start::{NotStarted, Started, start},
    take::{NotYet, Taken, take},
};
