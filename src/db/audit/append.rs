//! Appending: behind the locked head, in the transaction of the change.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;

use super::hash;
use crate::{
    db::{Error, queries, row},
    domain::{
        KeyId, MeshId, OrgId, UserId,
        audit::{Actor, ChainHash, Change, Event, Trail},
    },
};

queries! {
    HEAD = "SELECT seq, hash, unrevoked_keys, clock_timestamp() AS now FROM audit_heads WHERE org_id = $1 FOR NO KEY UPDATE";
    INSERT = "
        INSERT INTO audit_events (org_id, seq, id, at, actor_kind, actor_key, actor_user, action, subject_kind, subject_id, mesh_id,
                                  before, after, request_id, address, canonical, hash)
        SELECT $1, seq, id, $2, $3, $4, $5, action, subject_kind, subject_id, mesh_id, before, after, $6, $7, canonical, hash
        FROM unnest($8::bigint[], $9::uuid[], $10::text[], $11::text[], $12::text[], $13::uuid[], $14::jsonb[],
                    $15::jsonb[], $16::bytea[], $17::bytea[])
            AS e (seq, id, action, subject_kind, subject_id, mesh_id, before, after, canonical, hash)";
    ADVANCE = "UPDATE audit_heads SET seq = $2, hash = $3, unrevoked_keys = $4 WHERE org_id = $1";
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

/// An event and its canonical bytes.
type Link = (Event, Vec<u8>);

impl Head {
    fn link(&mut self, actor: Actor, trail: &Trail, change: Change) -> Link {
        self.seq += 1;
        let link = Event::of((self.org, self.seq, self.now), actor, trail, change, self.hash);
        self.hash = link.0.hash;
        link
    }
}

async fn insert(
    db: &impl GenericClient,
    head: &Head,
    actor: Actor,
    trail: &Trail,
    links: &[Link],
) -> Result<(), Error> {
    fn column<'a, T>(links: &'a [Link], of: impl Fn(&'a Event) -> T) -> Vec<T> {
        links.iter().map(|(event, _)| of(event)).collect()
    }
    let insert = db.prepare_cached(INSERT).await?;
    db.execute(
        &insert,
        &[
            &head.org.uuid(),
            &head.now,
            &actor.kind(),
            &actor.key().map(KeyId::uuid),
            &actor.user().map(UserId::uuid),
            &trail.request_id.as_ref().map(ToString::to_string),
            &trail.address,
            &column(links, |event| event.seq),
            &column(links, |event| event.id.uuid()),
            &column(links, |event| event.action.as_str()),
            &column(links, |event| event.subject.kind.as_str()),
            &column(links, |event| event.subject.id.as_str()),
            &column(links, |event| event.mesh.map(MeshId::uuid)),
            &column(links, |event| event.before.as_ref()),
            &column(links, |event| event.after.as_ref()),
            &links.iter().map(|(_, canonical)| canonical.as_slice()).collect::<Vec<_>>(),
            &column(links, |event| event.hash.0.as_slice()),
        ],
    )
    .await?;
    Ok(())
}
