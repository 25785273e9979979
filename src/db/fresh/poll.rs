//! The rows of the replicas, as a change that waits for them reads them.

use std::time::Duration;

use time::OffsetDateTime;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::super::{Error, queries, row};
use crate::domain::fresh::{Replica, Server};

queries! {
    /// Every row, and where this was asked, even if there is no row.
    REPLICAS = "
        SELECT meshkey_server() AS here, clock_timestamp() AS now, r.boot_id, r.beat, r.name, r.snap::text AS snapshot,
               r.server, r.hold_ms, r.started_at, r.seen_at
        FROM (SELECT 1) one LEFT JOIN replicas r ON true ORDER BY r.started_at, r.boot_id";
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
        let (here, listed) = self.listed().await?;
        Ok((here, listed.into_iter().map(|one| one.replica).collect()))
    }

    /// The same, for people.
    pub async fn listed(&self) -> Result<(Server, Vec<Listed>), Error> {
        let rows = self.client.query(&self.replicas, &[]).await?;
        let first = rows.first().ok_or_else(|| row::corrupt("no row"))?;
        let listed = rows.iter().map(listed).filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok((super::server(first, "here")?, listed))
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

fn listed(row: &Row) -> Result<Option<Listed>, Error> {
    let Some(boot) = row::get::<Option<Uuid>>(row, "boot_id")? else { return Ok(None) };
    let hold: i32 = row::get(row, "hold_ms")?;
    let replica = Replica {
        boot,
        beat: row::get(row, "beat")?,
        name: row::get(row, "name")?,
        snapshot: super::snapshot(row, "snapshot")?,
        server: super::server(row, "server")?,
        hold: Duration::from_millis(hold.unsigned_abs().into()),
    };
    let (started_at, seen_at) = (row::get(row, "started_at")?, row::get(row, "seen_at")?);
    Ok(Some(Listed { replica, started_at, seen_at, now: row::get(row, "now")? }))
}
