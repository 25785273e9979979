//! What a decision is counted as: what keys were used for, from where, and what was denied.

mod tally;

use std::{borrow::Cow, fmt::Display, str::FromStr};

use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::{capability::Capability, rule::Rule, topic::TopicName, verdict::Denial};
pub use tally::{Happening, Line, MOST_DENIALS, Origin, Refused, Tally};

/// What a decision that allows is counted as. One that denies is counted by its code.
pub const OK: &str = "ok";
/// For how long counts are kept.
pub const KEPT: Duration = Duration::days(35);

/// Where a decision was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The guard of our own routes.
    Guard,
    /// An answer to a service that asked.
    Verify,
    /// The same, in the words of RFC 7662.
    Introspect,
    /// An answer to a gateway that asked.
    ForwardAuth,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 4] = [Self::Guard, Self::Verify, Self::Introspect, Self::ForwardAuth];

    /// The one spelling used on the wire, in the database and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::Verify => "verify",
            Self::Introspect => "introspect",
            Self::ForwardAuth => "forward_auth",
        }
    }
}

/// By what a decision is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted<T> {
    /// Nothing was named.
    Nothing,
    /// This.
    This(T),
    /// One of those that are not told apart, because there were too many.
    Others,
}

/// What stands for [`Counted::Others`]: no name can be this.
const OTHERS: &str = "*";

impl<T> Counted<T> {
    const fn as_ref(&self) -> Counted<&T> {
        match self {
            Self::Nothing => Counted::Nothing,
            Self::This(this) => Counted::This(this),
            Self::Others => Counted::Others,
        }
    }
}

impl<T: Clone> Counted<&T> {
    fn cloned(self) -> Counted<T> {
        match self {
            Self::Nothing => Counted::Nothing,
            Self::This(this) => Counted::This(this.clone()),
            Self::Others => Counted::Others,
        }
    }
}

impl<T> From<Option<T>> for Counted<T> {
    fn from(named: Option<T>) -> Self {
        named.map_or(Self::Nothing, Self::This)
    }
}

impl<T: Display> Counted<T> {
    /// As the database has it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::This(this) => this.to_string(),
            Self::Others => OTHERS.to_owned(),
        }
    }
}

/// By what counts are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The hour.
    Hour,
    /// The day, in UTC.
    Day,
    /// The key.
    Key,
    /// What it wanted to do.
    Capability,
    /// On which topic.
    Topic,
    /// Whether it might, and if not, why.
    Outcome,
    /// From where.
    Address,
}

/// The text is none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected hour, day, key, capability, topic, outcome or address")]
pub struct UnknownBy;

impl By {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Hour, Self::Day, Self::Key, Self::Capability, Self::Topic, Self::Outcome, Self::Address];

    /// The one spelling used on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Key => "key",
            Self::Capability => "capability",
            Self::Topic => "topic",
            Self::Outcome => "outcome",
            Self::Address => "address",
        }
    }

    /// Whether they are times, which come in their order, and all of them.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Hour | Self::Day)
    }
}

impl FromStr for By {
    type Err = UnknownBy;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|by| by.name() == name).ok_or(UnknownBy)
    }
}

const HOUR: i64 = 3600;

/// The number of the hour since 1970.
const fn hour_of(at: OffsetDateTime) -> i64 {
    at.unix_timestamp().div_euclid(HOUR)
}

/// When that hour begins.
#[must_use]
pub fn beginning(hour: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(hour.saturating_mul(HOUR)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The beginning of the hour in which this is.
#[must_use]
pub fn hour_begun(at: OffsetDateTime) -> OffsetDateTime {
    beginning(hour_of(at))
}

/// The end of the hour in which this is; itself where one begins.
#[must_use]
pub fn hour_ended(at: OffsetDateTime) -> OffsetDateTime {
    if hour_begun(at) == at { at } else { beginning(hour_of(at) + 1) }
}

/// A denial in words, from what was kept of it. Of a rate it was not kept how high it was.
#[must_use]
pub fn in_words(code: &str, capability: Option<Capability>, topic: Option<TopicName>) -> Option<Cow<'static, str>> {
    if code == Rule::RateLimited.code() {
        return Some("this key was used more often than its rate allows".into());
    }
    let with = |denial: Denial| (denial.code() == code).then(|| denial.detail());
    let plain = [
        Denial::UnknownKey,
        Denial::Revoked,
        Denial::Expired,
        Denial::Disabled,
        Denial::UserInactive,
        Denial::OrgSuspended,
        Denial::MeshArchived,
        Denial::AddressNotAllowed,
        Denial::WrongMesh,
        Denial::TopicOutOfScope(topic),
        Denial::UserNotAllowed,
    ];
    plain.into_iter().find_map(with).or_else(|| with(Denial::CapabilityMissing(capability?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn every_denial_that_is_kept_can_be_told_again() {
        for code in Rule::ALL.map(Rule::code).into_iter().chain(["unknown_key"]) {
            let told = in_words(code, Some(Capability::Send), Some("deploys".parse().unwrap()));
            assert!(told.is_some(), "{code}");
            assert!(code.len() >= 2 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
        }
        assert_eq!(in_words("ok", None, None), None);
    }

    #[test]
    fn hours_begin_and_end_where_they_do() {
        let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        assert_eq!((hour_begun(at(7199)), hour_ended(at(7199))), (at(3600), at(7200)));
        assert_eq!((hour_begun(at(7200)), hour_ended(at(7200))), (at(7200), at(7200)));
        assert_eq!(hour_begun(at(-1)), at(-3600));
    }

    #[test]
    fn what_stands_for_the_others_is_no_name() {
        assert!(OTHERS.parse::<Capability>().is_err() && OTHERS.parse::<TopicName>().is_err());
        assert!(OTHERS.parse::<std::net::IpAddr>().is_err());
    }
}
