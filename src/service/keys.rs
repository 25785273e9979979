//! Look at keys: one, or those that the caller covers.

use super::{Admitted, House, Refusal, authority::is_own};
use crate::{
    db::{
        Transaction,
        keys::{self, Dated},
        list::{self, Filter, Position, Sort, Within},
        meshes,
    },
    domain::{
        Capability, Key, KeyId, MeshId, Owner, TopicName,
        page::{InvalidCursor, Limit, Page, read_cursor, write_cursor},
    },
};

/// How many keys a page looks at, at most, for those that it shows. A page may be short and yet have a next.
const MOST_LOOKED_AT: usize = 5_000;
const BATCH: i64 = 201;

/// Which keys are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What the database can tell.
    pub filter: Filter,
    /// Of this mesh, by id or slug.
    pub mesh: Option<String>,
    /// Holding this.
    pub capability: Option<Capability>,
    /// Reaching this.
    pub topic: Option<TopicName>,
    /// In which order.
    pub sort: Sort,
    /// How many.
    pub limit: Limit,
    /// From where on.
    pub cursor: Option<String>,
}

/// A key, if the caller covers it or is it.
pub async fn show(house: &House, by: &Admitted, id: KeyId) -> Result<Dated, Refusal> {
    house.look(by.org(), async |transaction| seen(transaction, by, id).await).await
}

pub(super) async fn seen(transaction: &Transaction<'_>, by: &Admitted, id: KeyId) -> Result<Dated, Refusal> {
    let subject = keys::show(transaction, by.org(), id).await?.ok_or(Refusal::NotFound)?;
    if is_seen(by, &subject.key) { Ok(subject) } else { Err(Refusal::NotFound) }
}

/// Whether the caller covers the key, or is it.
pub(super) fn is_seen(by: &Admitted, key: &Key) -> bool {
    is_own(by, key) || by.rights().manages(&key.terms.grant)
}

/// The keys that are bound to the person who is signed in, and that are wanted.
pub async fn list_own(house: &House, by: &Admitted, wanted: &Wanted) -> Result<Page<Dated>, Refusal> {
    let person = by.person().ok_or(Refusal::NoPerson)?;
    let mut own = wanted.clone();
    own.filter.user = Some(person.user);
    list(house, by, &own).await
}

/// The keys that the caller covers or that are its own, and that are wanted.
pub async fn list(house: &House, by: &Admitted, wanted: &Wanted) -> Result<Page<Dated>, Refusal> {
    house.look(by.org(), async |transaction| listed(transaction, by, wanted).await).await
}

pub(super) async fn listed(
    transaction: &Transaction<'_>,
    by: &Admitted,
    wanted: &Wanted,
) -> Result<Page<Dated>, Refusal> {
    let mut filter = wanted.filter.clone();
    let named = match &wanted.mesh {
        Some(named) => Some(mesh_of(transaction, by, named).await?),
        None => None,
    };
    filter.mesh = named;
    confine(by, &mut filter);
    let bound = (by.org(), &filter, &wanted.capability, &wanted.topic, wanted.sort);
    let from = match &wanted.cursor {
        Some(cursor) => {
            let position = read_cursor(&bound, cursor)?;
            wanted.sort.takes(&position).then_some(position).ok_or(InvalidCursor)?
        }
        None => wanted.sort.start(),
    };
    let (items, next) = collect(transaction, by, wanted, &filter, from).await?;
    Ok(Page { items, next: next.map(|position| write_cursor(&bound, &position)) })
}

pub(super) async fn mesh_of(transaction: &Transaction<'_>, by: &Admitted, named: &str) -> Result<MeshId, Refusal> {
    let mesh = meshes::resolve(transaction, by.org(), named).await?;
    let mesh = mesh.filter(|mesh| by.rights().reach_into(Owner::Mesh(by.org(), mesh.id)));
    mesh.map(|mesh| mesh.id).ok_or_else(|| Refusal::invalid("mesh", "there is no such mesh in this org"))
}

/// Whether a key stands in a list of the caller's: it covers it; or it is a person's own, and that person asks.
pub(super) fn is_listed(by: &Admitted, key: &Key) -> bool {
    by.rights().manages(&key.terms.grant) || by.person().is_some() && is_own(by, key)
}

/// Confines what is asked for to what the caller may see: of others no row is read.
pub(super) fn confine(by: &Admitted, filter: &mut Filter) {
    let meshes = by.rights().manage_in();
    // One mesh has an index of its own; a person's own keys are wherever they are.
    if by.person().is_none() && meshes.as_ref().is_none_or(|meshes| !meshes.is_empty()) {
        filter.mesh = filter.mesh.or(by.rights().mesh());
    }
    let user = by.person().map(|person| person.user);
    filter.within = meshes.map(|meshes| Within { meshes, user });
}

/// Collects a page's worth of keys, and where to go on if there may be more.
pub(super) async fn collect(
    transaction: &Transaction<'_>,
    by: &Admitted,
    wanted: &Wanted,
    filter: &Filter,
    mut from: Position,
) -> Result<(Vec<Dated>, Option<Position>), Refusal> {
    let is_wanted = |key: &Key| {
        let grant = &key.terms.grant;
        is_listed(by, key)
            && wanted.capability.as_ref().is_none_or(|capability| grant.capabilities.allows(capability))
            && wanted.topic.as_ref().is_none_or(|topic| grant.topics.reaches(Some(topic)))
    };
    let (mut items, mut looked_at) = (Vec::new(), 0);
    // Where it goes on is told to the caller, and with it what the list is sorted by: only of keys that it may see.
    let mut known = None;
    // Where every page is as much work as all of them, it is done once.
    let count = if wanted.sort.is_counted() { i64::try_from(MOST_LOOKED_AT).unwrap_or(BATCH) } else { BATCH };
    while looked_at < MOST_LOOKED_AT || known.is_none() {
        let batch = list::list(transaction, by.org(), filter, wanted.sort, &from, count).await?;
        let is_last = i64::try_from(batch.len()).unwrap_or(count) < count;
        looked_at += batch.len();
        for (one, position) in batch {
            if is_wanted(&one.key) {
                if items.len() == wanted.limit.get() {
                    return Ok((items, known));
                }
                items.push(one);
                known = Some(position.clone());
            } else if is_listed(by, &one.key) {
                known = Some(position.clone());
            }
            from = position;
        }
        if is_last {
            return Ok((items, None));
        }
    }
    Ok((items, known))
}
