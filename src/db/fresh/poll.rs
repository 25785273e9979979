//! The rows of the replicas, as a change that waits for them reads them.

use std::time::Duration;

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::super::{Error, queries, row};
use crate::domain::fresh::{Replica, Server};

queries! {
    /// Every row, and where this was asked, even if there is no row.
    REPLICAS = "
        SELECT meshkey_server() AS here, r.boot_id, r.beat, r.name, r.snap::text AS snapshot, r.server, r.hold_ms
        FROM (SELECT 1) one LEFT JOIN replicas r ON true";
    /// The same for people. How far behind one is can be told only of the server whose numbers its snapshot has.
    LISTED = "
        SELECT r.boot_id, r.beat, r.name, r.snap::text AS snapshot, r.server, r.hold_ms, r.started_at, r.seen_at,
               clock_timestamp() AS now, r.server = meshkey_server() AS is_here,
               CASE WHEN r.server = meshkey_server() THEN
                   (SELECT count(*) FROM key_changes c
                    WHERE c.kind <> 'probe' AND c.xact < pg_snapshot_xmax(pg_current_snapshot())
                      AND NOT pg_visible_in_snapshot(c.xact, r.snap))
               END AS behind
        FROM replicas r ORDER BY r.started_at, r.boot_id";
    /// Only those that still stand where they stood.
    REAP = "
        DELETE FROM replicas WHERE boot_id IN (
            SELECT r.boot_id FROM replicas r
            JOIN unnest($1::uuid[], $2::bigint[]) AS dead (boot_id, beat) ON r.boot_id = dead.boot_id AND r.beat = dead.beat
            FOR UPDATE OF r SKIP LOCKED)";
    /// Wakes every replica.
    WAKE = "NOTIFY meshkey_changes";
}

/// A replica, with what is of interest to people alone.
#[derive(Debug)]
pub struct Listed {
    /// Its row.
    pub replica: Replica,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// When it last beat, by the clock of the database.
    pub seen_at: OffsetDateTime,
    /// The clock of the database.
    pub now: OffsetDateTime,
    /// Whether what it has applied is of the server that was asked.
    pub is_here: bool,
    /// How many changes it has not yet applied, as far as it has said; unknown for one of another server.
    pub behind: Option<i64>,
}

/// Every replica that has a row, the oldest first.
pub async fn list(db: &impl GenericClient) -> Result<Vec<Listed>, Error> {
    let list = db.prepare_cached(LISTED).await?;
    db.query(&list, &[]).await?.iter().map(listed).collect()
}

/// A connection to watch the replicas on.
pub struct Lookout {
    client: Client,
    replicas: Statement,
    reap: Statement,
}

impl Lookout {
    /// Prepares a connection.
    pub async fn new(client: Client) -> Result<Self, Error> {
        let (replicas, reap) = (client.prepare(REPLICAS).await?, client.prepare(REAP).await?);
        Ok(Self { client, replicas, reap })
    }

    /// The server that was asked, and the rows.
    pub async fn replicas(&self) -> Result<(Server, Vec<Replica>), Error> {
        let rows = self.client.query(&self.replicas, &[]).await?;
        let first = rows.first().ok_or_else(|| row::corrupt("no row"))?;
        let replicas = rows.iter().map(replica).filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok((super::server(first, "here")?, replicas))
    }

    /// Takes away the rows that still show these beats.
    pub async fn reap(&self, dead: &[(Uuid, i64)]) -> Result<u64, Error> {
        let (boots, beats): (Vec<Uuid>, Vec<i64>) = dead.iter().copied().unzip();
        Ok(self.client.execute(&self.reap, &[&boots, &beats]).await?)
    }

    /// Wakes every replica, so that it beats now.
    pub async fn wake(&self) -> Result<(), Error> {
        Ok(self.client.batch_execute(WAKE).await?)
    }
}

fn listed(row: &Row) -> Result<Listed, Error> {
    Ok(Listed {
        replica: replica(row)?.ok_or_else(|| row::corrupt("a replica without an id"))?,
        started_at: row::get(row, "started_at")?,
        seen_at: row::get(row, "seen_at")?,
        now: row::get(row, "now")?,
        is_here: row::get(row, "is_here")?,
        behind: row::get(row, "behind")?,
    })
}

fn replica(row: &Row) -> Result<Option<Replica>, Error> {
    let Some(boot) = row::get::<Option<Uuid>>(row, "boot_id")? else { return Ok(None) };
    let hold: i32 = row::get(row, "hold_ms")?;
    Ok(Some(Replica {
        boot,
        beat: row::get(row, "beat")?,
        name: row::get(row, "name")?,
        snapshot: super::snapshot(row, "snapshot")?,
        server: super::server(row, "server")?,
        hold: Duration::from_millis(hold.unsigned_abs().into()),
    }))
}
