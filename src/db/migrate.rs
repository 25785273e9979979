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
    /// How many migrations were applied.
    pub applied: usize,
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
    Ok(Outcome { applied: report.applied_migrations().len(), unknown: unknown(db).await? })
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

async fn unknown(db: &Client) -> Result<Vec<String>, Error> {
    let newest = runner().get_migrations().iter().map(refinery::Migration::version).max().unwrap_or_default();
    let rows = db
        .query("SELECT version, name FROM refinery_schema_history WHERE version > $1 ORDER BY version", &[&newest])
        .await?;
    let name =
        |row: &tokio_postgres::Row| Ok(format!("V{}__{}", row.try_get::<_, i32>(0)?, row.try_get::<_, &str>(1)?));
    rows.iter().map(name).collect()
}
