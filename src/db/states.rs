//! State: named values of a mesh, or of one topic of it.

use deadpool_postgres::GenericClient;
use tokio_postgres::{Row, types::Json};

use super::{Error, queries, row};
use crate::domain::{Author, Content, MeshId, OrgId, State, StateName, TopicName, page::Limit};

queries! {
    SHOW = "
        SELECT s.*, k.label FROM states s JOIN api_keys k ON k.org_id = s.org_id AND k.id = s.updated_by
        WHERE s.org_id = $1 AND s.mesh_id = $2 AND s.place = $3 AND s.name = $4 AND NOT s.is_deleted";
    LIST = "
        SELECT s.*, k.label FROM states s JOIN api_keys k ON k.org_id = s.org_id AND k.id = s.updated_by
        WHERE s.org_id = $1 AND s.mesh_id = $2 AND s.place = $3 AND s.name > $4 AND NOT s.is_deleted
        ORDER BY s.name
        LIMIT $5";
    /// Makes an empty row where there is none, so that there is one to be locked.
    PREPARE = "
        INSERT INTO states (org_id, mesh_id, topic, name, value, is_deleted, version, updated_by)
        VALUES ($1, $2, $3, $4, NULL, true, 0, $5)
        ON CONFLICT (mesh_id, place, name) DO NOTHING";
    LOCK = "
        SELECT version, is_deleted FROM states
        WHERE org_id = $1 AND mesh_id = $2 AND place = $3 AND name = $4
        FOR NO KEY UPDATE";
    PUT = "
        UPDATE states
        SET value = $5, is_deleted = $5::json IS NULL, version = version + 1, updated_at = clock_timestamp(), updated_by = $6
        WHERE org_id = $1 AND mesh_id = $2 AND place = $3 AND name = $4
        RETURNING version, updated_at";
}

/// Where a value lies: in a mesh's own state, or in that of one of its topics.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The org.
    pub org: OrgId,
    /// The mesh.
    pub mesh: MeshId,
    /// The topic, where it is a topic's.
    pub topic: Option<&'a TopicName>,
}

impl Place<'_> {
    fn column(&self) -> &str {
        self.topic.map_or("", TopicName::as_str)
    }
}

fn read(row: &Row) -> Result<State, Error> {
    Ok(State {
        name: row::parsed(row, "name")?,
        topic: row::parsed_option(row, "topic")?,
        value: row::get::<Json<Content>>(row, "value")?.0,
        version: row::get(row, "version")?,
        updated_at: row::get(row, "updated_at")?,
        updated_by: Author { key: row::id(row, "updated_by")?, label: row::parsed(row, "label")? },
    })
}

/// The value of this name.
pub async fn show(db: &impl GenericClient, place: Place<'_>, name: &StateName) -> Result<Option<State>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    let row = db.query_opt(&show, &[&place.org.uuid(), &place.mesh.uuid(), &place.column(), &name.as_str()]).await?;
    row.as_ref().map(read).transpose()
}

/// The values behind `after`, by name.
pub async fn list(db: &impl GenericClient, place: Place<'_>, after: &str, limit: Limit) -> Result<Vec<State>, Error> {
    let list = db.prepare_cached(LIST).await?;
    let rows =
        db.query(&list, &[&place.org.uuid(), &place.mesh.uuid(), &place.column(), &after, &limit.and_one()]).await?;
    rows.iter().map(read).collect()
}

/// Holds the value of this name against other changes, whether it is there or not; answers its version if it is there.
pub async fn lock(
    db: &impl GenericClient,
    place: Place<'_>,
    name: &StateName,
    by: &Author,
) -> Result<Option<i64>, Error> {
    let prepare = db.prepare_cached(PREPARE).await?;
    let (org, mesh, topic) = (place.org.uuid(), place.mesh.uuid(), place.topic.map(TopicName::as_str));
    db.execute(&prepare, &[&org, &mesh, &topic, &name.as_str(), &by.key.uuid()]).await?;
    let lock = db.prepare_cached(LOCK).await?;
    let row = db.query_one(&lock, &[&org, &mesh, &place.column(), &name.as_str()]).await?;
    let version = row::get(&row, "version")?;
    Ok((!row::get::<bool>(&row, "is_deleted")?).then_some(version))
}

/// Puts the value; its row is locked by the caller.
pub async fn put(
    db: &impl GenericClient,
    place: Place<'_>,
    name: &StateName,
    value: &Content,
    by: Author,
) -> Result<State, Error> {
    let row = write(db, place, name, Some(Json(value)), &by).await?;
    Ok(State {
        name: name.clone(),
        topic: place.topic.cloned(),
        value: value.clone(),
        version: row::get(&row, "version")?,
        updated_at: row::get(&row, "updated_at")?,
        updated_by: by,
    })
}

/// Deletes the value; its row is locked by the caller, and stays, empty.
pub async fn delete(db: &impl GenericClient, place: Place<'_>, name: &StateName, by: &Author) -> Result<(), Error> {
    write(db, place, name, None, by).await.map(drop)
}

async fn write(
    db: &impl GenericClient,
    place: Place<'_>,
    name: &StateName,
    value: Option<Json<&Content>>,
    by: &Author,
) -> Result<Row, Error> {
    let put = db.prepare_cached(PUT).await?;
    let (org, mesh) = (place.org.uuid(), place.mesh.uuid());
    Ok(db.query_one(&put, &[&org, &mesh, &place.column(), &name.as_str(), &value, &by.key.uuid()]).await?)
}
