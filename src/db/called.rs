//! What people and meshes are called: for who sees what names them.

use std::collections::HashMap;

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{MeshId, OrgId, Slug, Title, UserId};

queries! {
    /// Of people who have something to do with the org: they are in it, or one of its keys says of them that they issued it or hold it.
    PEOPLE = "
        SELECT u.id, u.name FROM users u
        WHERE u.id = ANY ($2)
          AND (EXISTS (SELECT FROM memberships m WHERE m.org_id = $1 AND m.user_id = u.id)
               OR EXISTS (SELECT FROM api_keys k WHERE k.org_id = $1 AND k.issued_by_user = u.id)
               OR EXISTS (SELECT FROM api_keys k WHERE k.org_id = $1 AND k.user_id = u.id))";
    MESHES = "SELECT id, slug FROM meshes WHERE org_id = $1 AND id = ANY ($2)";
}

/// What these people are called.
pub async fn people(db: &impl GenericClient, org: OrgId, ids: &[UserId]) -> Result<HashMap<UserId, Title>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let statement = db.prepare_cached(PEOPLE).await?;
    let read = |row: &Row| Ok((row::id(row, "id")?, row::parsed(row, "name")?));
    db.query(&statement, &[&org.uuid(), &ids]).await?.iter().map(read).collect()
}

/// What these meshes are called.
pub async fn meshes(db: &impl GenericClient, org: OrgId, ids: &[MeshId]) -> Result<HashMap<MeshId, Slug>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let statement = db.prepare_cached(MESHES).await?;
    let read = |row: &Row| Ok((row::id(row, "id")?, row::parsed(row, "slug")?));
    db.query(&statement, &[&org.uuid(), &ids]).await?.iter().map(read).collect()
}
