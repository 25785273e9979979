//! Uses: noted in memory, written in batches. A crash loses at most one interval of them; no request waits for them.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tracing::warn;

use super::house::in_time;
use crate::{
    db::{Error, Store, idempotency, usage, usage::SecretUse},
    domain::{Credential, KeyId, key::Use},
};

/// How often uses are written.
pub const INTERVAL: Duration = Duration::from_secs(10);
/// How many keys' uses are kept in mind; those beyond wait for their next use.
const MOST: usize = 100_000;

/// Uses that are not yet written down.
#[derive(Default)]
pub struct Uses(Mutex<HashMap<(KeyId, i32), Use>>);

impl Uses {
    /// Notes that this secret was used.
    pub fn note(&self, credential: &Credential, used: Use) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (credential.key, credential.secret);
        if noted.len() < MOST || noted.contains_key(&place) {
            noted.insert(place, used);
        }
    }

    /// Whether a use of this key waits to be written down.
    #[must_use]
    pub fn has(&self, key: KeyId) -> bool {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.keys().any(|(noted, _)| *noted == key)
    }

    fn take(&self) -> Vec<SecretUse> {
        let noted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut uses: Vec<_> = noted.into_iter().map(|((key, number), last)| SecretUse { key, number, last }).collect();
        uses.sort_unstable_by_key(|one| (one.key, one.number));
        uses
    }

    fn put_back(&self, uses: Vec<SecretUse>) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for one in uses {
            noted.entry((one.key, one.number)).or_insert(one.last);
        }
    }

    /// Writes down what was noted. What could not be written is noted again.
    pub async fn flush(&self, store: &Store) -> Result<(), Error> {
        let uses = self.take();
        if uses.is_empty() {
            return Ok(());
        }
        let written = in_time(write(store, uses.clone())).await;
        let (waiting, outcome) = match written {
            Ok(held) => (held, Ok(())),
            Err(error) => (uses, Err(error)),
        };
        self.put_back(waiting);
        outcome
    }
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
    in_time(house.store.operate(async |operator| idempotency::forget(operator).await)).await.map(drop)
}
