//! Uses: noted in memory, written in batches. A crash loses at most one interval of them; no request waits for them.

use std::{collections::HashSet, sync::Arc, time::Duration};

use crossbeam_queue::SegQueue;
use tracing::warn;

use super::{fresh::Known, patience::in_time};
use crate::{
    db::{Error, Store, fresh::feed, idempotency, usage, usage::SecretUse},
    domain::{KeyId, key::Use},
};

/// How often uses are written.
pub const INTERVAL: Duration = Duration::from_secs(10);
/// How many secrets' uses are kept in mind; those beyond wait for their next use.
const MOST: usize = 100_000;

/// Uses that are not yet written down: those who have one, each once. Nobody who notes one waits.
#[derive(Default)]
pub struct Uses(SegQueue<Arc<Known>>);

impl Uses {
    /// Notes that this secret was used.
    pub fn note(&self, known: &Arc<Known>, used: Use) {
        if self.0.len() >= MOST && !known.has_use() {
            return;
        }
        if known.note(used) {
            self.0.push(Arc::clone(known));
        }
    }

    /// Whether a use of this key waits to be written down.
    #[must_use]
    pub fn has(&self, key: KeyId) -> bool {
        let all: Vec<_> = std::iter::from_fn(|| self.0.pop()).collect();
        let has = all.iter().any(|known| known.credential.key == key && known.has_use());
        for known in all {
            self.0.push(known);
        }
        has
    }

    fn take(&self) -> Vec<(Arc<Known>, SecretUse)> {
        let mut uses = Vec::new();
        while let Some(known) = self.0.pop() {
            if let Some(last) = known.take_use() {
                let (key, number) = (known.credential.key, known.credential.secret);
                uses.push((known, SecretUse { key, number, last }));
            }
        }
        uses.sort_unstable_by_key(|(_, one)| (one.key, one.number, one.last.at));
        uses
    }

    /// Notes them again, but for those that were used again since.
    fn put_back(&self, uses: impl Iterator<Item = (Arc<Known>, SecretUse)>) {
        for (known, one) in uses {
            if !known.has_use() {
                self.note(&known, one.last);
            }
        }
    }

    /// Writes down what was noted. What could not be written is noted again.
    pub async fn flush(&self, store: &Store) -> Result<(), Error> {
        let (known, uses): (Vec<_>, Vec<_>) = self.take().into_iter().unzip();
        if uses.is_empty() {
            return Ok(());
        }
        let written = in_time(write(store, last_of_each(&uses))).await;
        let (waiting, outcome) = match written {
            Ok(held) => (Some(held.into_iter().map(|one| one.key).collect::<HashSet<_>>()), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let is_waiting =
            |(_, one): &(Arc<Known>, SecretUse)| waiting.as_ref().is_none_or(|held| held.contains(&one.key));
        self.put_back(known.into_iter().zip(uses).filter(is_waiting));
        outcome
    }
}

/// One use of each secret, the last: it may have been noted in several places.
fn last_of_each(uses: &[SecretUse]) -> Vec<SecretUse> {
    let mut last: Vec<SecretUse> = Vec::with_capacity(uses.len());
    for one in uses {
        match last.last_mut().filter(|before| (before.key, before.number) == (one.key, one.number)) {
            Some(before) => *before = *one,
            None => last.push(*one),
        }
    }
    last
}

async fn write(store: &Store, uses: Vec<SecretUse>) -> Result<Vec<SecretUse>, Error> {
    store.operate(async |operator| usage::record(operator, uses).await).await
}

/// Writes uses, and forgets old first answers, for ever. To be spawned and aborted.
pub async fn keep_writing(house: std::sync::Arc<super::House>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = tidy(&house).await {
            warn!(%error, "uses could not be written; they will be, with the next batch");
        }
    }
}

async fn tidy(house: &super::House) -> Result<(), Error> {
    house.uses.flush(&house.store).await?;
    let tidy = async |operator: &mut deadpool_postgres::Object| {
        idempotency::forget(operator).await?;
        feed::clear(operator).await
    };
    in_time(house.store.operate(tidy)).await.map(drop)
}
