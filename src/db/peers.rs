//! Who is connected to a mesh, as the replicas have said it (see [`super::hubs`]).

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{KeyId, Label, MeshId, OrgId, TopicName, UserId, page::Limit};

queries! {
    /// What is followed in a mesh, whoever told of it.
    TOPICS = "SELECT DISTINCT topic FROM peers WHERE org_id = $1 AND mesh_id = $2 AND topic <> ''";
    /// Of so many keys, in the order of their ids. What a replica has said counts for as long as it says that it is there.
    LIST = "
        WITH alive AS (SELECT id FROM hubs WHERE seen_at > clock_timestamp() - make_interval(secs => $5)),
        listed AS (
            SELECT DISTINCT key_id FROM peers
            WHERE org_id = $1 AND mesh_id = $2 AND key_id > $3 AND hub_id IN (SELECT id FROM alive)
              AND ($6::text[] IS NULL OR topic = ANY ($6))
            ORDER BY key_id LIMIT $4)
        SELECT p.key_id, k.label, k.user_id, p.topic, min(p.since) AS since,
               coalesce(sum(p.count) FILTER (WHERE p.via = 'stream'), 0)::bigint AS streams,
               coalesce(sum(p.count) FILTER (WHERE p.via = 'socket'), 0)::bigint AS sockets
        FROM listed JOIN peers p ON (p.org_id, p.mesh_id, p.key_id) = ($1, $2, listed.key_id)
        JOIN api_keys k ON (k.org_id, k.id) = (p.org_id, p.key_id)
        WHERE p.hub_id IN (SELECT id FROM alive) AND ($6::text[] IS NULL OR p.topic = ANY ($6))
        GROUP BY p.key_id, k.label, k.user_id, p.topic
        ORDER BY p.key_id, p.topic";
}

/// What a key is connected to.
#[derive(Debug)]
pub struct Connected {
    /// Which key.
    pub key: KeyId,
    /// What it is called.
    pub label: Label,
    /// Whose it is.
    pub user: Option<UserId>,
    /// The topic; none for the sockets themselves.
    pub topic: Option<TopicName>,
    /// Since when.
    pub since: OffsetDateTime,
    /// By how many streams.
    pub streams: i64,
    /// By how many sockets.
    pub sockets: i64,
}

/// Which of them are asked for.
#[derive(Debug)]
pub struct Range<'a> {
    /// Those behind this key.
    pub after: KeyId,
    /// So many, and one more where there is one.
    pub limit: Limit,
    /// Those that follow one of these topics, and of what they follow these alone; with none all, and also who follows nothing.
    pub reached: Option<&'a [TopicName]>,
    /// What a replica has said that was there within so many seconds.
    pub within: f64,
}

/// The topics that anybody may be connected to.
pub async fn topics(db: &impl GenericClient, (org, mesh): (OrgId, MeshId)) -> Result<Vec<TopicName>, Error> {
    let topics = db.prepare_cached(TOPICS).await?;
    let rows = db.query(&topics, &[&org.uuid(), &mesh.uuid()]).await?;
    rows.iter().map(|row| row::parsed(row, "topic")).collect()
}

/// What these keys are connected to.
pub async fn list(
    db: &impl GenericClient,
    (org, mesh): (OrgId, MeshId),
    range: &Range<'_>,
) -> Result<Vec<Connected>, Error> {
    let reached: Option<Vec<_>> = range.reached.map(|topics| topics.iter().map(TopicName::as_str).collect());
    let (after, keys) = (range.after.uuid(), range.limit.and_one());
    let list = db.prepare_cached(LIST).await?;
    let rows = db.query(&list, &[&org.uuid(), &mesh.uuid(), &after, &keys, &range.within, &reached]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Connected, Error> {
    let topic = row::get::<&str>(row, "topic")?;
    Ok(Connected {
        key: row::id(row, "key_id")?,
        label: row::parsed(row, "label")?,
        user: row::id_option(row, "user_id")?,
        topic: if topic.is_empty() { None } else { Some(row::parsed(row, "topic")?) },
        since: row::get(row, "since")?,
        streams: row::get(row, "streams")?,
        sockets: row::get(row, "sockets")?,
    })
}
