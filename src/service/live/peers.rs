//! Who is connected to a mesh: told by each replica of itself once a second where it has changed, and read by whoever may.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::debug;

use crate::{
    db::{
        Error, called, hubs,
        peers::{self, Connected},
    },
    domain::{
        KeyId, Owner, Title, UserId,
        page::{Limit, Page, read_cursor, write_cursor},
        peer::{Following, Peer, PeerKey, PeerUser},
    },
    service::{Admitted, House, Refusal, patience::in_time},
};

/// How often it is looked whether there is something to tell.
const LOOK: Duration = Duration::from_secs(1);
/// How often a replica that has somebody says at least that it is there.
const BEAT: Duration = Duration::from_secs(5);
/// For how long after that it is believed, in seconds.
const BELIEVED: f64 = 20.0;
/// After how many seconds what it said is taken away.
pub(in crate::service) const GONE: f64 = 60.0;

/// Tells who is connected here, for ever. To be spawned and aborted.
pub async fn keep_telling(house: Arc<House>) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told: Option<Instant> = None;
    loop {
        looks.tick().await;
        let is_due = told.is_some_and(|told| told.elapsed() >= BEAT);
        // Where nobody is, and nobody was, there is nothing to say.
        if told.is_none() && house.live.places.taken() == 0 {
            continue;
        }
        match tell(&house, told.is_some(), is_due).await {
            Ok(None) => {}
            Ok(Some(all)) => told = (all > 0).then(Instant::now),
            Err(error) => {
                debug!(%error, "who is connected could not be told; it is tried again each second");
                told = None;
            }
        }
    }
}

/// Tells what is new, and how many are connected by that, if anything was said. Where nothing is known of this replica, or not any more, all of it is told.
async fn tell(house: &Arc<House>, is_known: bool, is_due: bool) -> Result<Option<usize>, Error> {
    let changes = house.live.places.changes();
    if is_known && !is_due && changes.taken.is_empty() && changes.left.is_empty() {
        return Ok(None);
    }
    let here = Arc::clone(house);
    let telling = house.store.operate(async move |operator| {
        let (transaction, hub) = (operator.transaction().await?, here.live.hub_id);
        let news = if is_known && hubs::beat(&transaction, hub).await? {
            changes
        } else {
            hubs::come(&transaction, hub).await?;
            here.live.places.everything()
        };
        hubs::say(&transaction, hub, &news.taken, &news.left).await?;
        transaction.commit().await?;
        Ok::<_, Error>(Some(news.all))
    });
    in_time(telling).await
}

/// This replica has nobody any more.
pub async fn leave(house: &House) -> Result<(), Error> {
    let hub = house.live.hub_id;
    in_time(house.store.operate(async move |operator| hubs::leave(operator, hub).await)).await
}

/// Who is connected to the mesh of the request, as far as the caller reaches what they follow: by the ids of their keys.
pub async fn list(house: &House, by: &Admitted, limit: Limit, cursor: Option<&str>) -> Result<Page<Peer>, Refusal> {
    let place = (by.org(), by.mesh_id()?);
    let within = Owner::Mesh(place.0, place.1);
    let bound = ("peers", place.0, place.1);
    let start: Option<KeyId> = cursor.map(|cursor| read_cursor(&bound, cursor)).transpose()?;
    let is_everywhere = by.rights().is_everywhere_in(within);
    house
        .look(place.0, async |transaction| {
            let mut reached = None;
            if !is_everywhere {
                let mut topics = peers::topics(transaction, place).await?;
                topics.retain(|topic| by.rights().reach(within, topic));
                reached = Some(topics);
            }
            let after = start.unwrap_or_else(|| KeyId::from(uuid::Uuid::nil()));
            let range = peers::Range { after, limit, reached: reached.as_deref(), within: BELIEVED };
            let rows = peers::list(transaction, place, &range).await?;
            let users: Vec<UserId> = rows.iter().filter_map(|row| row.user).collect();
            let names = called::people(transaction, place.0, &users).await?;
            let of_each = rows.chunk_by(|one, next| one.key == next.key);
            let mut items: Vec<Peer> = of_each.filter_map(|rows| peer(rows, is_everywhere, &names)).collect();
            let is_more = items.len() > limit.get();
            items.truncate(limit.get());
            let next = items.last().filter(|_| is_more).map(|last| write_cursor(&bound, &last.key.id));
            Ok(Page { items, next })
        })
        .await
}

/// What is told of a key; how many sockets it has, to those alone who reach everything.
fn peer(rows: &[Connected], is_everywhere: bool, names: &HashMap<UserId, Title>) -> Option<Peer> {
    let first = rows.first()?;
    let topics = rows.iter().filter_map(|row| {
        let topic = row.topic.clone()?;
        Some(Following { topic, streams: row.streams, sockets: row.sockets })
    });
    let sockets = rows.iter().find(|row| row.topic.is_none()).map_or(0, |row| row.sockets);
    Some(Peer {
        key: PeerKey { id: first.key, label: first.label.clone() },
        user: first.user.and_then(|id| Some(PeerUser { id, name: names.get(&id)?.clone() })),
        since: rows.iter().map(|row| row.since).min()?,
        sockets: is_everywhere.then_some(sockets),
        topics: topics.collect(),
    })
}
