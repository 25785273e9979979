//! The beat: one durable statement that publishes what was applied and reads what has changed since.

use time::OffsetDateTime;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::super::{Error, queries, row};
use crate::domain::fresh::{Applied, Heard, Sent};

/// Where it stands, and what has changed since the snapshot `$4`.
macro_rules! changed_since {
    () => {
        " pg_current_snapshot()::text AS snapshot, meshkey_server() AS server,
               marks.mark::text AS mark, now() AS clock, changed.kind, changed.subject
        FROM feed_marks marks
        LEFT JOIN LATERAL (
            SELECT kind, subject FROM key_changes
            WHERE xact >= pg_snapshot_xmax($4::text::pg_snapshot) AND xact < pg_snapshot_xmax(pg_current_snapshot())
            UNION ALL
            SELECT kind, subject FROM key_changes
            WHERE xact = ANY (ARRAY(SELECT pg_snapshot_xip($4::text::pg_snapshot)))
        ) changed ON true"
    };
}

queries! {
    /// Where a course begins.
    BEGIN = "SELECT pg_current_snapshot()::text AS snapshot, meshkey_server() AS server";
    /// One statement, so that what it publishes, what it reads and the mark are of one snapshot and one commit. Changes of
    /// transactions that its own snapshot does not see are not there for it; those with numbers of the future, which a
    /// dump may have brought in, are left out.
    BEAT = concat!(
        "
        WITH own AS (
            INSERT INTO replicas AS mine (boot_id, beat, name, snap, server, hold_ms, seen_at)
            VALUES ($1, $2, $3, $4::text::pg_snapshot, $5, $6, clock_timestamp())
            ON CONFLICT (boot_id) DO UPDATE
                SET beat = excluded.beat, snap = excluded.snap, server = excluded.server, seen_at = clock_timestamp()
                WHERE mine.beat < excluded.beat
            RETURNING boot_id
        )
        SELECT EXISTS (SELECT FROM own) AS is_ours,",
        changed_since!()
    );
    /// The same for who may write no table: its row is written by a function, in the same statement.
    GUARD_BEAT = concat!(
        "
        WITH own AS MATERIALIZED (
            SELECT meshkey_guard_beat($1, $2, $3, $4::text::pg_snapshot, $5, $6) AS is_ours
        )
        SELECT (SELECT is_ours FROM own) AS is_ours,",
        changed_since!()
    );
    /// Who stops needs nobody to wait for it.
    LEAVE = "DELETE FROM replicas WHERE boot_id = $1";
    GUARD_LEAVE = "SELECT meshkey_guard_leave($1)";
}

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// A key, an org or a mesh, by its id.
    Subject(Uuid),
    /// Anything may have.
    Everything,
}

/// What a beat has brought.
#[derive(Debug)]
pub struct Brought {
    /// What it is judged by.
    pub heard: Heard,
    /// What has changed.
    pub changes: Vec<Changed>,
    /// The clock of the database: later than the beat was sent, and not later than its snapshot was taken.
    pub clock: OffsetDateTime,
}

/// Who beats.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Given by chance at each start, never read from the machine: copies of a machine, and processes on one, differ.
    pub boot: Uuid,
    /// What people call it.
    pub name: String,
    /// In milliseconds: how long it may go by what it remembers.
    pub hold: i32,
}

/// A connection to beat on.
pub struct Drum {
    client: Client,
    beat: Statement,
    leave: &'static str,
}

impl Drum {
    /// Prepares a connection.
    pub async fn new(client: Client) -> Result<Self, Error> {
        let beat = client.prepare(BEAT).await?;
        Ok(Self { client, beat, leave: LEAVE })
    }

    /// The same in the guard's role.
    pub async fn of_guard(client: Client) -> Result<Self, Error> {
        let beat = client.prepare(GUARD_BEAT).await?;
        Ok(Self { client, beat, leave: GUARD_LEAVE })
    }

    /// The snapshot from which a course can begin.
    pub async fn begin(&self) -> Result<Applied, Error> {
        applied(&self.client.query_one(BEGIN, &[]).await?)
    }

    /// Beats. The answer is complete only when the database has said that it is ready for the next statement: then the
    /// beat is committed.
    pub async fn beat(&self, who: &Identity, sent: &Sent) -> Result<Brought, Error> {
        let Applied { snapshot, server } = &sent.publishes;
        let (snapshot, server) = (snapshot.to_string(), &*server.0);
        let rows =
            self.client.query(&self.beat, &[&who.boot, &sent.number, &who.name, &snapshot, &server, &who.hold]).await?;
        brought(&rows)
    }

    /// Takes the row of this process away.
    pub async fn leave(&self, boot: Uuid) -> Result<(), Error> {
        self.client.execute(self.leave, &[&boot]).await?;
        Ok(())
    }
}

fn applied(row: &Row) -> Result<Applied, Error> {
    Ok(Applied { snapshot: super::snapshot(row, "snapshot")?, server: super::server(row, "server")? })
}

fn brought(rows: &[Row]) -> Result<Brought, Error> {
    let first = rows.first().ok_or_else(|| row::corrupt("feed_marks has no row"))?;
    let heard =
        Heard { is_ours: row::get(first, "is_ours")?, now: applied(first)?, mark: super::transaction(first, "mark")? };
    let changes = rows.iter().map(changed).filter_map(Result::transpose).collect::<Result<_, _>>()?;
    Ok(Brought { heard, changes, clock: row::get(first, "clock")? })
}

/// A kind that this version does not know may mean anything.
fn changed(row: &Row) -> Result<Option<Changed>, Error> {
    let subject = row::get::<Option<Uuid>>(row, "subject")?;
    Ok(match row::get::<Option<&str>>(row, "kind")? {
        None | Some("probe") => None,
        Some("key" | "org" | "mesh") => Some(subject.map_or(Changed::Everything, Changed::Subject)),
        Some(_) => Some(Changed::Everything),
    })
}
