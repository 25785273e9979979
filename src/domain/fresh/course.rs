//! The course of a replica's beats: what each one publishes, and when its acknowledgement gives trust.

use thiserror::Error;

use super::{Bound, Server, Snapshot, Tick, Transaction};

/// A snapshot that was applied: of what it saw, nothing older is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The server that it is of.
    pub server: Server,
}

/// A beat that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its number.
    pub number: i64,
    /// When, by the replica's own clock.
    pub at: Tick,
    /// What it publishes.
    pub publishes: Applied,
}

/// What its acknowledgement said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Whether the row was ours to write.
    pub is_ours: bool,
    /// The snapshot in which the changes were read.
    pub now: Applied,
    /// Every change of a transaction below this one may be gone from the feed.
    pub mark: Transaction,
}

/// Why all that is remembered must be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Lost {
    /// Another process writes the row of this one.
    #[error("another process uses the same boot id")]
    NotOurs,
    /// The database is another one, or was promoted.
    #[error("the database is another server than before, or on another timeline")]
    OtherServer,
    /// Transaction ids are given out again: a crash, a restore, a failover.
    #[error("the database gives out transaction ids that it gave out before")]
    WentBack,
    /// What was begun with is followed by no durable beat: a crash may have made it untrue.
    #[error("the connection was lost before the first beat")]
    Unproved,
    /// Changes that were not yet read may be gone.
    #[error("the feed no longer holds all that has changed since the last beat")]
    Pruned,
}

impl Lost {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::NotOurs, Self::OtherServer, Self::WentBack, Self::Unproved, Self::Pruned];

    /// The one spelling used in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotOurs => "not_ours",
            Self::OtherServer => "other_server",
            Self::WentBack => "went_back",
            Self::Unproved => "unproved",
            Self::Pruned => "pruned",
        }
    }
}

/// What an acknowledgement is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust {
    /// Until when what is remembered may be trusted; nothing if this beat only announces.
    pub until: Option<Tick>,
    /// Until when others wait for this replica, as far as it knows.
    pub announced: Tick,
    /// Whether to beat again at once, so that others learn what was applied, or trust can begin.
    pub is_more_to_say: bool,
}

/// The course of the beats of one process.
#[derive(Debug)]
pub struct Course {
    bound: Bound,
    number: i64,
    announced: Tick,
    applied: Applied,
    is_durable: bool,
}

impl Course {
    /// Begins with a snapshot after which everything that was remembered was forgotten, and behind the beat of this number.
    #[must_use]
    pub const fn begin(bound: Bound, number: i64, applied: Applied) -> Self {
        Self { bound, number, announced: Tick::NEVER, applied, is_durable: false }
    }

    /// Whether a new connection leads to where this course can go on. Not to another server; and not if the snapshot that
    /// was begun with has been followed by no durable beat: the server may have crashed, and give its numbers out again.
    pub fn ensure_goes_on(&self, server: &Server) -> Result<(), Lost> {
        if *server != self.applied.server {
            return Err(Lost::OtherServer);
        }
        if self.is_durable { Ok(()) } else { Err(Lost::Unproved) }
    }

    /// The next beat.
    pub fn send(&mut self, at: Tick) -> Sent {
        self.number += 1;
        Sent { number: self.number, at, publishes: self.applied.clone() }
    }

    /// Whether what a beat has read goes on from what was applied.
    pub fn ensure_follows(&self, heard: &Heard) -> Result<(), Lost> {
        let (then, now) = (&self.applied, &heard.now);
        if !heard.is_ours {
            return Err(Lost::NotOurs);
        }
        if now.server != then.server {
            return Err(Lost::OtherServer);
        }
        if now.snapshot.end() < then.snapshot.end() {
            return Err(Lost::WentBack);
        }
        if heard.mark > then.snapshot.horizon() { Err(Lost::Pruned) } else { Ok(()) }
    }

    /// Takes up what a beat has read, after it was applied. Trust is given only if the acknowledgement came before that of
    /// the beat before was over: otherwise nobody had to wait for this replica, and what it has read may lack a change
    /// whose answer was given meanwhile.
    pub fn take_up(&mut self, sent: &Sent, heard: Heard, acknowledged: Tick, had_changes: bool) -> Trust {
        let end = sent.at.after(self.bound.trust());
        let until = (acknowledged < self.announced).then_some(end);
        (self.announced, self.applied, self.is_durable) = (end, heard.now, true);
        Trust { until, announced: end, is_more_to_say: had_changes || until.is_none() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn applied(snapshot: &str) -> Applied {
        Applied { snapshot: snapshot.parse().unwrap(), server: Server("a/1".into()) }
    }

    fn heard(snapshot: &str) -> Heard {
        Heard { is_ours: true, now: applied(snapshot), mark: Transaction(0) }
    }

    fn at(millis: u64) -> Tick {
        Tick::from_nanos(millis * 1_000_000)
    }

    fn course() -> Course {
        Course::begin(Bound::new(Duration::from_secs(2), Duration::ZERO), 0, applied("10:10:"))
    }

    #[test]
    fn the_first_beat_announces_and_the_next_gives_trust() {
        let mut course = course();
        let first = course.send(at(1000));
        let trust = course.take_up(&first, heard("11:11:"), at(1001), false);
        assert_eq!(trust, Trust { until: None, announced: at(2800), is_more_to_say: true });
        let second = course.send(at(1002));
        assert_eq!(second.publishes, applied("11:11:"));
        let trust = course.take_up(&second, heard("12:12:"), at(1003), false);
        assert_eq!(trust, Trust { until: Some(at(2802)), announced: at(2802), is_more_to_say: false });
    }

    #[test]
    fn an_acknowledgement_that_comes_too_late_only_announces() {
        let mut course = course();
        let first = course.send(at(1000));
        course.take_up(&first, heard("11:11:"), at(1001), false);
        let late = course.send(at(2000));
        assert_eq!(course.take_up(&late, heard("12:12:"), at(2800), false).until, None);
        let next = course.send(at(2801));
        assert_eq!(course.take_up(&next, heard("13:13:"), at(2802), false).until, Some(at(4601)));
    }

    #[test]
    fn what_does_not_follow_is_lost() {
        let course = course();
        assert_eq!(course.ensure_follows(&heard("10:10:")), Ok(()));
        assert_eq!(course.ensure_follows(&heard("9:9:")), Err(Lost::WentBack));
        assert_eq!(course.ensure_follows(&Heard { is_ours: false, ..heard("11:11:") }), Err(Lost::NotOurs));
        assert_eq!(course.ensure_follows(&Heard { mark: Transaction(11), ..heard("11:11:") }), Err(Lost::Pruned));
        assert_eq!(course.ensure_follows(&Heard { mark: Transaction(10), ..heard("11:11:") }), Ok(()));
        let elsewhere = Applied { server: Server("a/2".into()), ..applied("11:11:") };
        assert_eq!(course.ensure_follows(&Heard { now: elsewhere, ..heard("11:11:") }), Err(Lost::OtherServer));
    }

    #[test]
    fn a_new_connection_goes_on_only_behind_a_durable_beat() {
        let mut course = course();
        let (same, other) = (Server("a/1".into()), Server("a/2".into()));
        assert_eq!(course.ensure_goes_on(&same), Err(Lost::Unproved));
        let first = course.send(at(1000));
        course.take_up(&first, heard("11:11:"), at(1001), false);
        assert_eq!(course.ensure_goes_on(&same), Ok(()));
        assert_eq!(course.ensure_goes_on(&other), Err(Lost::OtherServer));
    }
}
