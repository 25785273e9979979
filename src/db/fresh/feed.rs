//! The feed: saying that something has changed, and clearing away what every replica has read.

use deadpool_postgres::{GenericClient, Object};
use uuid::Uuid;

use super::super::{Error, Transaction, queries};
use crate::domain::fresh::Change;

queries! {
    /// The transaction in which this runs.
    HERE = "SELECT pg_current_xact_id()::text AS transaction, meshkey_server() AS server";
    /// Says it again, in a transaction of its own.
    TELL = "SELECT meshkey_tell($1, $2) AS transaction, meshkey_server() AS server";
    /// One process at a time. What is older than $1 seconds and of which every snapshot from now on sees all.
    CLEAR = "
        WITH turn AS (SELECT mark FROM feed_marks FOR UPDATE SKIP LOCKED),
        oldest AS (
            SELECT xact, at FROM key_changes
            WHERE xact < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xact LIMIT 20000
        ),
        last AS (SELECT max(xact) AS xact FROM oldest, turn WHERE at < clock_timestamp() - make_interval(secs => $1)),
        gone AS (DELETE FROM key_changes c USING last WHERE c.xact <= last.xact RETURNING c.xact)
        UPDATE feed_marks SET mark = (last.xact::text::bigint + 1)::text::xid8
        FROM last WHERE last.xact IS NOT NULL AND EXISTS (SELECT FROM turn) AND (SELECT count(*) FROM gone) >= 0";
    /// In a copy or after a restore the numbers in the tables mean nothing.
    CLAIM = "
        UPDATE feed_marks SET system = split_part(meshkey_server(), '/', 1),
               mark = pg_snapshot_xmin(pg_current_snapshot())
        WHERE system <> split_part(meshkey_server(), '/', 1)";
    FORGET_CHANGES = "DELETE FROM key_changes";
    FORGET_REPLICAS = "DELETE FROM replicas";
}

/// What may be said again to have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A key.
    Key,
    /// An org.
    Org,
    /// A mesh.
    Mesh,
    /// A person, and what it may do.
    User,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Org => "org",
            Self::Mesh => "mesh",
            Self::User => "user",
        }
    }
}

/// The transaction that is under way, as a change to wait for.
pub async fn here(transaction: &Transaction<'_>) -> Result<Change, Error> {
    let here = transaction.prepare_cached(HERE).await?;
    change(&transaction.query_one(&here, &[]).await?)
}

/// Says again that this has changed. Every transaction that had ended when this began is seen by whoever sees this one.
pub async fn tell(db: &impl GenericClient, kind: Kind, subject: Uuid) -> Result<Change, Error> {
    let tell = db.prepare_cached(TELL).await?;
    change(&db.query_one(&tell, &[&kind.name(), &subject]).await?)
}

fn change(row: &tokio_postgres::Row) -> Result<Change, Error> {
    Ok(Change { transaction: super::transaction(row, "transaction")?, server: super::server(row, "server")? })
}

/// How long a change stays in the feed, in seconds. A replica that was away for longer forgets everything.
const KEPT: f64 = 600.0;

/// Clears away old changes. Takes the operator's role.
pub async fn clear(db: &mut Object) -> Result<u64, Error> {
    let clear = db.prepare_cached(CLEAR).await?;
    Ok(db.execute(&clear, &[&KEPT]).await?)
}

/// Forgets changes and replicas that were counted by another system: the database was copied or restored. Takes the
/// operator's role.
pub async fn claim(db: &mut Object) -> Result<bool, Error> {
    let transaction = db.transaction().await?;
    let is_other = transaction.execute(CLAIM, &[]).await? > 0;
    if is_other {
        transaction.execute(FORGET_CHANGES, &[]).await?;
        transaction.execute(FORGET_REPLICAS, &[]).await?;
    }
    transaction.commit().await?;
    Ok(is_other)
}
