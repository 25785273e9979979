//! Members and invitations: who is in an org, as what, and who is to be.

pub mod invitation;
pub mod invite;
pub mod list;
pub mod member;
pub mod remove;
mod roles;
