//! How replicas tell each other that something was sent, and how far topics have come. Takes the operator's role.

use deadpool_postgres::GenericClient;
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{MeshId, TopicName};

/// The channel on which replicas say where something was sent. Nothing relies on it: who hears nothing looks from time to time.
pub const CHANNEL: &str = "meshkey_live";

queries! {
    TELL = "SELECT count(pg_notify('meshkey_live', place)) FROM unnest($1::text[]) AS place";
    ENDS = "
        SELECT t.mesh_id, t.name, t.last_seq
        FROM unnest($1::uuid[], $2::text[]) AS wanted (mesh, topic)
        JOIN topics t ON t.mesh_id = wanted.mesh AND t.name = wanted.topic";
    WHO = "SELECT pg_backend_pid() AS pid";
}

/// A topic of a mesh.
pub type Place = (MeshId, TopicName);

/// The place in words, as it is told.
#[must_use]
pub fn written((mesh, topic): &Place) -> String {
    format!("{}/{topic}", mesh.uuid())
}

/// The place that was told, if it is one.
#[must_use]
pub fn read(text: &str) -> Option<Place> {
    let (mesh, topic) = text.split_once('/')?;
    Some((MeshId::from(mesh.parse::<Uuid>().ok()?), topic.parse().ok()?))
}

/// Says that something was sent there.
pub async fn tell(db: &tokio_postgres::Client, places: &[Place]) -> Result<(), Error> {
    let places: Vec<String> = places.iter().map(written).collect();
    db.query(TELL, &[&places]).await?;
    Ok(())
}

/// The number of the server's process behind a connection: what that says it hears itself, too.
pub async fn who(db: &tokio_postgres::Client) -> Result<i32, Error> {
    row::get(&db.query_one(WHO, &[]).await?, "pid")
}

/// The number of the last message of each of these.
pub async fn ends(db: &impl GenericClient, places: &[Place]) -> Result<Vec<(Place, i64)>, Error> {
    let ends = db.prepare_cached(ENDS).await?;
    let (meshes, topics): (Vec<Uuid>, Vec<&str>) =
        places.iter().map(|(mesh, topic)| (mesh.uuid(), topic.as_str())).unzip();
    let rows = db.query(&ends, &[&meshes, &topics]).await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(((row::id(row, "mesh_id")?, row::parsed(row, "name")?), row::get(row, "last_seq")?))
    };
    rows.iter().map(read).collect()
}
