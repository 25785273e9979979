//! The one status that a person sees: that of the key and, of one that works, whether it wants attention.

use time::{Duration, OffsetDateTime};

use super::key::{Key, Status};

/// From when on an end is near.
pub const SOON: Duration = Duration::days(14);
/// From when on a key counts as unused.
pub const UNUSED: Duration = Duration::days(90);

/// The one status that a person sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Standing {
    /// As at every other door.
    As(Status),
    /// It ends soon.
    Expiring,
    /// Nobody has used it for long.
    Unused,
}

impl Standing {
    /// Those that are no status of a key at other doors.
    pub const OWN: [Self; 2] = [Self::Expiring, Self::Unused];

    /// That of a key. The strongest word wins: revoked, expired, disabled, rotating, expiring soon, unused, active.
    #[must_use]
    pub fn of(key: &Key, now: OffsetDateTime) -> Self {
        let status = key.status(now);
        if status != Status::Active {
            return Self::As(status);
        }
        if key.terms.expires_at.is_some_and(|end| end <= now + SOON) {
            return Self::Expiring;
        }
        let heard_of = key.last_use.map_or(key.created_at, |used| used.at);
        if heard_of <= now - UNUSED { Self::Unused } else { Self::As(status) }
    }

    /// The one spelling used in addresses and in queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::As(status) => status.name(),
            Self::Expiring => "expiring",
            Self::Unused => "unused",
        }
    }
}
