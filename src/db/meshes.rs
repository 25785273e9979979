//! Meshes.

use std::collections::BTreeMap;

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{Mesh, MeshId, OrgId, Slug, Title, page::Limit};

queries! {
    INSERT = "INSERT INTO meshes (org_id, id, slug, name) VALUES ($1, $2, $3, $4) RETURNING *";
    SHOW = "SELECT * FROM meshes WHERE org_id = $1 AND id = $2";
    FIND = "SELECT * FROM meshes WHERE org_id = $1 AND slug = $2";
    LOCK = "SELECT * FROM meshes WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE";
    LIST = "
        SELECT * FROM meshes
        WHERE org_id = $1
          AND ($2::uuid[] IS NULL OR id = ANY ($2))
          AND ($3::boolean IS NULL OR (archived_at IS NOT NULL) = $3)
          AND (created_at, id) < ($4, $5)
        ORDER BY created_at DESC, id DESC
        LIMIT $6";
    EDIT = "UPDATE meshes SET name = $3, version = version + 1 WHERE org_id = $1 AND id = $2 RETURNING *";
    ARCHIVE = "
        UPDATE meshes SET archived_at = CASE WHEN $3 THEN clock_timestamp() END, version = version + 1
        WHERE org_id = $1 AND id = $2
        RETURNING *";
    /// How many topics that take something and keys of its own that work each of these has.
    COUNTS = "
        SELECT m.id,
               (SELECT count(*) FROM topics s WHERE s.org_id = $1 AND s.mesh_id = m.id AND s.archived_at IS NULL) AS topics,
               (SELECT count(*) FROM api_keys k
                WHERE k.org_id = $1 AND k.mesh_id = m.id AND k.revoked_at IS NULL AND k.disabled_at IS NULL
                  AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())) AS keys
        FROM meshes m WHERE m.org_id = $1 AND m.id = ANY ($2)";
}

fn read(row: &Row) -> Result<Mesh, Error> {
    Ok(Mesh {
        id: row::id(row, "id")?,
        org: row::id(row, "org_id")?,
        slug: row::parsed(row, "slug")?,
        name: row::parsed(row, "name")?,
        archived_at: row::get(row, "archived_at")?,
        created_at: row::get(row, "created_at")?,
        version: row::get(row, "version")?,
    })
}

/// Makes a mesh. [`Error::Taken`] where the org has one of this slug.
pub async fn insert(db: &impl GenericClient, org: OrgId, slug: &Slug, name: &Title) -> Result<Mesh, Error> {
    let insert = db.prepare_cached(INSERT).await?;
    let id = MeshId::new();
    read(&db.query_one(&insert, &[&org.uuid(), &id.uuid(), &slug.as_str(), &name.as_str()]).await?)
}

/// The mesh with this id.
pub async fn show(db: &impl GenericClient, org: OrgId, id: MeshId) -> Result<Option<Mesh>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&org.uuid(), &id.uuid()]).await?.as_ref().map(read).transpose()
}

/// The mesh with this slug.
pub async fn find(db: &impl GenericClient, org: OrgId, slug: &Slug) -> Result<Option<Mesh>, Error> {
    let find = db.prepare_cached(FIND).await?;
    db.query_opt(&find, &[&org.uuid(), &slug.as_str()]).await?.as_ref().map(read).transpose()
}

/// The mesh that is meant by an id or a slug, if there is one.
pub async fn resolve(db: &impl GenericClient, org: OrgId, id_or_slug: &str) -> Result<Option<Mesh>, Error> {
    if let Ok(id) = id_or_slug.parse() {
        return show(db, org, id).await;
    }
    match id_or_slug.parse() {
        Ok(slug) => find(db, org, &slug).await,
        Err(_) => Ok(None),
    }
}

/// The mesh with this id, held against other changes.
pub async fn lock(db: &impl GenericClient, org: OrgId, id: MeshId) -> Result<Option<Mesh>, Error> {
    let lock = db.prepare_cached(LOCK).await?;
    db.query_opt(&lock, &[&org.uuid(), &id.uuid()]).await?.as_ref().map(read).transpose()
}

/// The org's meshes, the newest first: all, or only one of them; archived ones, others, or both.
pub async fn list(
    db: &impl GenericClient,
    org: OrgId,
    only: Option<&[MeshId]>,
    archived: Option<bool>,
    before: (OffsetDateTime, Uuid),
    limit: Limit,
) -> Result<Vec<Mesh>, Error> {
    let list = db.prepare_cached(LIST).await?;
    let only: Option<Vec<_>> = only.map(|only| only.iter().map(|mesh| mesh.uuid()).collect());
    let rows = db.query(&list, &[&org.uuid(), &only, &archived, &before.0, &before.1, &limit.and_one()]).await?;
    rows.iter().map(read).collect()
}

/// What is in a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InMesh {
    /// Topics that are not archived.
    pub topics: i64,
    /// Keys of its own that work.
    pub keys: i64,
}

/// What is in each of these meshes.
pub async fn counts(db: &impl GenericClient, org: OrgId, of: &[MeshId]) -> Result<BTreeMap<MeshId, InMesh>, Error> {
    let counts = db.prepare_cached(COUNTS).await?;
    let of: Vec<_> = of.iter().map(|mesh| mesh.uuid()).collect();
    let rows = db.query(&counts, &[&org.uuid(), &of]).await?;
    rows.iter()
        .map(|row| Ok((row::id(row, "id")?, InMesh { topics: row::get(row, "topics")?, keys: row::get(row, "keys")? })))
        .collect()
}

/// Gives it another name.
pub async fn edit(db: &impl GenericClient, org: OrgId, id: MeshId, name: &Title) -> Result<Mesh, Error> {
    let edit = db.prepare_cached(EDIT).await?;
    read(&db.query_one(&edit, &[&org.uuid(), &id.uuid(), &name.as_str()]).await?)
}

/// Archives it, or undoes that.
pub async fn archive(db: &impl GenericClient, org: OrgId, id: MeshId, archived: bool) -> Result<Mesh, Error> {
    let archive = db.prepare_cached(ARCHIVE).await?;
    read(&db.query_one(&archive, &[&org.uuid(), &id.uuid(), &archived]).await?)
}
