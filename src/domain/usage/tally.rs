//! The counts of one secret since they were last written down. What was counted before is found by a look through a short
//! list, and costs one addition.

use std::net::IpAddr;

use time::OffsetDateTime;

use super::{Counted, Door, OK, hour_of};
use crate::domain::{capability::Capability, key::Use, topic::TopicName};

/// How many lines are told apart between two writings.
const MOST_LINES: usize = 64;
/// How many addresses.
const MOST_ORIGINS: usize = 50;
/// How many denials of a key are kept, the latest.
pub const MOST_DENIALS: usize = 20;

/// A decision about a key.
#[derive(Debug, Clone, Copy)]
pub struct Happening<'a> {
    /// Where it was made.
    pub door: Door,
    /// What was wanted, if anything was said.
    pub capability: Option<&'a Capability>,
    /// On which topic.
    pub topic: Option<&'a TopicName>,
    /// When and from where.
    pub used: Use,
    /// The code of the denial; none where it was allowed.
    pub denial: Option<&'static str>,
    /// Whether it counts.
    pub counts: bool,
}

/// How often one thing came of one wish in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The number of the hour since 1970.
    pub hour: i64,
    /// What was wanted.
    pub capability: Counted<Capability>,
    /// On which topic.
    pub topic: Counted<TopicName>,
    /// [`OK`], or the code of the denial.
    pub outcome: &'static str,
    /// How often.
    pub count: u64,
}

/// How often somebody came from there in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The number of the hour since 1970.
    pub hour: i64,
    /// From where.
    pub address: Counted<IpAddr>,
    /// How often that was allowed.
    pub allowed: u64,
    /// How often it was denied.
    pub denied: u64,
}

/// What was denied, once or again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where.
    pub door: Door,
    /// Why.
    pub code: &'static str,
    /// What was wanted.
    pub capability: Option<Capability>,
    /// On which topic.
    pub topic: Option<TopicName>,
    /// From where.
    pub address: Option<IpAddr>,
    /// When for the first time.
    pub first_at: OffsetDateTime,
    /// When for the last time.
    pub at: OffsetDateTime,
    /// How often.
    pub count: u64,
}

impl Refused {
    fn is(&self, what: &Happening<'_>, code: &str) -> bool {
        (self.door, self.code, self.address) == (what.door, code, what.used.from)
            && (self.capability.as_ref(), self.topic.as_ref()) == (what.capability, what.topic)
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.door, self.code, self.address) == (other.door, other.code, other.address)
            && (&self.capability, &self.topic) == (&other.capability, &other.topic)
    }
}

/// The counts of one secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Its last use.
    pub last: Option<Use>,
    /// What it was used for.
    pub lines: Vec<Line>,
    /// From where.
    pub origins: Vec<Origin>,
    /// What was denied lately.
    pub denials: Vec<Refused>,
}

impl Tally {
    /// Counts a decision. A key is used by what is allowed; a dry run is a use, and does not count.
    pub fn add(&mut self, what: &Happening<'_>) {
        if what.denial.is_none() {
            self.used(what.used);
        }
        if !what.counts {
            return;
        }
        let (hour, outcome) = (hour_of(what.used.at), what.denial.unwrap_or(OK));
        self.add_line(hour, what.capability.into(), what.topic.into(), outcome, 1);
        let (allowed, denied) = if what.denial.is_none() { (1, 0) } else { (0, 1) };
        self.add_origin(hour, what.used.from.into(), allowed, denied);
        if let Some(code) = what.denial {
            self.deny(what, code);
        }
    }

    /// Adds what was counted elsewhere, or could not be written down.
    pub fn merge(&mut self, other: Self) {
        if let Some(last) = other.last {
            self.used(last);
        }
        for line in other.lines {
            self.add_line(line.hour, line.capability.as_ref(), line.topic.as_ref(), line.outcome, line.count);
        }
        for origin in other.origins {
            self.add_origin(origin.hour, origin.address, origin.allowed, origin.denied);
        }
        for denial in other.denials {
            match self.denials.iter_mut().find(|known| known.is_like(&denial)) {
                Some(known) => {
                    known.first_at = known.first_at.min(denial.first_at);
                    known.at = known.at.max(denial.at);
                    known.count += denial.count;
                }
                None => self.keep(denial),
            }
        }
    }

    /// How many decisions were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.lines.iter().map(|line| line.count).sum()
    }

    fn used(&mut self, used: Use) {
        if self.last.is_none_or(|last| last.at <= used.at) {
            self.last = Some(used);
        }
    }

    fn add_line(
        &mut self,
        hour: i64,
        capability: Counted<&Capability>,
        topic: Counted<&TopicName>,
        outcome: &'static str,
        count: u64,
    ) {
        let is_it = |line: &&mut Line| {
            (line.hour, line.outcome) == (hour, outcome)
                && (line.capability.as_ref(), line.topic.as_ref()) == (capability, topic)
        };
        if let Some(line) = self.lines.iter_mut().find(is_it) {
            line.count += count;
        } else if self.lines.len() < MOST_LINES || capability == Counted::Others {
            let (capability, topic) = (capability.cloned(), topic.cloned());
            append(&mut self.lines, Line { hour, capability, topic, outcome, count });
        } else {
            self.add_line(hour, Counted::Others, Counted::Others, outcome, count);
        }
    }

    fn add_origin(&mut self, hour: i64, address: Counted<IpAddr>, allowed: u64, denied: u64) {
        let is_it = |origin: &&mut Origin| (origin.hour, origin.address) == (hour, address);
        if let Some(origin) = self.origins.iter_mut().find(is_it) {
            origin.allowed += allowed;
            origin.denied += denied;
        } else if self.origins.len() < MOST_ORIGINS || address == Counted::Others {
            append(&mut self.origins, Origin { hour, address, allowed, denied });
        } else {
            self.add_origin(hour, Counted::Others, allowed, denied);
        }
    }

    fn deny(&mut self, what: &Happening<'_>, code: &'static str) {
        let Use { at, from: address } = what.used;
        if let Some(known) = self.denials.iter_mut().find(|known| known.is(what, code)) {
            known.at = known.at.max(at);
            known.count += 1;
        } else {
            let (capability, topic) = (what.capability.cloned(), what.topic.cloned());
            self.keep(Refused { door: what.door, code, capability, topic, address, first_at: at, at, count: 1 });
        }
    }

    /// Keeps a denial, in place of the oldest where there are too many.
    fn keep(&mut self, denial: Refused) {
        if self.denials.len() < MOST_DENIALS {
            append(&mut self.denials, denial);
            return;
        }
        let oldest = self.denials.iter_mut().min_by_key(|known| known.at);
        if let Some(oldest) = oldest.filter(|oldest| oldest.at <= denial.at) {
            *oldest = denial;
        }
    }
}

/// Most keys do one thing, from one place: what is more than that takes room when it comes.
fn append<T>(list: &mut Vec<T>, item: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(item);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000 + second).unwrap()
    }

    /// So many decisions: on which topic, from which address, when, and whether it was allowed.
    fn decisions() -> impl Strategy<Value = Vec<(u8, u8, i64, bool)>> {
        prop::collection::vec((any::<u8>(), any::<u8>(), 0_i64..9000, any::<bool>()), 0..400)
    }

    fn tally(decisions: &[(u8, u8, i64, bool)]) -> Tally {
        let mut tally = Tally::default();
        for (topic, address, second, allowed) in decisions {
            let topic: TopicName = format!("t{topic}").parse().unwrap();
            let used = Use { at: at(*second), from: Some(IpAddr::from([192, 0, 2, *address])) };
            let denial = (!allowed).then_some("revoked");
            let (capability, topic) = (Some(&Capability::Send), Some(&topic));
            tally.add(&Happening { door: Door::Verify, capability, topic, used, denial, counts: true });
        }
        tally
    }

    /// Allowed and denied, by the lines and by the addresses.
    fn sums(tally: &Tally) -> [(u64, u64); 2] {
        let of = |is_ok: bool| {
            tally.lines.iter().filter(|line| (line.outcome == OK) == is_ok).map(|line| line.count).sum::<u64>()
        };
        let origins = tally.origins.iter();
        [(of(true), of(false)), origins.fold((0, 0), |sum, one| (sum.0 + one.allowed, sum.1 + one.denied))]
    }

    proptest! {
        /// Whatever comes, each decision is counted once by everything, in a list that does not grow beyond its bound.
        #[test]
        fn nothing_is_lost_and_nothing_is_counted_twice(decisions in decisions(), cut in 0_usize..400) {
            let cut = cut.min(decisions.len());
            let allowed = decisions.iter().filter(|one| one.3).count() as u64;
            let all = (allowed, decisions.len() as u64 - allowed);
            let whole = tally(&decisions);
            prop_assert_eq!(sums(&whole), [all, all]);
            let mut merged = tally(&decisions[cut..]);
            merged.merge(tally(&decisions[..cut]));
            prop_assert_eq!(sums(&merged), [all, all]);
            prop_assert_eq!(merged.last.map(|last| last.at), whole.last.map(|last| last.at));
            // Those not told apart are a line for each outcome and hour.
            prop_assert!(merged.lines.len() <= MOST_LINES + 6 && merged.origins.len() <= MOST_ORIGINS + 3);
            prop_assert!(merged.denials.len() <= MOST_DENIALS);
        }
    }

    #[test]
    fn a_try_is_a_use_that_does_not_count() {
        let mut tally = Tally::default();
        let used = Use { at: at(0), from: None };
        let what = Happening { door: Door::Guard, capability: None, topic: None, used, denial: None, counts: false };
        tally.add(&what);
        assert_eq!((tally.last, tally.count(), tally.origins.len()), (Some(used), 0, 0));
    }

    #[test]
    fn of_too_many_denials_the_latest_are_kept() {
        let decisions: Vec<_> = (0..30).map(|number| (number, 1, i64::from(number), false)).collect();
        let kept = tally(&decisions).denials;
        assert_eq!(kept.len(), MOST_DENIALS);
        assert!(kept.iter().all(|denial| denial.at >= at(10)), "{kept:?}");
    }
}
