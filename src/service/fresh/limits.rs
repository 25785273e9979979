//! Limits: what was used of the rate of each key, as this process has counted it. It is kept by key, and neither by secret nor
//! with what is remembered of the key: no rotation, edit or forgetting gives anything back.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::boot;
use crate::domain::{
    Credential, KeyId, Rate,
    fresh::Tick,
    rate::{Exceeded, Left},
};

/// How many parts the list has, so that few wait for each other.
const PARTS: usize = 64;
/// A part with fewer is never tidied.
const FEW: usize = 64;
/// The most in a part of which no key is remembered and something was used: beyond that the ones are forgotten that would be
/// at rest first.
const MOST_IN_USE: usize = 2_048;

/// The rate of a key, and what was used of it.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    rate: Rate,
    /// Up to when its uses are accounted for: [`Rate::take`].
    accounted: Arc<AtomicU64>,
}

impl Limit {
    /// Takes one use, if there is one. Nobody waits for a lock.
    pub(super) fn take(&self, now: Tick) -> Result<(), Exceeded> {
        let mut seen = self.accounted.load(Ordering::Relaxed);
        loop {
            let after = self.rate.take(Tick::from_nanos(seen), now)?;
            match self.accounted.compare_exchange_weak(seen, after.nanos(), Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(by_another) => seen = by_another,
            }
        }
    }

    /// What is left.
    pub(super) fn left(&self, now: Tick) -> Left {
        self.rate.left(self.accounted(), now)
    }

    fn accounted(&self) -> Tick {
        Tick::from_nanos(self.accounted.load(Ordering::Relaxed))
    }

    fn is_held(&self) -> bool {
        Arc::strong_count(&self.accounted) > 1
    }

    /// The same uses under another rate.
    fn carried(&self, rate: Rate, now: Tick) -> Self {
        let carry = |accounted| Some(rate.carried(Tick::from_nanos(accounted), now).nanos());
        let _ = self.accounted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, carry);
        Self { rate, accounted: Arc::clone(&self.accounted) }
    }
}

/// The limits of the keys that have one.
pub(super) struct Limits([Mutex<Part>; PARTS]);

/// Those of some keys.
struct Part {
    limits: HashMap<KeyId, Limit>,
    /// When there are so many, those at rest are forgotten.
    many: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(Part { limits: HashMap::new(), many: FEW })))
    }
}

impl Limits {
    /// The limit of this key, if it has one.
    pub(super) fn of(&self, credential: &Credential) -> Option<Limit> {
        let rate = credential.terms.rate?;
        Some(self.part(credential.key).lock().unwrap_or_else(PoisonError::into_inner).of(credential.key, rate, boot()))
    }

    /// Ids end in random bits.
    fn part(&self, key: KeyId) -> &Mutex<Part> {
        &self.0[(key.uuid().as_u128() % PARTS as u128) as usize]
    }
}

impl Part {
    fn of(&mut self, key: KeyId, rate: Rate, now: Tick) -> Limit {
        let known = self.limits.get(&key);
        if let Some(limit) = known.filter(|limit| limit.rate == rate) {
            return limit.clone();
        }
        let limit = known.map_or_else(|| Limit { rate, accounted: Arc::default() }, |limit| limit.carried(rate, now));
        if self.limits.len() >= self.many {
            self.tidy(now);
        }
        self.limits.insert(key, limit.clone());
        limit
    }

    /// Forgets those at rest, of which there is nothing to know; and too many others only where no key is remembered that
    /// counts by them.
    fn tidy(&mut self, now: Tick) {
        self.limits.retain(|_, limit| limit.is_held() || limit.accounted() > now);
        let loose = self.limits.iter().filter(|(_, limit)| !limit.is_held());
        let mut loose: Vec<_> = loose.map(|(key, limit)| (limit.accounted(), *key)).collect();
        if let Some(too_many) = loose.len().checked_sub(MOST_IN_USE) {
            loose.sort_unstable();
            for (_, key) in &loose[..too_many] {
                self.limits.remove(key);
            }
        }
        self.many = (2 * self.limits.len()).max(FEW);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn part() -> Part {
        Part { limits: HashMap::new(), many: FEW }
    }

    const NOW: Tick = Tick::from_nanos(1_000_000_000);

    #[test]
    fn many_at_once_get_exactly_the_burst() {
        let limit = part().of(KeyId::new(), rate("1/m:1000"), NOW);
        let passed = || (0..2_000).filter(|_| limit.take(NOW).is_ok()).count();
        let passed: usize = thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(passed)).collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(passed, 1_000);
    }

    #[test]
    fn a_key_has_one_limit_whoever_asks_and_another_rate_takes_over_what_was_used() {
        let (mut part, key) = (part(), KeyId::new());
        let (one, other) = (part.of(key, rate("60/m:2"), NOW), part.of(key, rate("60/m:2"), NOW));
        assert!(one.take(NOW).is_ok() && other.take(NOW).is_ok());
        assert!(one.take(NOW).is_err() && other.take(NOW).is_err());
        assert!(part.of(key, rate("60/m:1"), NOW).take(NOW).is_err());
        let wider = part.of(key, rate("60/m:3"), NOW);
        // Of the three seconds that it may lie ahead, one was given up for the narrow one.
        assert_eq!(wider.left(NOW).remaining, 2);
        // Who still counts by the old rate counts for the new one too.
        assert!(one.take(NOW).is_ok());
        assert_eq!(wider.left(NOW).remaining, 1);
    }

    #[test]
    fn of_a_million_keys_few_are_kept_and_of_those_in_use_the_ones_that_are_so_for_longest() {
        let mut part = part();
        for _ in 0..1_000_000 {
            part.of(KeyId::new(), rate("60/m:60"), NOW);
        }
        assert!(part.limits.len() <= 2 * FEW, "{} at rest are kept", part.limits.len());
        let long = KeyId::new();
        let limit = part.of(long, rate("1/m:1"), NOW);
        limit.take(NOW).unwrap();
        drop(limit);
        for _ in 0..100_000 {
            part.of(KeyId::new(), rate("60/m:60"), NOW).take(NOW).unwrap();
        }
        assert!(part.limits.len() <= 2 * MOST_IN_USE, "{} in use are kept", part.limits.len());
        assert!(part.of(long, rate("1/m:1"), NOW).take(NOW).is_err());
    }

    #[test]
    fn what_a_remembered_key_counts_by_is_never_forgotten() {
        let (mut part, key) = (part(), KeyId::new());
        let limit = part.of(key, rate("60/m:1"), NOW);
        let later = Tick::from_nanos(3_600_000_000_000);
        for _ in 0..10_000 {
            part.of(KeyId::new(), rate("60/m:1"), later);
        }
        limit.take(later).unwrap();
        assert!(part.of(key, rate("60/m:1"), later).take(later).is_err());
    }
}
