//! Messages: a topic's numbers come from its row under lock, so that order of commit is order of `seq`.

use deadpool_postgres::GenericClient;
use tokio_postgres::{Row, types::Json};

use super::{Error, queries, row};
use crate::domain::{Author, Content, KeyId, MeshId, Message, MessageId, OrgId, TopicName, page::Limit};

queries! {
    NEXT = "
        UPDATE topics SET last_seq = last_seq + 1
        WHERE org_id = $1 AND mesh_id = $2 AND name = $3
        RETURNING last_seq";
    INSERT = "
        INSERT INTO messages (org_id, mesh_id, topic, seq, id, author_key, body, reply_to)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        RETURNING created_at";
    NEWEST = "
        SELECT m.*, k.label FROM messages m JOIN api_keys k ON k.org_id = m.org_id AND k.id = m.author_key
        WHERE m.org_id = $1 AND m.mesh_id = $2 AND m.topic = $3 AND m.seq < $4
        ORDER BY m.seq DESC
        LIMIT $5";
    AFTER = "
        SELECT m.*, k.label FROM messages m JOIN api_keys k ON k.org_id = m.org_id AND k.id = m.author_key
        WHERE m.org_id = $1 AND m.mesh_id = $2 AND m.topic = $3 AND m.seq > $4
        ORDER BY m.seq
        LIMIT $5";
}

fn read(row: &Row) -> Result<Message, Error> {
    Ok(Message {
        id: row::id(row, "id")?,
        seq: row::get(row, "seq")?,
        topic: row::parsed(row, "topic")?,
        body: row::get::<Json<Content>>(row, "body")?.0,
        author: Author { key: row::id(row, "author_key")?, label: row::parsed(row, "label")? },
        reply_to: row::id_option(row, "reply_to")?,
        created_at: row::get(row, "created_at")?,
    })
}

/// A message, before it has its place.
#[derive(Debug)]
pub struct NewMessage<'a> {
    /// What it says.
    pub body: &'a Content,
    /// The message of the same topic that it answers.
    pub reply_to: Option<MessageId>,
    /// Who sends it.
    pub author: Author,
}

/// Puts the message behind all others of the topic, whose row is locked by the caller.
/// [`Error::Missing`] where it answers no message of this topic.
pub async fn insert(
    db: &impl GenericClient,
    org: OrgId,
    mesh: MeshId,
    topic: &TopicName,
    new: NewMessage<'_>,
) -> Result<Message, Error> {
    let next = db.prepare_cached(NEXT).await?;
    let seq: i64 = db.query_one(&next, &[&org.uuid(), &mesh.uuid(), &topic.as_str()]).await?.try_get(0)?;
    let insert = db.prepare_cached(INSERT).await?;
    let (id, reply_to) = (MessageId::new(), new.reply_to.map(MessageId::uuid));
    let (author, body): (KeyId, _) = (new.author.key, Json(new.body));
    let row = db
        .query_one(
            &insert,
            &[&org.uuid(), &mesh.uuid(), &topic.as_str(), &seq, &id.uuid(), &author.uuid(), &body, &reply_to],
        )
        .await?;
    Ok(Message {
        id,
        seq,
        topic: topic.clone(),
        body: new.body.clone(),
        author: new.author,
        reply_to: new.reply_to,
        created_at: row::get(&row, "created_at")?,
    })
}

/// The topic's messages before `seq`, the newest first.
pub async fn before(
    db: &impl GenericClient,
    org: OrgId,
    mesh: MeshId,
    topic: &TopicName,
    seq: i64,
    limit: Limit,
) -> Result<Vec<Message>, Error> {
    let newest = db.prepare_cached(NEWEST).await?;
    let rows = db.query(&newest, &[&org.uuid(), &mesh.uuid(), &topic.as_str(), &seq, &limit.and_one()]).await?;
    rows.iter().map(read).collect()
}

/// The topic's messages after `seq`, the oldest first.
pub async fn after(
    db: &impl GenericClient,
    org: OrgId,
    mesh: MeshId,
    topic: &TopicName,
    seq: i64,
    limit: Limit,
) -> Result<Vec<Message>, Error> {
    let after = db.prepare_cached(AFTER).await?;
    let rows = db.query(&after, &[&org.uuid(), &mesh.uuid(), &topic.as_str(), &seq, &limit.and_one()]).await?;
    rows.iter().map(read).collect()
}
