//! Meshes: make, list, show, rename, archive.

use uuid::Uuid;

use super::{
    Admitted, Conflict, Done, House, IfMatch, Kept, Once, Refusal, authority,
    effect::Takes,
    house::{Mode, record},
    record::{changed, made},
};
use crate::{
    db::{self, idempotency::Request, meshes},
    domain::{
        Mesh, MeshId, Moment, Slug, Title,
        audit::Action,
        page::{Limit, Page, read_cursor},
    },
};

/// Makes a mesh in the caller's org.
pub async fn create(
    house: &House,
    by: &Admitted,
    slug: &Slug,
    name: &Title,
    request: Option<&Request>,
    keep: &dyn Fn(&Mesh) -> Kept,
) -> Result<Once<Mesh>, Refusal> {
    house
        .once(by, Mode::Real, request, keep, async |transaction| {
            authority::hold(transaction, by).await?;
            let mesh = meshes::insert(transaction, by.org(), slug, name).await.map_err(taken)?;
            let change = made(Action::MeshCreated, &mesh);
            record(transaction, by.org(), by.actor(), by.trail(), change).await?;
            Ok(mesh)
        })
        .await
}

/// A unique name that is taken is a conflict.
pub(super) fn taken(error: db::Error) -> Refusal {
    match error {
        db::Error::Taken(_) => Conflict::AlreadyExists.into(),
        other => other.into(),
    }
}

/// The meshes that the caller's grant reaches, the newest first.
pub async fn list(
    house: &House,
    by: &Admitted,
    archived: Option<bool>,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Mesh>, Refusal> {
    let (only, bound) = (by.rights().meshes(), ("meshes", by.org(), archived));
    let start = (time::macros::datetime!(9999-12-31 23:59:59 UTC), Uuid::max());
    let before = match cursor {
        Some(cursor) => {
            let (made, id): (Moment, MeshId) = read_cursor(&bound, cursor)?;
            (made.get(), id.uuid())
        }
        None => start,
    };
    let rows = house
        .look(by.org(), async |transaction| {
            Ok(meshes::list(transaction, by.org(), only.as_deref(), archived, before, limit).await?)
        })
        .await?;
    Ok(Page::cut(rows, limit, &bound, |mesh| (Moment::from(mesh.created_at), mesh.id)))
}

/// The mesh that the request names, if the caller's owner covers it: admission saw to that.
pub fn show(by: &Admitted) -> Result<Mesh, Refusal> {
    by.mesh().cloned()
}

/// Gives the mesh another name.
pub async fn edit(house: &House, by: &Admitted, name: Option<&Title>, seen: &IfMatch) -> Result<Mesh, Refusal> {
    let (org, id) = (by.org(), by.mesh_id()?);
    house
        .within(org, Mode::Real, async |transaction| {
            authority::hold(transaction, by).await?;
            let before = meshes::lock(transaction, org, id).await?.ok_or(Refusal::NotFound)?;
            seen.ensure(before.version)?;
            let Some(name) = name.filter(|name| **name != before.name) else { return Ok(before) };
            let after = meshes::edit(transaction, org, id, name).await?;
            record(transaction, org, by.actor(), by.trail(), changed(Action::MeshEdited, &before, &after)).await?;
            Ok(after)
        })
        .await
}

/// Archives the mesh, so that its keys are denied at once; or undoes that.
pub async fn archive(house: &House, by: &Admitted, archived: bool) -> Result<Done<Mesh>, Refusal> {
    let (org, id) = (by.org(), by.mesh_id()?);
    house
        .change(org, id, Mode::Real, async |transaction| {
            authority::hold(transaction, by).await?;
            let before = meshes::lock(transaction, org, id).await?.ok_or(Refusal::NotFound)?;
            ensure_changes(before.archived_at.is_some(), archived)?;
            let after = meshes::archive(transaction, org, id, archived).await?;
            let (action, takes) =
                if archived { (Action::MeshArchived, Takes::Away) } else { (Action::MeshUnarchived, Takes::Nothing) };
            record(transaction, org, by.actor(), by.trail(), changed(action, &before, &after)).await?;
            Ok((after, takes))
        })
        .await
}

/// Archiving what is archived, or the reverse, is a conflict and no silent success.
pub(super) fn ensure_changes(is: bool, wanted: bool) -> Result<(), Conflict> {
    match (is, wanted) {
        (true, true) => Err(Conflict::AlreadyArchived),
        (false, false) => Err(Conflict::NotArchived),
        _ => Ok(()),
    }
}
