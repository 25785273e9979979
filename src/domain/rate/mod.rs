//! Rates: how often a key may be used. The generic cell rate algorithm: of each key one instant is kept, up to which its uses
//! are accounted for. Every use puts it off by one period; how far it may lie ahead of now is the burst. At rest it has
//! passed, so that a key at rest needs nothing to be kept of it.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::fresh::Tick;

/// The most that either number of a rate may be.
pub const MOST: u32 = 1_000_000;
const MINUTE: u64 = 60_000_000_000;

/// How often a key may be used: so often a minute, and so often at once. There is no rate that nobody has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Said")]
pub struct Rate {
    per_minute: u32,
    burst: u32,
}

/// A rate as it is said. Who says nothing of the burst means as many at once as in a minute.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    per_minute: i64,
    burst: Option<i64>,
}

/// No rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MalformedRate {
    /// A number is out of range.
    #[error("per_minute and burst are whole numbers from 1 to {MOST}")]
    OutOfRange,
    /// The text is none.
    #[error("a rate is N/m or N/m:BURST, such as 60/m or 60/m:10, each from 1 to {MOST}")]
    Text,
}

impl TryFrom<Said> for Rate {
    type Error = MalformedRate;

    fn try_from(said: Said) -> Result<Self, MalformedRate> {
        Self::new(said.per_minute, said.burst.unwrap_or(said.per_minute))
    }
}

impl FromStr for Rate {
    type Err = MalformedRate;

    fn from_str(text: &str) -> Result<Self, MalformedRate> {
        let (number, rest) = text.split_once("/m").ok_or(MalformedRate::Text)?;
        let read = |digits: &str| digits.parse().map_err(|_| MalformedRate::Text);
        let per_minute = read(number)?;
        let burst = match rest.strip_prefix(':') {
            Some(burst) => read(burst)?,
            None if rest.is_empty() => per_minute,
            None => return Err(MalformedRate::Text),
        };
        Self::new(per_minute, burst).map_err(|_| MalformedRate::Text)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/m:{}", self.per_minute, self.burst)
    }
}

/// What is left of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Of which.
    pub rate: Rate,
    /// How many uses at once.
    pub remaining: u32,
    /// When there is one more; at once where there can be no more.
    pub more_in: Duration,
}

/// Nothing was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// Of which rate.
    pub rate: Rate,
    /// When there is one use again, if nobody else takes it.
    pub retry_after: Duration,
}

impl Rate {
    /// So often a minute, and so often at once.
    pub fn new(per_minute: i64, burst: i64) -> Result<Self, MalformedRate> {
        let legal = |number| u32::try_from(number).ok().filter(|number| (1..=MOST).contains(number));
        let (per_minute, burst) = legal(per_minute).zip(legal(burst)).ok_or(MalformedRate::OutOfRange)?;
        Ok(Self { per_minute, burst })
    }

    /// How often a minute.
    #[must_use]
    pub const fn per_minute(self) -> u32 {
        self.per_minute
    }

    /// How often at once, by a key at rest.
    #[must_use]
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// The same in words: `60 times a minute, 10 at once`.
    #[must_use]
    pub fn in_words(self) -> String {
        let often = if self.per_minute == 1 { "once".to_owned() } else { format!("{} times", self.per_minute) };
        format!("{often} a minute, {} at once", self.burst)
    }

    /// Whether whoever is used so often uses no more than this.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        other.per_minute <= self.per_minute && other.burst <= self.burst
    }

    /// How long one use takes to come back, in nanoseconds. Rounded up: rather a little less than was agreed than more.
    const fn period(self) -> u64 {
        MINUTE.div_ceil(self.per_minute as u64)
    }

    /// In how many whole seconds a burst comes back.
    #[must_use]
    pub const fn window(self) -> u64 {
        (60 * self.burst as u64).div_ceil(self.per_minute as u64)
    }

    /// Takes one use, if there is one: gives up to when the uses are accounted for from now on.
    pub fn take(self, accounted: Tick, now: Tick) -> Result<Tick, Exceeded> {
        let after = accounted.max(now).nanos().saturating_add(self.period());
        match after.saturating_sub(self.horizon(now)) {
            0 => Ok(Tick::from_nanos(after)),
            early => Err(Exceeded { rate: self, retry_after: Duration::from_nanos(early) }),
        }
    }

    /// What is left now.
    #[must_use]
    pub fn left(self, accounted: Tick, now: Tick) -> Left {
        let free = self.horizon(now).saturating_sub(accounted.max(now).nanos());
        let remaining = u32::try_from(free / self.period()).unwrap_or(MOST).min(self.burst);
        let more_in = if remaining == self.burst { 0 } else { self.period() - free % self.period() };
        Left { rate: self, remaining, more_in: Duration::from_nanos(more_in) }
    }

    /// The latest moment up to which uses may be accounted for now.
    const fn horizon(self, now: Tick) -> u64 {
        now.nanos().saturating_add(self.period() * self.burst as u64)
    }

    /// Up to when the uses are accounted for if they were made under another rate. Nobody waits for longer than a burst of
    /// this one takes.
    #[must_use]
    pub fn carried(self, accounted: Tick, now: Tick) -> Tick {
        accounted.min(Tick::from_nanos(self.horizon(now)))
    }
}

#[cfg(test)]
mod laws;
