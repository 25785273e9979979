//! Gates.

use deadpool_postgres::GenericClient;
use tokio_postgres::{
    Row,
    types::{Json, ToSql},
};
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{
    Gate, GateId, MeshId, OrgId, Slug, TopicName,
    capability::DeclaredName,
    gate::{Methods, Segment, TopicFrom},
    name::Description,
    page::Limit,
};

queries! {
    INSERT = "
        INSERT INTO gates (org_id, id, mesh_id, name, description, methods, topic, segment, deny_429)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        RETURNING *";
    COUNT = "SELECT count(*) FROM gates WHERE org_id = $1";
    SHOW = "SELECT * FROM gates WHERE org_id = $1 AND id = $2";
    FIND = "SELECT * FROM gates WHERE org_id = $1 AND name = $2";
    LOCK = "SELECT * FROM gates WHERE org_id = $1 AND id = $2 FOR UPDATE";
    LIST = "SELECT * FROM gates WHERE org_id = $1 AND name > $2 ORDER BY name LIMIT $3";
    EDIT = "
        UPDATE gates
        SET name = $3, description = $4, methods = $5, topic = $6, segment = $7, deny_429 = $8, version = version + 1
        WHERE org_id = $1 AND id = $2
        RETURNING *";
    DELETE = "DELETE FROM gates WHERE org_id = $1 AND id = $2";
    /// How many demand a capability.
    DEMANDING = "
        SELECT count(*) FROM gates
        WHERE org_id = $1 AND EXISTS (SELECT FROM jsonb_each_text(methods) WHERE value = $2)";
}

/// What of a gate is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGate {
    /// How it is called.
    pub name: Slug,
    /// What it stands before.
    pub description: Description,
    /// What each method demands.
    pub methods: Methods,
    /// On which topic.
    pub topic: Option<TopicFrom>,
    /// Whether the gateway can pass on that too much was asked for.
    pub deny_429: bool,
}

impl From<&Gate> for NewGate {
    fn from(gate: &Gate) -> Self {
        Self {
            name: gate.name.clone(),
            description: gate.description.clone(),
            methods: gate.methods.clone(),
            topic: gate.topic.clone(),
            deny_429: gate.deny_429,
        }
    }
}

impl NewGate {
    fn columns(&self) -> (Json<&Methods>, Option<&str>, Option<i16>) {
        let (topic, segment) = match &self.topic {
            None => (None, None),
            Some(TopicFrom::Fixed(topic)) => (Some(topic.as_str()), None),
            Some(TopicFrom::Segment(number)) => (None, Some(i16::from(number.get()))),
        };
        (Json(&self.methods), topic, segment)
    }
}

fn read(row: &Row) -> Result<Gate, Error> {
    let fixed = row::parsed_option::<TopicName>(row, "topic")?.map(TopicFrom::Fixed);
    let segment = row::get::<Option<i16>>(row, "segment")?.map(|number| Segment::try_from(i64::from(number)));
    Ok(Gate {
        id: row::id(row, "id")?,
        org: row::id(row, "org_id")?,
        mesh: row::id(row, "mesh_id")?,
        name: row::parsed(row, "name")?,
        description: row::parsed(row, "description")?,
        methods: row::get::<Json<Methods>>(row, "methods")?.0,
        topic: fixed.or(segment.transpose().map_err(row::corrupt)?.map(TopicFrom::Segment)),
        deny_429: row::get(row, "deny_429")?,
        created_at: row::get(row, "created_at")?,
        version: row::get(row, "version")?,
    })
}

/// Makes a gate. [`Error::Taken`] where the org has one of this name.
pub async fn insert(db: &impl GenericClient, org: OrgId, mesh: MeshId, new: &NewGate) -> Result<Gate, Error> {
    let insert = db.prepare_cached(INSERT).await?;
    let (methods, topic, segment) = new.columns();
    let (org, id, mesh) = (org.uuid(), GateId::new().uuid(), mesh.uuid());
    let (name, description) = (new.name.as_str(), new.description.as_str());
    let values: [&(dyn ToSql + Sync); 9] =
        [&org, &id, &mesh, &name, &description, &methods, &topic, &segment, &new.deny_429];
    read(&db.query_one(&insert, &values).await?)
}

/// How many the org has.
pub async fn count(db: &impl GenericClient, org: OrgId) -> Result<i64, Error> {
    let count = db.prepare_cached(COUNT).await?;
    row::get(&db.query_one(&count, &[&org.uuid()]).await?, "count")
}

/// The gate with this id.
pub async fn show(db: &impl GenericClient, org: OrgId, id: GateId) -> Result<Option<Gate>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&org.uuid(), &id.uuid()]).await?.as_ref().map(read).transpose()
}

/// The gate that is meant by an id or a name, if there is one.
pub async fn resolve(db: &impl GenericClient, org: OrgId, id_or_name: &str) -> Result<Option<Gate>, Error> {
    if let Ok(id) = id_or_name.parse() {
        return show(db, org, id).await;
    }
    let Ok(name) = id_or_name.parse::<Slug>() else { return Ok(None) };
    let find = db.prepare_cached(FIND).await?;
    db.query_opt(&find, &[&org.uuid(), &name.as_str()]).await?.as_ref().map(read).transpose()
}

/// The gate with this id, held against other changes.
pub async fn lock(db: &impl GenericClient, org: OrgId, id: GateId) -> Result<Option<Gate>, Error> {
    let lock = db.prepare_cached(LOCK).await?;
    db.query_opt(&lock, &[&org.uuid(), &id.uuid()]).await?.as_ref().map(read).transpose()
}

/// Those behind `after`, by name.
pub async fn list(db: &impl GenericClient, org: OrgId, after: &str, limit: Limit) -> Result<Vec<Gate>, Error> {
    let list = db.prepare_cached(LIST).await?;
    db.query(&list, &[&org.uuid(), &after, &limit.and_one()]).await?.iter().map(read).collect()
}

/// Makes it another one, of the same id. [`Error::Taken`] where the org has another of its new name.
pub async fn edit(db: &impl GenericClient, org: OrgId, id: GateId, new: &NewGate) -> Result<Gate, Error> {
    let edit = db.prepare_cached(EDIT).await?;
    let (methods, topic, segment) = new.columns();
    let (org, id): (Uuid, Uuid) = (org.uuid(), id.uuid());
    let (name, description) = (new.name.as_str(), new.description.as_str());
    let values: [&(dyn ToSql + Sync); 8] = [&org, &id, &name, &description, &methods, &topic, &segment, &new.deny_429];
    read(&db.query_one(&edit, &values).await?)
}

/// Takes it away.
pub async fn delete(db: &impl GenericClient, org: OrgId, id: GateId) -> Result<(), Error> {
    let delete = db.prepare_cached(DELETE).await?;
    db.execute(&delete, &[&org.uuid(), &id.uuid()]).await?;
    Ok(())
}

/// How many demand this capability.
pub async fn demanding(db: &impl GenericClient, org: OrgId, name: &DeclaredName) -> Result<i64, Error> {
    let demanding = db.prepare_cached(DEMANDING).await?;
    row::get(&db.query_one(&demanding, &[&org.uuid(), &name.as_str()]).await?, "count")
}
