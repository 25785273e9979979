//! Decisions: who may, and why another may not.

use std::{borrow::Cow, time::Duration};

use thiserror::Error;
use time::OffsetDateTime;

use crate::{
    domain::{Capability, Denial, Grant, KeyId, Label, Owner, Slug, TopicName},
    service::{fresh::Held, outpost::No},
};

/// The holder of a key that may do what was demanded. There is no other way to one than a decision.
#[derive(Clone)]
pub struct Holder(pub(super) Held);

impl Holder {
    /// The id of the key: what belongs into logs, and into what is done in its name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.0.known.credential.key
    }

    /// What people call the key.
    #[must_use]
    pub fn label(&self) -> &Label {
        &self.0.known.credential.label
    }

    /// Whom it acts for.
    #[must_use]
    pub fn owner(&self) -> Owner {
        self.grant().owner
    }

    /// The slug of its org.
    #[must_use]
    pub fn org_slug(&self) -> &Slug {
        &self.0.known.credential.org_slug
    }

    /// All that it may do.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.0.known.credential.terms.grant
    }

    /// Until when; for ever where there is no end.
    #[must_use]
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        self.0.known.credential.terms.expires_at
    }

    /// Every change that was committed before this, by the clock of the database, is in the decision.
    #[must_use]
    pub fn as_of(&self) -> OffsetDateTime {
        self.0.as_of
    }
}

/// Why not.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Refused {
    /// It was judged. The reason in full is for your log; [`Refused::answer`](super::answer) tells a bearer what a bearer may know.
    #[error("{}", .denial.detail())]
    Denied {
        /// Which key; none where nobody holds the secret, or nobody of whom the guard may know.
        key: Option<KeyId>,
        /// Why.
        denial: Denial,
    },
    /// The requirement makes no sense: the org has no such mesh, or has not declared the capability. A mistake of the service,
    /// and not of who asked it.
    #[error("{0}")]
    Senseless(String),
    /// It could not be decided: the database is out of reach, and what is remembered is not enough. Never a no to the key.
    #[error("it could not be decided: {0}")]
    Undecided(String),
}

impl From<No> for Refused {
    fn from(no: No) -> Self {
        match no {
            No::Denied(key, denial) => Self::Denied { key, denial },
            No::Senseless(why) => Self::Senseless(why),
            No::Undecided(error) => Self::Undecided(error.to_string()),
        }
    }
}

impl Refused {
    /// The stable code: that of `/v1/verify` for who was judged.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Denied { denial, .. } => denial.code(),
            Self::Senseless(_) => "internal",
            Self::Undecided(_) => "store_unavailable",
        }
    }

    /// The key that was judged, if the guard may know of it: for your log.
    #[must_use]
    pub const fn key(&self) -> Option<KeyId> {
        match self {
            Self::Denied { key, .. } => *key,
            Self::Senseless(_) | Self::Undecided(_) => None,
        }
    }

    /// The HTTP status that says it.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Denied {
                denial: Denial::UnknownKey | Denial::Revoked | Denial::Expired | Denial::Disabled, ..
            } => 401,
            Self::Denied { denial: Denial::RateLimited(_), .. } => 429,
            Self::Denied { .. } => 403,
            Self::Senseless(_) => 500,
            Self::Undecided(_) => 503,
        }
    }

    /// The reason in words, for your log.
    #[must_use]
    pub fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::Denied { denial, .. } => denial.detail(),
            other => other.to_string().into(),
        }
    }

    /// After how long it may be tried again, where that would help.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Denied { denial: Denial::RateLimited(exceeded), .. } => Some(exceeded.retry_after),
            Self::Undecided(_) => Some(Duration::from_secs(1)),
            Self::Denied { .. } | Self::Senseless(_) => None,
        }
    }

    /// What was missing, where something was.
    pub(super) const fn missing(&self) -> (Option<&Capability>, Option<&TopicName>) {
        match self {
            Self::Denied { denial: Denial::CapabilityMissing(capability), .. } => (Some(capability), None),
            Self::Denied { denial: Denial::TopicOutOfScope(topic), .. } => (None, topic.as_ref()),
            _ => (None, None),
        }
    }
}
