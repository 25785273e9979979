//! `/orgs/{org}/audit`: who changed what; one event; and the proof of the chain.

mod asked;
pub mod chain;
mod difference;
mod event;
mod filters;
pub mod list;
pub mod one;
mod words;

use crate::{
    dashboard::org::Insider,
    domain::{Capability, Owner, Requirement},
};

/// Whether who looks is an admin of the whole org, whose chain it is.
fn is_whole<N>(insider: &Insider<N>) -> bool {
    let within = Owner::new(insider.proof.org(), None);
    insider.proof.rights().permits(&Requirement { within, capability: Capability::Admin, topic: None }).is_ok()
}
