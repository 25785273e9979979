//! Uses: noted in memory, written in batches. A crash loses at most one interval of them; no request waits for them.

mod housekeeping;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crossbeam_queue::SegQueue;

use super::{
    fresh::{Known, Noted, boot},
    meters::Meters,
    patience::in_time,
};
use crate::{
    db::{Error, Store, counts::write, usage, usage::SecretUse},
    domain::{
        KeyId,
        fresh::Tick,
        usage::{Happening, Tally},
    },
};

pub use housekeeping::keep_writing;

/// How often uses are written.
pub const INTERVAL: Duration = Duration::from_secs(10);
/// How many secrets' uses are kept in mind; those beyond are lost, and told of by a metric.
const MOST: usize = 100_000;
/// About how many rows are written in one transaction: others wait for it.
const BATCH: usize = 5_000;

/// A secret, and what was noted of it.
pub(super) type OfSecret = (Arc<Known>, Box<Tally>);

/// Uses that are not yet written down: those who have one, each once. Nobody who notes one waits.
pub struct Uses {
    noted: SegQueue<Arc<Known>>,
    /// What came while somebody else was noting of the same secret.
    beside: SegQueue<OfSecret>,
    /// Everything that was noted before this was written down.
    complete_to: AtomicU64,
    /// Held by who writes, so that who stops the service waits for it.
    turn: tokio::sync::Mutex<()>,
    meters: Arc<Meters>,
}

impl Uses {
    /// None yet.
    #[must_use]
    pub fn new(meters: Arc<Meters>) -> Self {
        let complete_to = AtomicU64::new(boot().nanos());
        Self {
            noted: SegQueue::new(),
            beside: SegQueue::new(),
            complete_to,
            turn: tokio::sync::Mutex::default(),
            meters,
        }
    }

    /// Notes a decision over the holder of this secret.
    pub fn note(&self, known: &Arc<Known>, what: &Happening<'_>) {
        if self.noted.len() >= MOST && !known.has_noted() {
            self.meters.uses_dropped(u64::from(what.counts));
            return;
        }
        match known.note(what) {
            Noted::First => self.noted.push(Arc::clone(known)),
            Noted::Again => {}
            Noted::Busy => {
                let mut tally = Box::<Tally>::default();
                tally.add(what);
                self.note_beside(known, tally);
            }
        }
    }

    /// There is room for more than ever comes at once. Where there is none, one waits for a look through a short list.
    fn note_beside(&self, known: &Arc<Known>, tally: Box<Tally>) {
        if self.beside.len() < MOST {
            self.beside.push((Arc::clone(known), tally));
        } else {
            self.note_all(known, tally);
        }
    }

    fn note_all(&self, known: &Arc<Known>, tally: Box<Tally>) {
        if known.note_all(tally) == Noted::First {
            self.noted.push(Arc::clone(known));
        }
    }

    fn gather(&self) {
        // What is pushed meanwhile is for the next time.
        for _ in 0..self.beside.len() {
            let Some((known, tally)) = self.beside.pop() else { break };
            self.note_all(&known, tally);
        }
    }

    /// Whether a use of this key waits to be written down.
    #[must_use]
    pub fn has(&self, key: KeyId) -> bool {
        self.gather();
        let all: Vec<_> = std::iter::from_fn(|| self.noted.pop()).collect();
        let has = all.iter().any(|known| known.credential.key == key && known.has_use());
        for known in all {
            self.noted.push(known);
        }
        has
    }

    /// Since when what is noted may not be written down yet: no more than this long ago, or the interval if that is longer.
    #[must_use]
    pub fn age(&self) -> Duration {
        boot().since(Tick::from_nanos(self.complete_to.load(Ordering::Acquire))).max(INTERVAL)
    }

    pub(super) fn take(&self) -> Vec<OfSecret> {
        self.gather();
        let mut taken = Vec::new();
        while let Some(known) = self.noted.pop() {
            if let Some(tally) = known.take_noted() {
                taken.push((known, tally));
            }
        }
        taken.sort_unstable_by_key(|(known, tally)| {
            (known.credential.key, known.credential.secret, tally.last.map(|last| last.at))
        });
        taken
    }

    fn put_back(&self, taken: impl IntoIterator<Item = OfSecret>) {
        for (known, tally) in taken {
            self.note_all(&known, tally);
        }
    }

    /// Writes down what was noted. What could not be written is noted again.
    pub async fn flush(&self, store: &Store) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let begun = boot();
        let mut taken = self.take();
        if let Err(error) = self.write_last(store, &mut taken).await {
            self.put_back(taken);
            self.meters.uses_failed();
            return Err(error);
        }
        while !taken.is_empty() {
            let batch: Vec<OfSecret> = taken.drain(..batch_of(&taken)).collect();
            if let Err(error) = in_time(write_counts(store, &batch)).await {
                self.put_back(batch.into_iter().chain(taken));
                self.meters.uses_failed();
                return Err(error);
            }
            self.meters.uses_written(batch.iter().map(|(_, tally)| tally.count()).sum());
        }
        self.complete_to.store(begun.nanos(), Ordering::Release);
        Ok(())
    }

    /// Writes the last uses, and takes them out of what is still to be written. Those of keys that a change holds wait.
    async fn write_last(&self, store: &Store, taken: &mut [OfSecret]) -> Result<(), Error> {
        let mut held = HashSet::<KeyId>::new();
        for uses in last_of_each(taken).chunks(BATCH) {
            let write = store.operate(async |operator| usage::record(operator, uses.to_vec()).await);
            held.extend(in_time(write).await?.into_iter().map(|one| one.key));
        }
        for (known, tally) in taken {
            let last = tally.last.take().filter(|_| held.contains(&known.credential.key));
            if last.is_some() {
                self.note_all(known, Box::new(Tally { last, ..Tally::default() }));
            }
        }
        Ok(())
    }
}

/// How many of them are a batch.
fn batch_of(taken: &[OfSecret]) -> usize {
    let mut rows = 0;
    let is_within = |(_, tally): &&OfSecret| {
        rows += tally.lines.len() + tally.origins.len() + tally.denials.len();
        rows <= BATCH
    };
    taken.iter().take_while(is_within).count().max(1)
}

/// One use of each secret, the last: it may have been noted in several places.
fn last_of_each(taken: &[OfSecret]) -> Vec<SecretUse> {
    let mut uses: Vec<SecretUse> = Vec::with_capacity(taken.len());
    for (known, tally) in taken {
        let (key, number) = (known.credential.key, known.credential.secret);
        let Some(last) = tally.last else { continue };
        match uses.last_mut().filter(|before| (before.key, before.number) == (key, number)) {
            Some(before) => before.last = last,
            None => uses.push(SecretUse { key, number, last }),
        }
    }
    uses
}

async fn write_counts(store: &Store, batch: &[OfSecret]) -> Result<(), Error> {
    let counts: Vec<_> = batch.iter().filter(|(_, tally)| tally.count() > 0).map(counted).collect();
    if counts.is_empty() {
        return Ok(());
    }
    store.operate(async |operator| write::add(operator, &counts).await).await
}

fn counted((known, tally): &OfSecret) -> write::Of<'_> {
    (known.credential.terms.grant.owner.org(), known.credential.key, tally)
}
