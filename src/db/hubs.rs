//! What each replica says of who is connected to it, in the operator's role: of itself alone.

use std::time::Duration;

use deadpool_postgres::GenericClient;
use uuid::Uuid;

use super::{Error, queries};
use crate::domain::{KeyId, MeshId, OrgId, TopicName, peer::Via};

queries! {
    BEAT = "UPDATE hubs SET seen_at = clock_timestamp() WHERE id = $1";
    COME = "INSERT INTO hubs (id, seen_at) VALUES ($1, clock_timestamp()) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
    CLEAR = "DELETE FROM peers WHERE hub_id = $1";
    /// Nothing is written of a key that is not there: a database that was restored knows less than who is connected.
    PUT = "
        INSERT INTO peers (hub_id, org_id, mesh_id, key_id, topic, via, count, since)
        SELECT $1, g.org, g.mesh, g.key, g.topic, g.via, g.count, clock_timestamp() - make_interval(secs => g.age)
        FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::float8[])
            AS g (org, mesh, key, topic, via, count, age)
        JOIN api_keys k ON (k.org_id, k.id) = (g.org, g.key)
        JOIN meshes m ON (m.org_id, m.id) = (g.org, g.mesh)
        ON CONFLICT (hub_id, mesh_id, key_id, topic, via) DO UPDATE SET count = excluded.count, since = excluded.since";
    TAKE = "
        DELETE FROM peers p
        USING unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) AS g (mesh, key, topic, via)
        WHERE p.hub_id = $1 AND (p.mesh_id, p.key_id, p.topic, p.via) = (g.mesh, g.key, g.topic, g.via)";
    LEAVE = "DELETE FROM hubs WHERE id = $1";
    SWEEP = "DELETE FROM hubs WHERE seen_at < clock_timestamp() - make_interval(secs => $1)";
}

/// Where somebody is connected, and by what. Without a topic it is the socket itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The org.
    pub org: OrgId,
    /// The mesh.
    pub mesh: MeshId,
    /// By which key.
    pub key: KeyId,
    /// What is followed.
    pub topic: Option<TopicName>,
    /// By what.
    pub via: Via,
}

impl Spot {
    fn topic(&self) -> &str {
        self.topic.as_ref().map_or("", TopicName::as_str)
    }
}

/// What is to be said of a spot: how often it is taken, and for how long.
pub type Taken = (Spot, i64, Duration);

/// Says that this replica is there; whether it was known.
pub async fn beat(operator: &impl GenericClient, hub: Uuid) -> Result<bool, Error> {
    let beat = operator.prepare_cached(BEAT).await?;
    Ok(operator.execute(&beat, &[&hub]).await? > 0)
}

/// Begins anew: of this replica nothing was said.
pub async fn come(operator: &impl GenericClient, hub: Uuid) -> Result<(), Error> {
    for statement in [COME, CLEAR] {
        let statement = operator.prepare_cached(statement).await?;
        operator.execute(&statement, &[&hub]).await?;
    }
    Ok(())
}

/// Says of these how often each is taken, and of the others that they are so no more.
pub async fn say(operator: &impl GenericClient, hub: Uuid, taken: &[Taken], left: &[Spot]) -> Result<(), Error> {
    if !left.is_empty() {
        let meshes: Vec<_> = left.iter().map(|spot| spot.mesh.uuid()).collect();
        let keys: Vec<_> = left.iter().map(|spot| spot.key.uuid()).collect();
        let topics: Vec<_> = left.iter().map(Spot::topic).collect();
        let vias: Vec<_> = left.iter().map(|spot| spot.via.as_str()).collect();
        let take = operator.prepare_cached(TAKE).await?;
        operator.execute(&take, &[&hub, &meshes, &keys, &topics, &vias]).await?;
    }
    if !taken.is_empty() {
        let orgs: Vec<_> = taken.iter().map(|(spot, ..)| spot.org.uuid()).collect();
        let meshes: Vec<_> = taken.iter().map(|(spot, ..)| spot.mesh.uuid()).collect();
        let keys: Vec<_> = taken.iter().map(|(spot, ..)| spot.key.uuid()).collect();
        let topics: Vec<_> = taken.iter().map(|(spot, ..)| spot.topic()).collect();
        let vias: Vec<_> = taken.iter().map(|(spot, ..)| spot.via.as_str()).collect();
        let counts: Vec<_> = taken.iter().map(|(_, count, _)| *count).collect();
        let ages: Vec<_> = taken.iter().map(|(.., age)| age.as_secs_f64()).collect();
        let put = operator.prepare_cached(PUT).await?;
        operator.execute(&put, &[&hub, &orgs, &meshes, &keys, &topics, &vias, &counts, &ages]).await?;
    }
    Ok(())
}

/// This replica is there no more.
pub async fn leave(operator: &impl GenericClient, hub: Uuid) -> Result<(), Error> {
    let leave = operator.prepare_cached(LEAVE).await?;
    operator.execute(&leave, &[&hub]).await?;
    Ok(())
}

/// Takes away replicas that were not there for so many seconds, with what they said.
pub async fn sweep(operator: &impl GenericClient, gone: f64) -> Result<(), Error> {
    let sweep = operator.prepare_cached(SWEEP).await?;
    operator.execute(&sweep, &[&gone]).await?;
    Ok(())
}
