//! Spans: how long something lasts, as people say it: `30m`, `24h`, `90d`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

/// The units, the longest first, and how many seconds each has.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// How long something lasts, in whole seconds. It is written in the longest unit of which it is a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// The text is no span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected a number and s, m, h or d, such as \"24h\" or \"90d\"")]
pub struct MalformedSpan;

impl Span {
    /// So many days.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self(days as u64 * 86_400)
    }

    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// How many seconds it lasts.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// The same as a duration.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::seconds(i64::try_from(self.0).unwrap_or(i64::MAX))
    }

    /// The same in a sentence: `90 days`.
    #[must_use]
    pub fn in_words(self) -> String {
        const NAMES: [&str; 4] = ["day", "hour", "minute", "second"];
        let fits = |((_, seconds), _): &((char, u64), &str)| self.0 > 0 && self.0.is_multiple_of(*seconds);
        let found = UNITS.into_iter().zip(NAMES).find(|(unit, name)| fits(&(*unit, name)));
        let ((_, seconds), name) = found.unwrap_or((('s', 1), "second"));
        let count = self.0 / seconds;
        format!("{count} {name}{}", if count == 1 { "" } else { "s" })
    }

    /// When it is over that begins now.
    #[must_use]
    pub fn after(self, now: OffsetDateTime) -> OffsetDateTime {
        now.saturating_add(self.duration())
    }
}

impl FromStr for Span {
    type Err = MalformedSpan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = text.chars().last().ok_or(MalformedSpan)?;
        let (_, seconds) = UNITS.into_iter().find(|(letter, _)| *letter == unit).ok_or(MalformedSpan)?;
        let number = &text[..text.len() - 1];
        if !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(MalformedSpan);
        }
        let number: u32 = number.parse().map_err(|_| MalformedSpan)?;
        Ok(Self(u64::from(number) * seconds))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.into_iter().find(|(_, seconds)| self.0 != 0 && self.0.is_multiple_of(*seconds));
        let (unit, seconds) = whole.unwrap_or(('s', 1));
        write!(out, "{}{unit}", self.0 / seconds)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_written_in_its_longest_whole_unit() {
        for (said, written) in
            [("0s", "0s"), ("0d", "0s"), ("90s", "90s"), ("120s", "2m"), ("24h", "1d"), ("25h", "25h"), ("90d", "90d")]
        {
            let span: Span = said.parse().unwrap();
            assert_eq!(span.to_string(), written);
            assert_eq!(span.to_string().parse(), Ok(span));
        }
        for bad in ["", "d", "7", "-1d", "+1d", "1.5h", "1w", "7 d", "99999999999d", "ä"] {
            assert_eq!(bad.parse::<Span>(), Err(MalformedSpan), "{bad}");
        }
    }
}
