//! The verbs over HTTP: a client like any other, that is told no more and may do no more than the key it holds.

mod answer;
pub(super) mod api;
mod ask;
pub(super) mod audit;
pub(super) mod capability;
pub(super) mod complete;
mod confirm;
mod connection;
mod deliver;
mod find;
pub(super) mod flags;
pub(super) mod gate;
mod impact;
pub(super) mod invitation;
pub(super) mod key;
pub(super) mod member;
pub(super) mod mesh;
mod pages;
pub(super) mod policy;
mod print;
mod token;
pub(super) mod topic;
pub(super) mod usage;
mod when;
pub(super) mod whoami;
