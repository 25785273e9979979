//! The audit: who changed what, as an append-only chain for each org.
//!
//! Each event is written down as canonical bytes, and its hash is SHA-256 over the hash before it and these bytes: an
//! event that was altered, removed or moved breaks the chain at its place.

mod action;
mod actor;
mod event;
mod hash;
mod report;
mod walk;

use std::net::IpAddr;

use serde::Serialize;
use serde_json::Value;

pub use self::{
    action::{Action, UnknownAction},
    actor::{Actor, ActorId},
    event::{About, By, Event, MalformedEvent},
    hash::{ChainHash, MalformedHash},
    report::{Broken, Checkpoint, End, Fault, Report},
    walk::{Start, Walk},
};
use super::{id::MeshId, request_id::RequestId};

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// One of [`Self::KINDS`].
    pub kind: &'static str,
    /// Its id; of a topic, its mesh's id, a slash, and its name.
    pub id: String,
}

impl Subject {
    /// Every kind of subject.
    pub const KINDS: [&'static str; 9] =
        ["org", "mesh", "topic", "key", "capability", "gate", "member", "invitation", "policy"];
}

/// Through what a change came in: what the audit says beside who did it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trail {
    /// The request, as its answer and the log name it.
    pub request_id: Option<RequestId>,
    /// The address it came from.
    pub address: Option<IpAddr>,
}

/// A change, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What was done.
    pub action: Action,
    /// To what.
    pub subject: Subject,
    /// In which mesh, where it lies in one.
    pub mesh: Option<MeshId>,
    /// What changed, as it was. Never a secret or a hash.
    pub before: Option<Value>,
    /// What changed, as it is now. Never a secret or a hash.
    pub after: Option<Value>,
}
