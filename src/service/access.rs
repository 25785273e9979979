//! Access: which keys may do what on one topic, and through what.

use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{Admitted, House, Refusal, bound::People};
use crate::{
    db::{Transaction, access as db, access::Within, keys::Dated, topics},
    domain::{
        Capability, KeyId, Moment, Owner, Rights, Status, TopicName,
        access::{Access, access},
        page::{Limit, Page, read_cursor, write_cursor},
    },
};

/// How many keys a page looks at, at most, for those that it shows. A page may be short and yet have a next.
const MOST_LOOKED_AT: usize = 5_000;
const BATCH: i64 = 201;
/// After every key that there is.
const LAST: OffsetDateTime = datetime!(9999-12-31 23:59:59.999_999 UTC);
/// The keys that are told of where nothing is said: those that could be used, now or once they are enabled.
const ALIVE: [Status; 3] = [Status::Disabled, Status::Rotating, Status::Active];

/// What is wanted.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Only keys that may do this there.
    pub capability: Option<Capability>,
    /// Only keys with one of these statuses.
    pub status: Option<Vec<Status>>,
    /// How many.
    pub limit: Limit,
    /// From where on.
    pub cursor: Option<String>,
}

/// The keys that reach a topic.
#[derive(Debug)]
pub struct Reaching {
    /// A page of them.
    pub page: Page<(Dated, Access)>,
    /// Whether the caller covers every key that there could be, so that none is missing.
    pub complete: bool,
}

/// The keys that the caller covers and that reach the topic of the request, the newest first.
pub async fn list(house: &House, by: &Admitted, wanted: &Wanted) -> Result<Reaching, Refusal> {
    let (mesh, topic) = (by.mesh_id()?, by.topic()?);
    if let Some(capability) = &wanted.capability {
        house.ensure_known(by.org(), capability, || "capability".to_owned()).await?;
    }
    let status = wanted.status.clone().unwrap_or(ALIVE.to_vec());
    let bound = ("access", by.org(), mesh, topic, &wanted.capability, &status);
    let start = (Moment::from(LAST), KeyId::from(Uuid::max()));
    let from = wanted.cursor.as_deref().map(|cursor| read_cursor(&bound, cursor)).transpose()?.unwrap_or(start);
    let (items, next) = house
        .look(by.org(), async |transaction| {
            topics::show(transaction, by.org(), mesh, topic).await?.ok_or(Refusal::NotFound)?;
            collect(transaction, by, wanted, &status, from).await
        })
        .await?;
    let complete = by.rights().is_whole(by.org());
    Ok(Reaching { page: Page { items, next: next.map(|position| write_cursor(&bound, &position)) }, complete })
}

/// Where a key stands in the list.
type Position = (Moment, KeyId);

/// What the caller is told of a key that has these rights.
fn told(by: &Admitted, wanted: &Wanted, within: Owner, topic: &TopicName, rights: Rights<'_>) -> Option<Access> {
    let is_covered = rights.own().iter().all(|grant| by.rights().manages(grant));
    let is_wanted =
        |access: &Access| wanted.capability.as_ref().is_none_or(|capability| access.may.contains(capability));
    is_covered.then(|| access(rights, within, topic)).flatten().filter(is_wanted)
}

/// Collects a page's worth of keys, and where to go on if there may be more.
async fn collect(
    transaction: &Transaction<'_>,
    by: &Admitted,
    wanted: &Wanted,
    status: &[Status],
    mut from: Position,
) -> Result<(Vec<(Dated, Access)>, Option<Position>), Refusal> {
    let (place, topic) = ((by.org(), by.mesh_id()?), by.topic()?);
    let within = Within { place, with_the_orgs: by.rights().mesh().is_none(), reaching: Some(topic) };
    let (mut items, mut looked_at) = (Vec::new(), 0);
    // Where it goes on is told to the caller: only of keys that it covers.
    let mut known = None;
    while looked_at < MOST_LOOKED_AT || known.is_none() {
        let batch = db::keys(transaction, &within, status, (from.0.get(), from.1), BATCH).await?;
        let is_last = i64::try_from(batch.len()).unwrap_or(BATCH) < BATCH;
        looked_at += batch.len();
        let people = People::of(transaction, by.org(), &batch).await?;
        for one in batch {
            let position = (Moment::from(one.key.created_at), one.key.id);
            let is_known = by.rights().manages(&one.key.terms.grant);
            if let Some(access) = told(by, wanted, Owner::Mesh(place.0, place.1), topic, people.rights(&one.key)) {
                if items.len() == wanted.limit.get() {
                    return Ok((items, known));
                }
                items.push((one, access));
            }
            from = position;
            known = Some(position).filter(|_| is_known).or(known);
        }
        if is_last {
            return Ok((items, None));
        }
    }
    Ok((items, known))
}
