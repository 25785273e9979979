//! Times as clients say them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A time that the database can hold and that can be said in RFC 3339: in UTC, in the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(OffsetDateTime);

/// The text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected a time such as 2027-02-19T13:05:00Z (RFC 3339), in the years 1 to 9999")]
pub struct MalformedMoment;

impl Moment {
    /// The time, in UTC.
    #[must_use]
    pub const fn get(self) -> OffsetDateTime {
        self.0
    }
}

impl From<OffsetDateTime> for Moment {
    /// What comes from the database is such a time.
    fn from(time: OffsetDateTime) -> Self {
        Self(time)
    }
}

impl std::str::FromStr for Moment {
    type Err = MalformedMoment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let said = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| MalformedMoment)?;
        let time = said.checked_to_offset(UtcOffset::UTC).ok_or(MalformedMoment)?;
        (1..=9999).contains(&time.year()).then_some(Self(time)).ok_or(MalformedMoment)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        time::serde::rfc3339::serialize(&self.0, out)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_at_the_edges_of_the_calendar_do_no_harm() {
        //
        for good in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2027-02-19T13:05:00+01:00"] {
            assert!(good.parse::<Moment>().is_ok(), "{good}");
        }
        let beyond = ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "0000-06-01T00:00:00Z"];
        let garbage = ["", "tomorrow", "2027-02-30T00:00:00Z", "2027-02-19", "2027-02-19T13:05:00"];
        for bad in beyond.into_iter().chain(garbage) {
            assert_eq!(bad.parse::<Moment>(), Err(MalformedMoment), "{bad}");
        }
    }
}
