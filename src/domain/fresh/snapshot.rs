//! What a reader of the database could see: PostgreSQL's snapshots, and the server by which their numbers mean something.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// The number of a transaction (`xid8`): never given twice by one server on one timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transaction(pub u64);

/// A server and its timeline. After a failover, or in a copy, the same numbers mean other transactions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server(pub Box<str>);

/// A snapshot: which transactions its reader saw (`pg_snapshot`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    below: u64,
    end: u64,
    open: Box<[u64]>,
}

/// The text is no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected a snapshot such as 10:20:10,14,15")]
pub struct MalformedSnapshot;

impl Snapshot {
    /// Whether its reader saw what this transaction did.
    #[must_use]
    pub fn sees(&self, transaction: Transaction) -> bool {
        let number = transaction.0;
        number < self.below || number < self.end && !self.open.contains(&number)
    }

    /// Every transaction below this one had ended.
    #[must_use]
    pub const fn horizon(&self) -> Transaction {
        Transaction(self.below)
    }

    /// No transaction from this one on had ended.
    #[must_use]
    pub const fn end(&self) -> Transaction {
        Transaction(self.end)
    }
}

impl Server {
    /// Its timeline: another after each promotion. None where the text is of another form.
    #[must_use]
    pub fn timeline(&self) -> Option<u32> {
        let (_, timeline) = self.0.rsplit_once('/')?;
        u32::from_str_radix(timeline, 16).ok()
    }
}

impl FromStr for Snapshot {
    type Err = MalformedSnapshot;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.parse::<u64>().map_err(|_| MalformedSnapshot);
        let mut parts = text.splitn(3, ':');
        let mut part = || parts.next().ok_or(MalformedSnapshot);
        let (below, end, open) = (number(part()?)?, number(part()?)?, part()?);
        let open = open.split(',').filter(|text| !text.is_empty()).map(number).collect::<Result<_, _>>()?;
        if below > end { Err(MalformedSnapshot) } else { Ok(Self { below, end, open }) }
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:", self.below, self.end)?;
        for (nth, number) in self.open.iter().enumerate() {
            write!(out, "{}{number}", if nth == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_sees_what_had_ended() {
        let snapshot: Snapshot = "10:20:10,14,15".parse().unwrap();
        let seen = |number| snapshot.sees(Transaction(number));
        assert_eq!([9, 10, 11, 14, 15, 19, 20, 21].map(seen), [true, false, true, false, false, true, false, false]);
        for text in ["10:20:10,14,15", "10:10:"] {
            assert_eq!(text.parse::<Snapshot>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_server_has_a_timeline() {
        assert_eq!(Server("7301234567890123456/0000000A".into()).timeline(), Some(10));
        assert_eq!(Server("nonsense".into()).timeline(), None);
    }

    #[test]
    fn what_is_no_snapshot_is_refused() {
        for bad in ["", "10", "10:20", "20:10:", "a:b:", "10:20:x", "-1:2:"] {
            assert_eq!(bad.parse::<Snapshot>(), Err(MalformedSnapshot), "{bad}");
        }
    }
}
