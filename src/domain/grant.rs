//! Grants: the two pure functions that are all the authorization there is, and the law between them.
//!
//! [`Grant::permits`] is for what a caller does, [`Grant::covers`] for what a caller manages and hands out. If A covers
//! B, then whatever B permits, A permits: that is why nobody can hand out more than they hold.

use std::net::IpAddr;

use time::OffsetDateTime;

use super::{
    address::AddressList,
    capability::{Capability, CapabilitySet},
    owner::Owner,
    rate::Rate,
    rule,
    scope::TopicScope,
    topic::TopicName,
    verdict::Denial,
};

/// What may be done, where, and on which topics.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grant {
    /// Whom it acts for.
    pub owner: Owner,
    /// What may be done.
    pub capabilities: CapabilitySet,
    /// On which topics.
    pub topics: TopicScope,
}

/// What a door asks of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// In which org or mesh it happens.
    pub within: Owner,
    /// What is to be done.
    pub capability: Capability,
    /// On which topic, where it names one.
    pub topic: Option<TopicName>,
}

impl Grant {
    /// Whether the grant is enough for what is wanted.
    pub fn permits(&self, wanted: &Requirement) -> Result<(), Denial> {
        rule::decide(rule::of_grant(self, wanted))
    }

    /// Whether this grant holds all of `other`: what decides over managing and handing out.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.owner.covers(other.owner)
            && self.capabilities.covers(&other.capabilities)
            && self.topics.covers(&other.topics)
    }
}

/// A grant and the circumstances that bound it: all that a key can do, and what must be covered by whoever hands it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What may be done.
    pub grant: Grant,
    /// From where.
    pub addresses: AddressList,
    /// Until when; `None` is for ever.
    pub expires_at: Option<OffsetDateTime>,
    /// How often; `None` is without limit.
    pub rate: Option<Rate>,
}

impl Terms {
    /// Whether the end has come: at the very instant, it has (G-16).
    #[must_use]
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether all of this is enough for what is wanted, now and from this address.
    pub fn permits(&self, wanted: &Requirement, now: OffsetDateTime, from: Option<IpAddr>) -> Result<(), Denial> {
        if self.is_expired(now) {
            return Err(Denial::Expired);
        }
        if !self.addresses.admits(from) {
            return Err(Denial::AddressNotAllowed);
        }
        self.grant.permits(wanted)
    }

    /// Whether whoever holds this may hand `other` out.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.grant.covers(&other.grant)
            && self.addresses.covers(&other.addresses)
            && self.outlives(other.expires_at)
            && self.affords(other.rate)
    }

    /// Whether this lasts at least until `end`.
    #[must_use]
    pub fn outlives(&self, end: Option<OffsetDateTime>) -> bool {
        match (self.expires_at, end) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(end)) => end <= own,
        }
    }

    /// Whether this may be used at least as often.
    #[must_use]
    pub const fn affords(&self, rate: Option<Rate>) -> bool {
        match (self.rate, rate) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(rate)) => own.covers(rate),
        }
    }
}
