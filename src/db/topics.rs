//! Topics.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{MeshId, OrgId, Topic, TopicName, name::Description, page::Limit};

queries! {
    INSERT = "INSERT INTO topics (org_id, mesh_id, name, description) VALUES ($1, $2, $3, $4) RETURNING *";
    SHOW = "SELECT * FROM topics WHERE org_id = $1 AND mesh_id = $2 AND name = $3";
    LOCK = "SELECT * FROM topics WHERE org_id = $1 AND mesh_id = $2 AND name = $3 FOR NO KEY UPDATE";
    LIST = "
        SELECT * FROM topics
        WHERE org_id = $1
          AND mesh_id = $2
          AND ($3::boolean IS NULL OR (archived_at IS NOT NULL) = $3)
          AND name > $4
        ORDER BY name
        LIMIT $5";
    EDIT = "
        UPDATE topics SET description = $4, version = version + 1
        WHERE org_id = $1 AND mesh_id = $2 AND name = $3
        RETURNING *";
    ARCHIVE = "
        UPDATE topics SET archived_at = CASE WHEN $4 THEN clock_timestamp() END, version = version + 1
        WHERE org_id = $1 AND mesh_id = $2 AND name = $3
        RETURNING *";
    /// The names among these that are topics of the mesh; without a mesh, of any mesh of the org.
    KNOWN = "
        SELECT DISTINCT name FROM topics
        WHERE org_id = $1
          AND ($2::uuid IS NULL OR mesh_id = $2)
          AND name = ANY ($3)";
    /// Names to suggest from.
    NAMES = "
        SELECT DISTINCT name FROM topics
        WHERE org_id = $1
          AND ($2::uuid IS NULL OR mesh_id = $2)
        ORDER BY name
        LIMIT 1000";
    /// Names that stand for nothing live: of an org, those that are archived in every mesh that has them.
    ARCHIVED = "
        SELECT name FROM topics
        WHERE org_id = $1
          AND ($2::uuid IS NULL OR mesh_id = $2)
        GROUP BY name
        HAVING bool_and(archived_at IS NOT NULL)
        ORDER BY name
        LIMIT 1000";
    /// Those that take something: of the mesh, or without one of every mesh of the org.
    LIVE = "
        SELECT mesh_id, name FROM topics
        WHERE org_id = $1
          AND ($2::uuid IS NULL OR mesh_id = $2)
          AND archived_at IS NULL
          AND mesh_id IN (SELECT id FROM meshes WHERE org_id = $1 AND archived_at IS NULL)
        ORDER BY mesh_id, name
        LIMIT $3";
}

fn read(row: &Row) -> Result<Topic, Error> {
    Ok(Topic {
        name: row::parsed(row, "name")?,
        mesh: row::id(row, "mesh_id")?,
        description: row::parsed(row, "description")?,
        archived_at: row::get(row, "archived_at")?,
        last_seq: row::get(row, "last_seq")?,
        created_at: row::get(row, "created_at")?,
        version: row::get(row, "version")?,
    })
}

/// Makes a topic. [`Error::Taken`] where the mesh has one of this name, archived or not.
pub async fn insert(
    db: &impl GenericClient,
    org: OrgId,
    mesh: MeshId,
    name: &TopicName,
    description: &Description,
) -> Result<Topic, Error> {
    let insert = db.prepare_cached(INSERT).await?;
    read(&db.query_one(&insert, &[&org.uuid(), &mesh.uuid(), &name.as_str(), &description.as_str()]).await?)
}

/// The topic of this name.
pub async fn show(db: &impl GenericClient, org: OrgId, mesh: MeshId, name: &TopicName) -> Result<Option<Topic>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&org.uuid(), &mesh.uuid(), &name.as_str()]).await?.as_ref().map(read).transpose()
}

/// The topic of this name, held against other changes.
pub async fn lock(db: &impl GenericClient, org: OrgId, mesh: MeshId, name: &TopicName) -> Result<Option<Topic>, Error> {
    let lock = db.prepare_cached(LOCK).await?;
    db.query_opt(&lock, &[&org.uuid(), &mesh.uuid(), &name.as_str()]).await?.as_ref().map(read).transpose()
}

/// The mesh's topics behind `after`, by name: archived ones, others, or both.
pub async fn list(
    db: &impl GenericClient,
    org: OrgId,
    mesh: MeshId,
    archived: Option<bool>,
    after: &str,
    limit: Limit,
) -> Result<Vec<Topic>, Error> {
    let list = db.prepare_cached(LIST).await?;
    let rows = db.query(&list, &[&org.uuid(), &mesh.uuid(), &archived, &after, &limit.and_one()]).await?;
    rows.iter().map(read).collect()
}

/// Says anew what it is for.
pub async fn edit(
    db: &impl GenericClient,
    org: OrgId,
    mesh: MeshId,
    name: &TopicName,
    description: &Description,
) -> Result<Topic, Error> {
    let edit = db.prepare_cached(EDIT).await?;
    read(&db.query_one(&edit, &[&org.uuid(), &mesh.uuid(), &name.as_str(), &description.as_str()]).await?)
}

/// Archives it, or undoes that.
pub async fn archive(
    db: &impl GenericClient,
    org: OrgId,
    mesh: MeshId,
    name: &TopicName,
    archived: bool,
) -> Result<Topic, Error> {
    let archive = db.prepare_cached(ARCHIVE).await?;
    read(&db.query_one(&archive, &[&org.uuid(), &mesh.uuid(), &name.as_str(), &archived]).await?)
}

/// Which of these names are topics of the mesh; without a mesh, of any mesh of the org.
pub async fn known(
    db: &impl GenericClient,
    org: OrgId,
    mesh: Option<MeshId>,
    names: &[&str],
) -> Result<Vec<String>, Error> {
    let known = db.prepare_cached(KNOWN).await?;
    let rows = db.query(&known, &[&org.uuid(), &mesh.map(MeshId::uuid), &names]).await?;
    rows.iter().map(|row| row::get(row, "name")).collect()
}

/// How many names are given at most.
pub const MOST_NAMES: usize = 1000;

/// The names of topics that are archived, at most [`MOST_NAMES`].
pub async fn archived(db: &impl GenericClient, org: OrgId, mesh: Option<MeshId>) -> Result<Vec<TopicName>, Error> {
    let archived = db.prepare_cached(ARCHIVED).await?;
    let rows = db.query(&archived, &[&org.uuid(), &mesh.map(MeshId::uuid)]).await?;
    rows.iter().map(|row| row::parsed(row, "name")).collect()
}

/// Names of topics to suggest from, at most [`MOST_NAMES`].
pub async fn names(db: &impl GenericClient, org: OrgId, mesh: Option<MeshId>) -> Result<Vec<String>, Error> {
    let names = db.prepare_cached(NAMES).await?;
    let rows = db.query(&names, &[&org.uuid(), &mesh.map(MeshId::uuid)]).await?;
    rows.iter().map(|row| row::get(row, "name")).collect()
}

/// The topics that are not archived, in meshes that are not either, at most so many: of the mesh, or without one of the org.
pub async fn live(
    db: &impl GenericClient,
    org: OrgId,
    mesh: Option<MeshId>,
    most: usize,
) -> Result<Vec<(MeshId, TopicName)>, Error> {
    let live = db.prepare_cached(LIVE).await?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = db.query(&live, &[&org.uuid(), &mesh.map(MeshId::uuid), &most]).await?;
    rows.iter().map(|row| Ok((row::id(row, "mesh_id")?, row::parsed(row, "name")?))).collect()
}
