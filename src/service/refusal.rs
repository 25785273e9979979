//! Why a verb was not done.

use thiserror::Error;

use crate::{
    db,
    domain::{Denial, InvitationId, fresh::Unconfirmed, invitation::Status, page::InvalidCursor, secret::NoRandomness},
    service::{effect::Settled, policies::Breach},
};

/// Something wrong with the input, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A JSON pointer into the body (RFC 6901), without the `#`.
    pub pointer: String,
    /// What is wrong, and what would do.
    pub detail: String,
}

impl Fault {
    /// A fault at this place.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// What stands against a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The name is taken, perhaps by something archived.
    AlreadyExists,
    /// The key was revoked, for good.
    AlreadyRevoked,
    /// The key has expired.
    KeyExpired,
    /// The key is disabled.
    AlreadyDisabled,
    /// The key is not disabled.
    NotDisabled,
    /// A replaced secret still lives.
    AlreadyRotating,
    /// No replaced secret lives.
    NotRotating,
    /// It is archived.
    AlreadyArchived,
    /// It is not archived.
    NotArchived,
    /// The topic takes no more messages or state.
    TopicArchived,
    /// The org has as many live keys as it may.
    KeyLimitReached,
    /// A live key has the capability.
    CapabilityInUse,
    /// The org has declared as many capabilities as it may.
    CapabilityLimitReached,
    /// A gate demands the capability.
    CapabilityDemanded,
    /// The org has as many gates as it may.
    GateLimitReached,
    /// It is the org's last owner.
    LastOwner,
    /// It is the caller's own role.
    OwnRole,
    /// The person is a member there already.
    AlreadyMember,
    /// The person was invited there already, and this invitation is open.
    AlreadyInvited(InvitationId),
    /// The org has as many open invitations as it may.
    InvitationLimitReached,
    /// The invitation is over, and how it ended.
    InvitationOver(Status),
    /// The org is suspended.
    AlreadySuspended,
    /// The org is not suspended.
    NotSuspended,
}

/// Why a verb was not done. Nothing of it was.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Not there, or nothing that the caller may know of.
    #[error("not found")]
    NotFound,
    /// The caller may know of it, and has no say in it.
    #[error("not the caller's")]
    NotYours,
    /// The caller's key has died since it was admitted.
    #[error("the caller's key is no longer accepted")]
    Dead,
    /// The caller may not.
    #[error("denied: {}", .0.code())]
    Denied(Denial),
    /// It makes, changes or unmakes an owner, which the caller may not.
    #[error("{0}")]
    OwnerOnly(&'static str),
    /// Nobody is signed in by that session, or not any more.
    #[error("nobody is signed in")]
    SignedOut,
    /// The person has not shown lately who it is.
    #[error("the person has not confirmed lately who it is")]
    NotFresh,
    /// It takes a person who is signed in.
    #[error("a key cannot do it")]
    NoPerson,
    /// It would hand out more than the caller holds.
    #[error("it exceeds what the caller holds")]
    Exceeds(Vec<Fault>),
    /// The policy of the org or the mesh stands against it.
    #[error("the policy does not let it")]
    Policy(Vec<Breach>),
    /// The input means nothing legal.
    #[error("the input is not legal")]
    Invalid(Vec<Fault>),
    /// Something stands against it.
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// It is so already, and that holds everywhere.
    #[error("conflict: {0:?}")]
    AlreadySo(Conflict, Settled),
    /// It is so, and it cannot be told whether that holds everywhere.
    #[error(transparent)]
    Unconfirmed(Unconfirmed),
    /// It was changed since the caller looked.
    #[error("changed meanwhile")]
    Stale,
    /// The same `Idempotency-Key` came with another body.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// The cursor is of another list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// It is more work than a request may make.
    #[error("it takes longer than a request may")]
    TooLong,
    /// As many listen as may, with this key or in all.
    #[error("no place is left")]
    Full,
    /// As much of that work is under way as may be.
    #[error("too much of it is under way")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(#[from] db::Error),
    /// No random bits.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// What cannot be.
    #[error("{0}")]
    Impossible(&'static str),
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Conflict> for Refusal {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

impl db::store::CastsDoubt for Refusal {
    fn casts_doubt(&self) -> bool {
        matches!(self, Self::Store(error) if error.casts_doubt())
    }
}

impl Refusal {
    /// One fault.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::at(pointer, detail)])
    }
}
