//! Retention: taking old events away behind a checkpoint. Takes the operator's role, and the database itself refuses a
//! deletion without a checkpoint, and a checkpoint without its event.

use deadpool_postgres::GenericClient;

use super::hash;
use crate::{
    db::{Error, queries, row},
    domain::{
        OrgId,
        audit::{ChainHash, End},
    },
};

queries! {
    CHECKPOINT = "SELECT seq, hash FROM audit_checkpoints WHERE org_id = $1 ORDER BY seq DESC LIMIT 1";
    // One at a time: the other would find other events than those that it has written down.
    TRY_BEGIN = "
        SELECT pg_try_advisory_xact_lock(hashtextextended('meshkey.retain ' || o.org_id, 0))
        FROM audit_heads o WHERE org_id = $1";
    HASH_AT = "SELECT hash FROM audit_events WHERE org_id = $1 AND seq = $2";
    WRITE = "INSERT INTO audit_checkpoints (org_id, seq, hash) VALUES ($1, $2, $3)";
    TAKE_AWAY = "DELETE FROM audit_events WHERE org_id = $1 AND seq > $2 AND seq <= $3";
}

/// Up to where events of the org were taken away before.
pub async fn checkpoint(db: &impl GenericClient, org: OrgId) -> Result<Option<End>, Error> {
    let checkpoint = db.prepare_cached(CHECKPOINT).await?;
    let row = db.query_opt(&checkpoint, &[&org.uuid()]).await?;
    row.map(|row| Ok(End { seq: row::get(&row, "seq")?, hash: hash(&row)? })).transpose()
}

/// Whether this is the only retention of the org, to the end of the transaction.
pub async fn try_begin(db: &impl GenericClient, org: OrgId) -> Result<bool, Error> {
    let begin = db.prepare_cached(TRY_BEGIN).await?;
    Ok(db.query_opt(&begin, &[&org.uuid()]).await?.is_some_and(|row| row.get(0)))
}

/// The hash of the org's event at this place.
pub async fn hash_at(db: &impl GenericClient, org: OrgId, seq: i64) -> Result<Option<ChainHash>, Error> {
    let at = db.prepare_cached(HASH_AT).await?;
    db.query_opt(&at, &[&org.uuid(), &seq]).await?.as_ref().map(hash).transpose()
}

/// Writes down up to where events are about to be taken away.
pub async fn write_checkpoint(db: &impl GenericClient, org: OrgId, end: End) -> Result<(), Error> {
    let write = db.prepare_cached(WRITE).await?;
    db.execute(&write, &[&org.uuid(), &end.seq, &end.hash.0.as_slice()]).await?;
    Ok(())
}

/// Takes the org's events behind `after` and up to `through` away; gives how many there were.
pub async fn take_away(db: &impl GenericClient, org: OrgId, after: i64, through: i64) -> Result<u64, Error> {
    let take = db.prepare_cached(TAKE_AWAY).await?;
    Ok(db.execute(&take, &[&org.uuid(), &after, &through]).await?)
}
