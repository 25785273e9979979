//! What moves messages from the log to those who listen: one task of each replica, with a connection of its own.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_postgres::{Client, Notification};
use tracing::{debug, info, warn};

use super::hub::Line;
use crate::{
    db::{
        Error,
        connect::Target,
        live::{self, Place},
        messages,
        store::{OPERATOR, begin},
    },
    domain::page::Limit,
    service::{House, patience::in_time},
};

/// How often every topic that somebody listens to is looked at, whether anything was heard of it or not.
const SWEEP: Duration = Duration::from_secs(1);

/// The connection on which the replicas tell each other, while there is one.
struct Ear {
    client: Client,
    heard: UnboundedReceiver<Notification>,
    own: i32,
}

impl Ear {
    async fn open(target: &Target) -> Result<Self, Error> {
        let (client, heard) = target.as_role(OPERATOR).connect_hearing().await.map_err(unreached)?;
        let own = live::who(&client).await?;
        client.batch_execute(&format!("LISTEN {}", live::CHANNEL)).await?;
        Ok(Self { client, heard, own })
    }

    /// The next place of which another says something, or that there is nobody to hear any more.
    async fn hear(&mut self) -> Option<Place> {
        loop {
            let said = self.heard.recv().await?;
            if said.process_id() == self.own {
                continue;
            }
            if let Some(place) = live::read(said.payload()) {
                return Some(place);
            }
        }
    }
}

/// What came about.
enum News {
    /// Another replica has said so.
    Heard(Option<Place>),
    /// Something was sent here.
    Sent,
    /// It is time to look at everything.
    Sweep,
}

/// Hands out what is sent, for ever. To be spawned and aborted.
pub async fn keep_pumping(house: Arc<House>, target: Target) {
    let mut ear: Option<Ear> = None;
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut was_told, mut is_lost) = (false, false);
    loop {
        let news = tokio::select! {
            heard = hear(&mut ear) => News::Heard(heard),
            () = house.live.wake.notified() => News::Sent,
            _ = sweep.tick() => News::Sweep,
        };
        let mut places = house.live.hub.take_untold();
        if !places.is_empty() && !tell(ear.as_ref(), &places).await {
            ear = None;
        }
        match news {
            News::Heard(Some(place)) => {
                places.insert(place);
                // What else was said meanwhile is read with it.
                while let Some(said) = ear.as_mut().and_then(|ear| ear.heard.try_recv().ok()) {
                    places.extend(live::read(said.payload()));
                }
            }
            News::Heard(None) => ear = None,
            News::Sent => {}
            News::Sweep => {
                if ear.is_none() {
                    ear = Ear::open(&target).await.inspect_err(|error| told(&mut was_told, error)).ok();
                    was_told &= ear.is_none();
                }
                let found = behind(&house).boxed().await;
                if let (Err(error), false) = (&found, is_lost) {
                    warn!(%error, "what was sent cannot be looked for; it is tried again each second");
                }
                is_lost = found.is_err();
                places.extend(found.unwrap_or_default());
            }
        }
        for place in &places {
            // What could not be read is behind at the next sweep, and read then.
            if let Err(error) = read(&house, place).boxed().await {
                debug!(%error, "what was sent cannot be read now");
            }
        }
    }
}

fn unreached(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(error.to_string())
}

/// Without a connection nobody is heard.
async fn hear(ear: &mut Option<Ear>) -> Option<Place> {
    match ear {
        Some(ear) => ear.hear().await,
        None => std::future::pending().await,
    }
}

/// Once for each time that the line is down.
fn told(was_told: &mut bool, error: &Error) {
    if !std::mem::replace(was_told, true) {
        info!(%error, "the other replicas cannot be heard now: what they send comes up to a second later");
    }
}

/// Whether it could be told.
async fn tell(ear: Option<&Ear>, places: &BTreeSet<Place>) -> bool {
    let Some(ear) = ear else { return true };
    let places: Vec<Place> = places.iter().cloned().collect();
    in_time(live::tell(&ear.client, &places)).await.is_ok()
}

/// Where somebody listens, and more was sent than was handed out.
async fn behind(house: &House) -> Result<Vec<Place>, Error> {
    let heard = house.live.hub.heard();
    if heard.is_empty() {
        return Ok(Vec::new());
    }
    let ends = in_time(house.store.operate(async move |operator| live::ends(operator, &heard).await)).await?;
    let is_behind = |(place, end): &(Place, i64)| house.live.hub.from(place).is_some_and(|(_, last)| last < *end);
    Ok(ends.into_iter().filter(is_behind).map(|(place, _)| place).collect())
}

/// Reads what was sent there and not handed out yet, and hands it out.
async fn read(house: &House, place: &Place) -> Result<(), Error> {
    let limit = Limit::LIVE_FOR_ALL;
    while let Some((org, last)) = house.live.hub.from(place) {
        let (mesh, topic) = place.clone();
        let look = house.store.ask(async move |client| {
            let transaction = begin(client, org).await?;
            let found = messages::after(&transaction, org, mesh, &topic, last, limit).await?;
            transaction.commit().await?;
            Ok::<_, Error>(found)
        });
        let found = in_time(look).await?;
        let is_all = found.len() <= limit.get();
        house.live.hub.hand_out(place, found.iter().map(Line::of));
        if is_all {
            break;
        }
    }
    Ok(())
}
