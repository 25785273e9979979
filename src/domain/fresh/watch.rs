//! The wait of a change for the replicas.

use std::{collections::BTreeSet, fmt, str::FromStr, time::Duration};

use thiserror::Error;
use uuid::Uuid;

use super::{Server, Snapshot, Tick, Transaction};

/// A change that was committed: its transaction, and the server by which that number means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The transaction.
    pub transaction: Transaction,
    /// The server.
    pub server: Server,
}

/// The text is none that an answer has given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected the `transaction` of an earlier answer")]
pub struct MalformedChange;

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.server, self.transaction.0)
    }
}

impl FromStr for Change {
    type Err = MalformedChange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (server, number) = text.rsplit_once('/').ok_or(MalformedChange)?;
        let (system, timeline) = server.split_once('/').ok_or(MalformedChange)?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_timeline = timeline.len() == 8 && timeline.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_number(system) || !is_timeline || text.len() > 64 {
            return Err(MalformedChange);
        }
        let number = number.parse().map_err(|_| MalformedChange)?;
        Ok(Self { transaction: Transaction(number), server: Server(server.into()) })
    }
}

/// A replica, as its row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Which process.
    pub boot: Uuid,
    /// Its last beat.
    pub beat: i64,
    /// What people call it.
    pub name: String,
    /// What it had applied when it beat.
    pub snapshot: Snapshot,
    /// Of which server.
    pub server: Server,
    /// How long from a beat on it may go by what it remembers.
    pub hold: Duration,
}

impl Replica {
    /// Whether it may not yet know of the change.
    fn is_open(&self, change: &Change) -> bool {
        self.server != change.server || !self.snapshot.sees(change.transaction)
    }
}

/// How a change came to hold everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// How long after its commit.
    pub after: Duration,
    /// How many replicas have said that they know of it.
    pub acknowledged: usize,
    /// How many have not, and by now trust nothing any more that they remember from before it.
    pub lapsed: usize,
}

/// It cannot be told whether the change holds everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unconfirmed {
    /// The replicas' rows could not be read since.
    #[error("the replicas could not be asked")]
    NotAsked,
    /// They are on another server than the change was made on: it may be that it is not there.
    #[error("the database is another server by now than the one on which the change was made")]
    OtherServer,
}

/// The wait of one change.
#[derive(Debug)]
pub struct Watch {
    change: Change,
    since: Tick,
    open: Option<Vec<Duration>>,
    waited_for: BTreeSet<Uuid>,
    acknowledged: BTreeSet<Uuid>,
}

impl Watch {
    /// Begins when the commit was acknowledged.
    #[must_use]
    pub const fn begin(change: Change, since: Tick) -> Self {
        Self { change, since, open: None, waited_for: BTreeSet::new(), acknowledged: BTreeSet::new() }
    }

    /// Takes in the rows of the replicas, as a poll has read them that was sent at `sent` to the server `here`. One that was
    /// sent before the commit was acknowledged says nothing.
    pub fn see(&mut self, sent: Tick, here: &Server, rows: &[Replica]) -> Result<(), Unconfirmed> {
        if sent < self.since {
            return Ok(());
        }
        if *here != self.change.server {
            return Err(Unconfirmed::OtherServer);
        }
        let (open, known): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.is_open(&self.change));
        self.acknowledged.extend(known.iter().map(|row| row.boot));
        self.waited_for.extend(open.iter().map(|row| row.boot));
        self.open = Some(open.iter().map(|row| row.hold).collect());
        Ok(())
    }

    /// How it ended, if it has: every replica knows, or none of the others trusts what it remembers from before.
    #[must_use]
    pub fn ended(&self, now: Tick) -> Option<Effect> {
        let open = self.open.as_ref()?;
        let after = now.since(self.since);
        let is_over = open.iter().max().is_none_or(|longest| after >= *longest);
        // Whose row has gone meanwhile, because it stopped or was found dead, has not said that it knows either.
        let lapsed = self.waited_for.difference(&self.acknowledged).count();
        is_over.then_some(Effect { after, acknowledged: self.acknowledged.len(), lapsed })
    }

    /// How long it has lasted.
    #[must_use]
    pub const fn lasts(&self, now: Tick) -> Duration {
        now.since(self.since)
    }

    /// Whether the rows have been read since the commit.
    #[must_use]
    pub const fn has_seen(&self) -> bool {
        self.open.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_secs(2);

    fn here() -> Server {
        Server("a/1".into())
    }

    fn row(snapshot: &str) -> Replica {
        let (boot, snapshot) = (Uuid::from_u128(1), snapshot.parse().unwrap());
        Replica { boot, beat: 1, name: String::new(), snapshot, server: here(), hold: HOLD }
    }

    fn watch() -> Watch {
        Watch::begin(Change { transaction: Transaction(15), server: here() }, Tick::from_nanos(10))
    }

    #[test]
    fn it_ends_when_every_replica_knows() {
        let mut watch = watch();
        let soon = Tick::from_nanos(11);
        assert_eq!(watch.ended(soon), None, "nobody was asked yet");
        watch.see(Tick::from_nanos(9), &here(), &[]).unwrap();
        assert_eq!(watch.ended(soon), None, "asked before the commit was acknowledged");
        watch.see(soon, &here(), &[row("15:20:15")]).unwrap();
        assert_eq!(watch.ended(soon), None);
        // A transaction of somebody else that stays open (14) does not matter: visibility, not the horizon.
        watch.see(soon, &here(), &[row("14:20:14")]).unwrap();
        assert_eq!(watch.ended(soon), Some(Effect { after: Duration::from_nanos(1), acknowledged: 1, lapsed: 0 }));
    }

    #[test]
    fn it_ends_when_the_longest_hold_is_over() {
        let mut watch = watch();
        let longer = Replica { hold: HOLD * 2, boot: Uuid::from_u128(2), ..row("10:10:") };
        watch.see(Tick::from_nanos(11), &here(), &[row("10:10:"), longer]).unwrap();
        assert_eq!(watch.ended(Tick::from_nanos(10).after(HOLD)), None);
        let end = watch.ended(Tick::from_nanos(10).after(HOLD * 2)).unwrap();
        assert_eq!((end.acknowledged, end.lapsed), (0, 2));
    }

    #[test]
    fn who_is_gone_without_a_word_has_lapsed() {
        let mut watch = watch();
        let (soon, other) = (Tick::from_nanos(11), Replica { boot: Uuid::from_u128(2), ..row("15:20:15") });
        watch.see(soon, &here(), &[row("10:10:"), other]).unwrap();
        watch.see(soon, &here(), &[]).unwrap();
        let end = watch.ended(soon).unwrap();
        assert_eq!((end.acknowledged, end.lapsed), (0, 2));
        watch.see(soon, &here(), &[row("16:20:")]).unwrap();
        assert_eq!(watch.ended(soon).unwrap().lapsed, 1, "it has come back, and knows");
    }

    #[test]
    fn a_change_is_said_and_understood_again() {
        let said = "7301234567890123456/0000000A/748123";
        assert_eq!(said.parse::<Change>().unwrap().to_string(), said);
        for bad in ["", "1", "1/2", "a/00000001/5", "1/0001/5", "1/00000001/x", "1/00000001/", "/00000001/1"] {
            assert_eq!(bad.parse::<Change>(), Err(MalformedChange), "{bad}");
        }
    }

    #[test]
    fn a_snapshot_of_another_server_says_nothing() {
        let mut watch = watch();
        let foreign = Replica { server: Server("a/2".into()), ..row("99:99:") };
        watch.see(Tick::from_nanos(11), &here(), &[foreign]).unwrap();
        assert_eq!(watch.ended(Tick::from_nanos(12)), None);
        assert_eq!(watch.see(Tick::from_nanos(12), &Server("a/2".into()), &[]), Err(Unconfirmed::OtherServer));
    }
}
