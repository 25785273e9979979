//! The audit: appended to in the transaction of the change, behind the lock of the org's head row, which is taken last.

use deadpool_postgres::GenericClient;
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{
    EventId, KeyId, MeshId, OrgId,
    audit::{Action, Actor, ChainHash, Change, Event, Subject, Trail},
    page::Limit,
};

queries! {
    HEAD = "SELECT seq, hash, unrevoked_keys, clock_timestamp() AS now FROM audit_heads WHERE org_id = $1 FOR NO KEY UPDATE";
    INSERT = "
        INSERT INTO audit_events (org_id, seq, id, at, actor_kind, actor_key, action, subject_kind, subject_id, mesh_id,
                                  before, after, request_id, address, canonical, hash)
        SELECT $1, seq, id, $2, $3, $4, action, subject_kind, subject_id, mesh_id, before, after, $5, $6, canonical, hash
        FROM unnest($7::bigint[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::uuid[], $13::jsonb[],
                    $14::jsonb[], $15::bytea[], $16::bytea[])
            AS e (seq, id, action, subject_kind, subject_id, mesh_id, before, after, canonical, hash)";
    ADVANCE = "UPDATE audit_heads SET seq = $2, hash = $3, unrevoked_keys = $4 WHERE org_id = $1";
    LIST = "
        SELECT * FROM audit_events
        WHERE org_id = $1
          AND seq < $2
          AND ($3::uuid IS NULL OR mesh_id = $3)
          AND ($4::text IS NULL OR actor_kind = $4)
          AND ($5::uuid IS NULL OR actor_key = $5)
          AND ($6::text IS NULL OR action = $6)
          AND ($7::text IS NULL OR subject_id = $7)
          AND ($8::timestamptz IS NULL OR at >= $8)
          AND ($9::timestamptz IS NULL OR at < $9)
        ORDER BY seq DESC
        LIMIT $10";
    CHAIN = "SELECT * FROM audit_events WHERE org_id = $1 AND seq > $2 ORDER BY seq LIMIT 1000";
}

/// The end of an org's chain, locked to the end of the transaction.
#[derive(Debug)]
pub struct Head {
    org: OrgId,
    seq: i64,
    hash: ChainHash,
    /// How many keys of the org are not revoked.
    pub unrevoked_keys: i64,
    now: OffsetDateTime,
}

fn hash(row: &Row) -> Result<ChainHash, Error> {
    row::get::<&[u8]>(row, "hash")?.try_into().map(ChainHash).map_err(row::corrupt)
}

/// Takes the end of the org's chain. The last lock of every change.
pub async fn head(db: &impl GenericClient, org: OrgId) -> Result<Head, Error> {
    let head = db.prepare_cached(HEAD).await?;
    let row = db.query_one(&head, &[&org.uuid()]).await?;
    let (seq, unrevoked_keys, now) =
        (row::get(&row, "seq")?, row::get(&row, "unrevoked_keys")?, row::get(&row, "now")?);
    Ok(Head { org, seq, hash: hash(&row)?, unrevoked_keys, now })
}

/// How many events are written by one statement.
const BATCH: usize = 500;

/// Appends these changes, in this order, behind the head.
pub async fn append(
    db: &impl GenericClient,
    mut head: Head,
    actor: Actor,
    trail: &Trail,
    changes: Vec<Change>,
) -> Result<(), Error> {
    let mut changes = changes.into_iter().peekable();
    while changes.peek().is_some() {
        let links: Vec<Link> = changes.by_ref().take(BATCH).map(|change| head.link(actor, trail, change)).collect();
        insert(db, &head, actor, trail, &links).await?;
    }
    let advance = db.prepare_cached(ADVANCE).await?;
    let Head { org, seq, hash, unrevoked_keys, .. } = head;
    db.execute(&advance, &[&org.uuid(), &seq, &hash.0.as_slice(), &unrevoked_keys]).await?;
    Ok(())
}

/// An event, its canonical bytes, and the hash after it.
type Link = (Event, Vec<u8>, ChainHash);

impl Head {
    fn link(&mut self, actor: Actor, trail: &Trail, change: Change) -> Link {
        self.seq += 1;
        let (id, seq, trail) = (EventId::new(), self.seq, trail.clone());
        let event = Event { id, org: self.org, seq, at: self.now, actor, change, trail };
        let canonical = event.canonical();
        self.hash = self.hash.then(&canonical);
        (event, canonical, self.hash)
    }
}

async fn insert(
    db: &impl GenericClient,
    head: &Head,
    actor: Actor,
    trail: &Trail,
    links: &[Link],
) -> Result<(), Error> {
    fn column<'a, T>(links: &'a [Link], of: impl Fn(&'a Link) -> T) -> Vec<T> {
        links.iter().map(of).collect()
    }
    let insert = db.prepare_cached(INSERT).await?;
    db.execute(
        &insert,
        &[
            &head.org.uuid(),
            &head.now,
            &actor.kind(),
            &actor.key().map(KeyId::uuid),
            &trail.request_id,
            &trail.address,
            &column(links, |(event, ..)| event.seq),
            &column(links, |(event, ..)| event.id.uuid()),
            &column(links, |(event, ..)| event.change.action.name()),
            &column(links, |(event, ..)| event.change.subject.kind),
            &column(links, |(event, ..)| event.change.subject.id.as_str()),
            &column(links, |(event, ..)| event.change.mesh.map(MeshId::uuid)),
            &column(links, |(event, ..)| event.change.before.as_ref()),
            &column(links, |(event, ..)| event.change.after.as_ref()),
            &column(links, |(_, canonical, _)| canonical.as_slice()),
            &column(links, |(_, _, hash)| hash.0.as_slice()),
        ],
    )
    .await?;
    Ok(())
}

/// Which events are wanted. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Filter {
    /// Of this mesh.
    pub mesh: Option<MeshId>,
    /// By an actor of this kind.
    pub actor_kind: Option<&'static str>,
    /// By this key.
    pub actor_key: Option<KeyId>,
    /// Of this kind.
    pub action: Option<&'static str>,
    /// About this.
    pub subject: Option<String>,
    /// At this time or later.
    pub since: Option<OffsetDateTime>,
    /// Before this time.
    pub until: Option<OffsetDateTime>,
}

/// An event in its chain, as it is shown.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The event.
    pub event: Event,
    /// The chain's hash after it.
    pub hash: ChainHash,
}

/// The org's events before `seq`, the newest first.
pub async fn list(
    db: &impl GenericClient,
    org: OrgId,
    filter: &Filter,
    before: i64,
    limit: Limit,
) -> Result<Vec<Linked>, Error> {
    let list = db.prepare_cached(LIST).await?;
    let (mesh, actor) = (filter.mesh.map(MeshId::uuid), filter.actor_key.map(KeyId::uuid));
    let rows = db
        .query(
            &list,
            &[
                &org.uuid(),
                &before,
                &mesh,
                &filter.actor_kind,
                &actor,
                &filter.action,
                &filter.subject,
                &filter.since,
                &filter.until,
                &limit.and_one(),
            ],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Linked, Error> {
    let kind: &str = row::get(row, "subject_kind")?;
    let kind =
        Subject::KINDS.into_iter().find(|known| *known == kind).ok_or_else(|| row::corrupt("unknown subject"))?;
    let change = Change {
        action: row::parsed::<Action>(row, "action")?,
        subject: Subject { kind, id: row::get(row, "subject_id")? },
        mesh: row::id_option(row, "mesh_id")?,
        before: row::get::<Option<Value>>(row, "before")?,
        after: row::get::<Option<Value>>(row, "after")?,
    };
    let event = Event {
        id: row::id(row, "id")?,
        org: row::id(row, "org_id")?,
        seq: row::get(row, "seq")?,
        at: row::get(row, "at")?,
        actor: row::actor(row, "actor_kind", "actor_key")?.ok_or_else(|| row::corrupt("no actor"))?,
        change,
        trail: Trail { request_id: row::get(row, "request_id")?, address: row::get(row, "address")? },
    };
    Ok(Linked { event, hash: hash(row)? })
}

/// Follows the org's chain from its beginning; answers how many events it has, or the place at which it breaks.
pub async fn follow(db: &impl GenericClient, org: OrgId) -> Result<Result<i64, i64>, Error> {
    let chain = db.prepare_cached(CHAIN).await?;
    let (mut seq, mut end) = (0_i64, ChainHash::START);
    loop {
        let rows = db.query(&chain, &[&org.uuid(), &seq]).await?;
        if rows.is_empty() {
            let head = head(db, org).await?;
            return Ok(if (head.seq, head.hash) == (seq, end) { Ok(seq) } else { Err(seq + 1) });
        }
        for row in rows {
            seq += 1;
            let canonical: &[u8] = row::get(&row, "canonical")?;
            end = end.then(canonical);
            // A row that can no longer be read has been altered too.
            let is_whole = read(&row).is_ok_and(|linked| {
                linked.event.seq == seq && linked.hash == end && linked.event.canonical() == canonical
            });
            if !is_whole {
                return Ok(Err(seq));
            }
        }
    }
}
