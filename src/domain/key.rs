//! Keys: the record, its secrets by number, its life and the one computed status.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    audit::Actor,
    grant::Terms,
    id::{KeyId, UserId},
    name::{Label, Note, Reason},
    suggest,
};

/// How long a key lives when nothing was said.
pub const DEFAULT_LIFE: Duration = Duration::days(90);
/// How long a replaced secret goes on when nothing was said.
pub const DEFAULT_OVERLAP: Duration = Duration::hours(24);
/// The longest that a replaced secret may go on.
pub const LONGEST_OVERLAP: Duration = Duration::days(7);

/// A key: what it may do, whose it is, and what became of it. Never its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Which one; survives rotation.
    pub id: KeyId,
    /// What people call it.
    pub label: Label,
    /// Where it is kept, what runs with it.
    pub note: Option<Note>,
    /// What it may do, from where, until when.
    pub terms: Terms,
    /// The person that it is bound to, where it is a personal key: it may do no more than that person may.
    pub user: Option<UserId>,
    /// Who issued it.
    pub issued_by: Actor,
    /// When.
    pub created_at: OffsetDateTime,
    /// When it was stopped for the time being.
    pub disabled_at: Option<OffsetDateTime>,
    /// That it was revoked, for good.
    pub revoked: Option<Revoked>,
    /// Its latest use that is known.
    pub last_use: Option<Use>,
    /// Its secrets, the newest first. The older one, where there is one, still lives.
    pub secrets: Vec<SecretRecord>,
    /// How often it was changed; the source of its `ETag`.
    pub version: i64,
}

/// That a key was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// When.
    pub at: OffsetDateTime,
    /// By whom.
    pub by: Actor,
    /// Why, if it was said.
    pub reason: Option<Reason>,
}

/// A use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// When.
    pub at: OffsetDateTime,
    /// From where, if that is known.
    pub from: Option<IpAddr>,
}

/// One secret of a key, as far as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretRecord {
    /// Counted from 1.
    pub number: i32,
    /// Its first characters, for people.
    pub hint: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it ends before the key does: set by rotation.
    #[serde(with = "time::serde::rfc3339::option")]
    pub dies_at: Option<OffsetDateTime>,
    /// Its latest use that is known.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
}

/// What has become of a key, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Dead for good.
    Revoked,
    /// Past its end.
    Expired,
    /// Stopped for the time being.
    Disabled,
    /// Two secrets live.
    Rotating,
    /// At work.
    Active,
}

impl Status {
    /// All of them, the strongest first.
    pub const ALL: [Self; 5] = [Self::Revoked, Self::Expired, Self::Disabled, Self::Rotating, Self::Active];

    /// The one spelling used on the wire and in queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
            Self::Rotating => "rotating",
            Self::Active => "active",
        }
    }
}

/// The text names no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown status '{0}'{hint}; known: active, rotating, disabled, expired, revoked", hint = suggest::hint(.0, Status::ALL.map(Status::name)))]
pub struct UnknownStatus(String);

impl std::str::FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| UnknownStatus(name.chars().take(64).collect()))
    }
}

impl Key {
    /// What has become of it. The strongest word wins: revoked, expired, disabled, rotating, active.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime) -> Status {
        if self.revoked.is_some() {
            Status::Revoked
        } else if self.terms.is_expired(now) {
            Status::Expired
        } else if self.disabled_at.is_some() {
            Status::Disabled
        } else if self.is_rotating(now) {
            Status::Rotating
        } else {
            Status::Active
        }
    }

    /// Whether a replaced secret still lives.
    #[must_use]
    pub fn is_rotating(&self, now: OffsetDateTime) -> bool {
        self.secrets.iter().any(|secret| secret.dies_at.is_some_and(|end| now < end))
    }

    /// The number of its newest secret.
    #[must_use]
    pub fn newest_secret(&self) -> i32 {
        self.secrets.first().map_or(0, |secret| secret.number)
    }

    /// The beginning of its newest secret, for people.
    #[must_use]
    pub fn hint(&self) -> &str {
        self.secrets.first().map_or("", |secret| &secret.hint)
    }
}

/// When the replaced secret dies: after the overlap, and never after the key (P-2).
#[must_use]
pub fn end_of_overlap(now: OffsetDateTime, overlap: Duration, key_ends: Option<OffsetDateTime>) -> OffsetDateTime {
    let end = now.saturating_add(overlap);
    key_ends.map_or(end, |key_ends| end.min(key_ends))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AddressList, Capability, CapabilitySet, Grant, OrgId, Owner, TopicScope};

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn secret(number: i32, dies_at: Option<OffsetDateTime>) -> SecretRecord {
        SecretRecord { number, hint: "mshk_12345678".to_owned(), created_at: NOW, dies_at, last_used_at: None }
    }

    #[test]
    fn the_strongest_word_wins() {
        // L-10
        let grant = Grant {
            owner: Owner::Org(OrgId::new()),
            capabilities: CapabilitySet::new([Capability::Send]).unwrap(),
            topics: TopicScope::Everywhere,
        };
        let mut key = Key {
            id: KeyId::new(),
            label: "x".parse().unwrap(),
            note: None,
            terms: Terms { grant, addresses: AddressList::Anywhere, expires_at: Some(NOW), rate: None },
            user: None,
            issued_by: Actor::Local,
            created_at: NOW,
            disabled_at: Some(NOW),
            revoked: Some(Revoked { at: NOW, by: Actor::Local, reason: None }),
            last_use: None,
            secrets: vec![secret(2, None), secret(1, Some(NOW + Duration::HOUR))],
            version: 1,
        };
        assert_eq!(key.status(NOW), Status::Revoked);
        key.revoked = None;
        assert_eq!(key.status(NOW), Status::Expired);
        key.terms.expires_at = None;
        assert_eq!(key.status(NOW), Status::Disabled);
        key.disabled_at = None;
        assert_eq!(key.status(NOW), Status::Rotating);
        assert_eq!(key.status(NOW + Duration::HOUR), Status::Active);
        assert_eq!((key.newest_secret(), key.hint()), (2, "mshk_12345678"));
    }
}
