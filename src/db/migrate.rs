//! Migrations: embedded in the binary, run under a lock, refused where the history is not ours.

use refinery::{Report, Runner, error::Kind};
use thiserror::Error;
use tokio_postgres::Client;

use super::roles;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// The number under which replicas that start together wait for each other: refinery itself takes no lock.
const LOCK: i64 = 0x6d65_7368_6b65_7901;

/// Why the schema could not be brought up to date.
#[derive(Debug, Error)]
pub enum Error {
    /// An applied migration is not the one in this binary.
    #[error(
        "the database was migrated with another version of '{0}' than this binary has: refused, since the schema may \
         not be what this binary expects; use the binary that made it, or restore the database from before"
    )]
    Diverged(String),
    /// The roles are not as they must be.
    #[error(transparent)]
    Roles(#[from] roles::Error),
    /// A migration failed; nothing of it was kept.
    #[error("a migration failed, and nothing of it was kept: {0}")]
    Failed(String),
    /// The database could not be asked.
    #[error("the database could not be asked: {0}")]
    Postgres(#[from] tokio_postgres::Error),
}

/// What a run did.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The migrations that were applied.
    pub applied: Vec<String>,
    /// Those of a newer binary, which this one does not know.
    pub unknown: Vec<String>,
}

fn runner() -> Runner {
    // A newer binary's migrations are no reason to stop: a rollback of the binary must work.
    embedded::migrations::runner().set_abort_missing(false).set_abort_divergent(true)
}

/// Brings the schema up to date, as the login that owns the database. Replicas that start together take turns.
pub async fn up(db: &mut Client, service_login: Option<&str>) -> Result<Outcome, Error> {
    db.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    let outcome = up_alone(db, service_login).await;
    let unlocked = db.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await;
    let outcome = outcome?;
    unlocked?;
    Ok(outcome)
}

async fn up_alone(db: &mut Client, service_login: Option<&str>) -> Result<Outcome, Error> {
    roles::ensure(db, service_login).await?;
    let report: Report = runner().run_async(db).await.map_err(|error| explain(&error))?;
    let applied = report.applied_migrations().iter().map(ToString::to_string).collect();
    Ok(Outcome { applied, unknown: status(db).await?.unknown })
}

fn explain(error: &refinery::Error) -> Error {
    match error.kind() {
        Kind::DivergentVersion(applied, _) | Kind::MissingVersion(applied) => Error::Diverged(applied.to_string()),
        _ => Error::Failed(with_causes(error)),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The schema against this binary. Each list is in order, as `V1__name`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The newest that was applied.
    pub version: Option<i32>,
    /// What was applied, and is as in this binary.
    pub applied: Vec<String>,
    /// What this binary has and the database has not.
    pub pending: Vec<String>,
    /// What was applied by a newer binary.
    pub unknown: Vec<String>,
    /// What was applied and is otherwise in this binary, and what was passed over.
    pub diverged: Vec<String>,
}

/// The newest version of the schema that this binary knows.
#[must_use]
pub fn newest() -> i32 {
    runner().get_migrations().iter().map(refinery::Migration::version).max().unwrap_or_default()
}

/// How the schema stands against this binary. Changes nothing.
pub async fn status(db: &Client) -> Result<Status, Error> {
    let mut status = Status::default();
    let runner = runner();
    let ours = runner.get_migrations();
    for Applied { version, label, checksum } in history(db).await? {
        status.version = status.version.max(Some(version));
        let list = match ours.iter().find(|known| known.version() == version) {
            Some(known) if known.to_string() == label && known.checksum().to_string() == checksum => {
                &mut status.applied
            }
            None if version > newest() => &mut status.unknown,
            _ => &mut status.diverged,
        };
        list.push(label);
    }
    let is_there = |label: &String| status.applied.contains(label) || status.diverged.contains(label);
    let mut missing: Vec<_> = ours.iter().filter(|known| !is_there(&known.to_string())).collect();
    missing.sort_by_key(|known| known.version());
    // One that was passed over is never applied any more.
    let (pending, passed): (Vec<_>, Vec<_>) =
        missing.into_iter().partition(|known| Some(known.version()) > status.version);
    status.pending = pending.into_iter().map(ToString::to_string).collect();
    status.diverged.extend(passed.into_iter().map(|known| format!("{known}, which was passed over")));
    Ok(status)
}

/// A line of the history.
struct Applied {
    version: i32,
    label: String,
    checksum: String,
}

/// What was applied, by version. Nothing where there is no schema yet.
async fn history(db: &Client) -> Result<Vec<Applied>, Error> {
    let is_there = "SELECT to_regclass('refinery_schema_history') IS NOT NULL";
    if !db.query_one(is_there, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(Vec::new());
    }
    let rows = db.query("SELECT version, name, checksum FROM refinery_schema_history ORDER BY version", &[]).await?;
    let read = |row: &tokio_postgres::Row| {
        let (version, name): (i32, &str) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Applied { version, label: format!("V{version}__{name}"), checksum: row.try_get(2)? })
    };
    rows.iter().map(read).collect()
}
