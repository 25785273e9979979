//! What must be so before a process may remember anything: asked at the start, and refused with what to do.

use std::time::Duration;

use thiserror::Error;
use tokio_postgres::{Client, GenericClient, error::SqlState};
use uuid::Uuid;

use super::{
    super::{
        connect,
        connect::Target,
        queries,
        store::{APP, GUARD, OPERATOR},
    },
    CHANNEL,
};

queries! {
    IS_STANDBY = "SELECT pg_is_in_recovery()";
    LISTEN = "LISTEN meshkey_changes";
    CALL = "SELECT pg_notify('meshkey_changes', $1)";
    PROBE = "SELECT meshkey_tell('probe', $1)";
    SEEN = "
        SELECT EXISTS (SELECT FROM key_changes
            WHERE kind = 'probe' AND subject = $1 AND pg_visible_in_snapshot(xact, pg_current_snapshot()))";
    /// The same within the transaction of the probe.
    TRIED = "SELECT EXISTS (SELECT FROM key_changes WHERE kind = 'probe' AND subject = $1)";
    /// Whether a role that may only read it sees all of it.
    IS_OPEN = "
        SELECT NOT relrowsecurity AND has_table_privilege(oid, 'SELECT') FROM pg_class
        WHERE oid = 'key_changes'::regclass";
    /// The triggers that feed it, where they fire always.
    SOURCES = "
        SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE t.tgenabled = 'A' AND t.tgname IN ('tell_change', 'tell_end', 'tell_all', 'tell_next')
          AND c.oid IN ('api_keys'::regclass, 'key_secrets'::regclass, 'orgs'::regclass, 'meshes'::regclass,
                        'capabilities'::regclass, 'gates'::regclass, 'users'::regclass, 'memberships'::regclass)";
}

/// How many triggers feed it.
const TRIGGERS: i64 = 25;
/// How long a call may be on its way.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why nothing may be remembered on this database.
#[derive(Debug, Error)]
pub enum Error {
    /// It is a copy that follows another.
    #[error(
        "the database is a standby, which may not yet know of a revocation that was answered: refused; give the address \
         of the primary, or of all servers with target_session_attrs=read-write"
    )]
    Standby,
    /// `LISTEN` does nothing.
    #[error(
        "a NOTIFY does not arrive: a connection pooler between here and the database swallows LISTEN (PgBouncer in \
         transaction mode does): refused; connect to the database itself, meshkey has pools of its own"
    )]
    Deaf,
    /// A connection is not the one that it was.
    #[error(
        "a prepared statement is forgotten: a connection pooler between here and the database changes the connection under it \
         (PgBouncer in transaction mode does): refused; connect to the database itself, meshkey has pools of its own"
    )]
    Forgetful,
    /// The feed does not show what is in it.
    #[error(
        "the role {OPERATOR} does not see in key_changes what {APP} writes there: refused, since replicas would go on \
         accepting revoked keys; no row-level security may lie on key_changes"
    )]
    Blind,
    /// The same for a guard.
    #[error("the role {GUARD} may not see all of key_changes: refused, since it would go on accepting revoked keys")]
    BlindGuard,
    /// The feed is not fed.
    #[error(
        "of the {TRIGGERS} triggers that tell what has changed over keys only {0} fire always: refused, since replicas \
         would go on accepting revoked keys; restore the schema (ALTER TABLE … ENABLE ALWAYS TRIGGER …)"
    )]
    Unfed(i64),
    /// The way to the database.
    #[error(transparent)]
    Connect(#[from] connect::Error),
    /// The database could not be asked.
    #[error("the database could not be asked: {0}")]
    Postgres(#[source] tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(&SqlState::INVALID_SQL_STATEMENT_NAME) => Self::Forgetful,
            _ => Self::Postgres(error),
        }
    }
}

/// Refuses a standby: what a decision asks must not be older than what a revocation has answered.
pub async fn ensure_primary(db: &Client) -> Result<(), Error> {
    if db.query_one(IS_STANDBY, &[]).await?.try_get(0)? { Err(Error::Standby) } else { Ok(()) }
}

async fn ensure_fed(db: &impl GenericClient) -> Result<(), Error> {
    let fed: i64 = db.query_one(SOURCES, &[]).await?.try_get(0)?;
    // A newer version may have more.
    if fed >= TRIGGERS { Ok(()) } else { Err(Error::Unfed(fed)) }
}

async fn say(db: &impl GenericClient, word: Uuid) -> Result<(), Error> {
    match db.query_one(PROBE, &[&word]).await {
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Err(Error::Blind),
        told => Ok(told.map(drop)?),
    }
}

/// Refuses a feed that is not fed or not seen, as far as that can be told without leaving anything behind.
pub async fn ensure_whole(target: &Target) -> Result<(), Error> {
    let (mut login, word) = (target.connect().await?, Uuid::from_u128(rand::random()));
    let trial = login.transaction().await?;
    ensure_fed(&trial).await?;
    trial.batch_execute(&format!("SET LOCAL ROLE {APP}")).await?;
    say(&trial, word).await?;
    trial.batch_execute(&format!("SET LOCAL ROLE {OPERATOR}")).await?;
    let is_seen: bool = trial.query_one(TRIED, &[&word]).await?.try_get(0)?;
    trial.rollback().await?;
    if is_seen { Ok(()) } else { Err(Error::Blind) }
}

/// Refuses a way to the database on which a call does not arrive, and a feed that is not fed or not seen.
pub async fn ensure_feed(target: &Target) -> Result<(), Error> {
    let (operator, app) = hears(target, OPERATOR, APP).await?;
    let word = Uuid::from_u128(rand::random());
    ensure_fed(&operator).await?;
    say(&app, word).await?;
    if operator.query_one(SEEN, &[&word]).await?.try_get(0)? { Ok(()) } else { Err(Error::Blind) }
}

/// The same for a guard, which may say nothing.
pub async fn ensure_feed_of_guard(target: &Target) -> Result<(), Error> {
    let (guard, _) = hears(target, GUARD, GUARD).await?;
    ensure_fed(&guard).await?;
    if guard.query_one(IS_OPEN, &[]).await?.try_get(0)? { Ok(()) } else { Err(Error::BlindGuard) }
}

/// Two connections, of which the first hears when the second calls.
async fn hears(target: &Target, hearer: &str, caller: &str) -> Result<(Client, Client), Error> {
    let (hearer, mut heard) = target.as_role(hearer).connect_hearing().await?;
    hearer.batch_execute(LISTEN).await?;
    let (caller, word) = (target.as_role(caller).connect().await?, Uuid::from_u128(rand::random()));
    caller.query_one(CALL, &[&word.to_string()]).await?;
    let arrives = async {
        while let Some(call) = heard.recv().await {
            if call.channel() == CHANNEL && call.payload() == word.to_string() {
                return true;
            }
        }
        false
    };
    if tokio::time::timeout(PATIENCE, arrives).await.unwrap_or(false) { Ok((hearer, caller)) } else { Err(Error::Deaf) }
}
