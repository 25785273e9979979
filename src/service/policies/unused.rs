//! Disable keys that were not used for as long as their policy lets them be.
//!
//! Uses are counted in memory and written in batches, by every replica for itself. So a key is disabled when it is found unused
//! twice, with time between for all that was noted before the first look to be written down.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use time::OffsetDateTime;
use tracing::info;

use crate::{
    db::{
        self, audit,
        fresh::feed,
        keys,
        unused::{self, Unused},
    },
    domain::{
        KeyId, OrgId,
        audit::{Action, Actor, Trail},
    },
    service::{House, Refusal, patience::in_time, record::changed, uses::INTERVAL},
};

/// How many keys one look finds.
const MOST: i64 = 200;

/// When a key was first found unused, and its last use that was written down then.
type Seen = (Instant, Option<OffsetDateTime>);

/// Who looks for unused keys from time to time.
#[derive(Debug)]
pub struct Watch {
    seen: HashMap<KeyId, Seen>,
    settle: Duration,
}

impl Default for Watch {
    fn default() -> Self {
        Self::new(3 * INTERVAL)
    }
}

impl Watch {
    /// One that disables a key when it is found unused a second time, so long after the first.
    #[must_use]
    pub fn new(settle: Duration) -> Self {
        Self { seen: HashMap::new(), settle }
    }

    /// Looks for unused keys, and disables those that were found before. Answers how many.
    pub async fn look(&mut self, house: &House) -> Result<usize, Refusal> {
        let found: Vec<Unused> =
            in_time(house.store.operate(async |operator| unused::unused(operator, MOST).await)).await?;
        let now = Instant::now();
        let before = std::mem::take(&mut self.seen);
        let mut ripe: HashMap<OrgId, Vec<KeyId>> = HashMap::new();
        for one in found {
            let first = before.get(&one.key).filter(|(_, used)| *used == one.last_used_at);
            let since = first.map_or(now, |(since, _)| *since);
            if first.is_some() && now.duration_since(since) >= self.settle && !house.uses.has(one.key) {
                ripe.entry(one.org).or_default().push(one.key);
            }
            self.seen.insert(one.key, (since, one.last_used_at));
        }
        let mut disabled = 0;
        for (org, keys) in ripe {
            disabled += disable(house, org, &keys).await?;
        }
        house.meters.disabled_unused(disabled);
        Ok(disabled)
    }
}

/// Disables those of these keys of an org that are unused still, and waits until no replica accepts them.
async fn disable(house: &House, org: OrgId, keys: &[KeyId]) -> Result<usize, Refusal> {
    let work = house.store.operate(async |operator| {
        let transaction = operator.transaction().await.map_err(db::Error::from)?;
        let taken = unused::take(&transaction, org, keys).await?;
        let before = keys::many(&transaction, org, &taken).await?;
        if before.is_empty() {
            return Ok((0, None));
        }
        unused::disable(&transaction, org, &taken).await?;
        let after = keys::many(&transaction, org, &taken).await?;
        let pairs = before.iter().zip(&after);
        let events = pairs.map(|(before, after)| changed(Action::KeyDisabled, &before.key, &after.key)).collect();
        let head = audit::head(&transaction, org).await?;
        audit::append(&transaction, head, Actor::System, &Trail::default(), events).await?;
        let change = feed::here(&transaction).await?;
        transaction.commit().await.map_err(db::Error::from)?;
        Ok::<_, Refusal>((after.len(), Some(change)))
    });
    let (count, change) = in_time(work).await?;
    if let Some(change) = change {
        info!(%org, keys = count, "keys that were not used for long were disabled, as the policy says");
        house.hold(change).await?;
    }
    Ok(count)
}
