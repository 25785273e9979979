//! Look at the audit: an org's, or for a mesh's admin that mesh's; take it along, prove it, and take old events away.

pub mod export;
pub mod names;
pub mod offline;
pub mod retain;
pub mod verify;

use super::{Admitted, House, Refusal};
use crate::{
    db::{
        Transaction,
        audit::{self, Filter},
    },
    domain::{
        Capability, Denial, MeshId, Owner, Requirement,
        audit::Event,
        page::{Limit, Page, read_cursor},
    },
};

/// Who looks at events needs a grant that is everywhere in its owner.
pub(super) fn ensure_everywhere(by: &Admitted) -> Result<(), Refusal> {
    let is_everywhere = by.rights().own().iter().any(|grant| grant.topics.reaches(None));
    if is_everywhere { Ok(()) } else { Err(Denial::TopicOutOfScope(None).into()) }
}

/// The mesh that is named, or the one that the caller is confined to; none for the whole org. Its caller must be an admin of all of
/// that: a person may be so of one mesh, and less elsewhere.
pub(super) async fn confined_to(
    transaction: &Transaction<'_>,
    by: &Admitted,
    named: Option<&str>,
) -> Result<Option<MeshId>, Refusal> {
    let mesh = match named {
        Some(named) => Some(super::keys::mesh_of(transaction, by, named).await?),
        None => by.rights().mesh(),
    };
    let within = Owner::new(by.org(), mesh);
    by.rights().permits(&Requirement { within, capability: Capability::Admin, topic: None })?;
    Ok(mesh)
}

/// The filter, confined to the mesh that is named, or to the caller's own.
async fn confined(
    transaction: &Transaction<'_>,
    by: &Admitted,
    wanted: &Filter,
    mesh: Option<&str>,
) -> Result<Filter, Refusal> {
    let mesh = confined_to(transaction, by, mesh).await?;
    Ok(Filter { mesh, ..wanted.clone() })
}

/// The events that are wanted, the newest first.
pub async fn list(
    house: &House,
    by: &Admitted,
    wanted: &Filter,
    mesh: Option<&str>,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Event>, Refusal> {
    ensure_everywhere(by)?;
    house
        .look(by.org(), async |transaction| {
            let filter = confined(transaction, by, wanted, mesh).await?;
            let bound = ("audit", by.org(), &filter);
            let before = cursor.map(|cursor| read_cursor(&bound, cursor)).transpose()?.unwrap_or(i64::MAX);
            let rows = audit::list(transaction, by.org(), &filter, before, limit).await?;
            Ok(Page::cut(rows, limit, &bound, |event| event.seq))
        })
        .await
}

/// How many events are counted at most.
pub const MOST_COUNTED: i64 = 10_000;

/// How many events are wanted: one more than [`MOST_COUNTED`] are as good as any more.
pub async fn count(house: &House, by: &Admitted, wanted: &Filter, mesh: Option<&str>) -> Result<i64, Refusal> {
    ensure_everywhere(by)?;
    house
        .look(by.org(), async |transaction| {
            let filter = confined(transaction, by, wanted, mesh).await?;
            Ok(audit::count(transaction, by.org(), &filter, MOST_COUNTED + 1).await?)
        })
        .await
}

/// The event at this place of the chain, to an admin of the org or of the mesh that it is of.
pub async fn show(house: &House, by: &Admitted, seq: i64) -> Result<Event, Refusal> {
    ensure_everywhere(by)?;
    let behind = seq.checked_add(1).ok_or(Refusal::NotFound)?;
    let find = async |transaction: &Transaction<'_>| {
        Ok(audit::list(transaction, by.org(), &Filter::default(), behind, Limit::ONE).await?)
    };
    let found = house.look(by.org(), find).await?.into_iter().next().filter(|event| event.seq == seq);
    let event = found.ok_or(Refusal::NotFound)?;
    let within = Owner::new(by.org(), event.mesh);
    by.rights()
        .permits(&Requirement { within, capability: Capability::Admin, topic: None })
        .map_err(|_| Refusal::NotFound)?;
    Ok(event)
}

/// The mesh that is looked at where none is named: none for the whole org, or else the first of which the caller is an admin.
#[must_use]
pub fn first_mesh(by: &Admitted) -> Option<MeshId> {
    let is_admin = |within: Owner| {
        by.rights().permits(&Requirement { within, capability: Capability::Admin, topic: None }).is_ok()
    };
    let meshes = by.rights().meshes().filter(|_| !is_admin(Owner::new(by.org(), None)));
    meshes?.into_iter().find(|mesh| is_admin(Owner::new(by.org(), Some(*mesh))))
}
