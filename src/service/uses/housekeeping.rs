//! What is done from time to time, without anybody asking.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use deadpool_postgres::Object;
use tracing::warn;

use super::INTERVAL;
use crate::{
    db::{
        Error, ceremonies,
        counts::{expiring::expiring, write},
        devices, ends,
        fresh::feed,
        hubs, idempotency, keys, openid, sessions, tickets, tries,
        webhooks::calls,
    },
    domain::usage::KEPT,
    service::{House, live::peers::GONE, notices, patience::in_time, policies::Watch},
};

/// Every so many intervals, once a minute, old counts are taken away, and keys that end soon are counted.
const SELDOM: u32 = 6;
/// Every so many times of these, it is looked who has to hear of keys that end.
const RARELY: u32 = 5;
/// For how long at most what is old is taken away at once.
const AT_MOST: Duration = Duration::from_secs(4);

/// Writes uses, and forgets what is old, for ever. To be spawned and aborted.
pub async fn keep_writing(house: Arc<House>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut unused = Watch::default();
    for count in (0..SELDOM * RARELY).cycle() {
        ticks.tick().await;
        let is_time = count % SELDOM == 0;
        match house.uses.flush(&house.store).await {
            Ok(()) if is_time => look(&mut unused, &house).await,
            Ok(()) => {}
            Err(error) => warn!(%error, "uses could not be written; they will be, with the next batch"),
        }
        if count == 0 {
            tell(&house).await;
        }
        if let Err(error) = tidy(&house, is_time).await {
            warn!(%error, "what is old could not be taken away; it will be, the next time");
        }
    }
}

/// Not before uses are written: what was used just now is not unused.
async fn look(unused: &mut Watch, house: &House) {
    if let Err(error) = unused.look(house).await {
        warn!(%error, "unused keys could not be disabled; they will be, the next time");
    }
}

async fn tell(house: &House) {
    if let Err(error) = notices::look(house).await {
        warn!(%error, "nobody could be told of keys that end; they will be, the next time");
    }
}

async fn tidy(house: &House, is_time: bool) -> Result<(), Error> {
    let tidy = async |operator: &mut Object| {
        idempotency::forget(operator).await?;
        feed::clear(operator).await?;
        if is_time {
            let until = Instant::now() + AT_MOST;
            house.meters.will_end(expiring(operator).await?);
            sessions::sweep(operator, house.lifetimes).await?;
            tries::sweep(operator).await?;
            ceremonies::sweep(operator).await?;
            devices::sweep(operator).await?;
            openid::sweep(operator).await?;
            while tickets::sweep(operator).await? && Instant::now() < until {}
            hubs::sweep(operator, GONE).await?;
            ends::mail::sweep(operator).await?;
            calls::sweep(operator).await?;
            let before = keys::clock(operator).await? - KEPT;
            while write::forget(operator, before).await? && Instant::now() < until {}
        }
        Ok(())
    };
    in_time(house.store.operate(tidy)).await
}
