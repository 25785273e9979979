//! What browsers were asked about passkeys, until they answer: for any replica, and once.

use deadpool_postgres::GenericClient;
use serde_json::Value;

use super::{Error, queries, row};
use crate::domain::{CodeHash, SessionId, passkey::ANSWER};

/// How many rows are taken away at once.
const PAGE: i64 = 10_000;
/// How many a session may have open.
const MOST_OF_SESSION: i64 = 10;
/// How many may be open from one address: there may be an office behind it.
const MOST_OF_SOURCE: i64 = 1_000;

queries! {
    INSERT = "
        INSERT INTO ceremonies (hash, purpose, session_id, source, state, ends_at)
        VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))";
    TRIM_SESSION = "
        DELETE FROM ceremonies
        WHERE hash IN (SELECT hash FROM ceremonies WHERE session_id = $1 ORDER BY created_at DESC, hash OFFSET $2)";
    TRIM_SOURCE = "
        DELETE FROM ceremonies
        WHERE hash IN (SELECT hash FROM ceremonies WHERE source = $1 ORDER BY created_at DESC, hash OFFSET $2)";
    TAKE = "
        DELETE FROM ceremonies
        WHERE hash = $1 AND purpose = $2 AND session_id IS NOT DISTINCT FROM $3 AND ends_at > clock_timestamp()
        RETURNING state";
    SWEEP = "DELETE FROM ceremonies WHERE ctid IN (SELECT ctid FROM ceremonies WHERE ends_at < now() LIMIT $1)";
}

/// What a browser was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To make a passkey.
    Add,
    /// To show once more who is signed in.
    Confirm,
    /// To stand for the second factor.
    Factor,
    /// To sign in.
    SignIn,
}

/// Who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Whoever has this session.
    Session(SessionId),
    /// Somebody unknown, by whence, as tries are counted.
    Anybody([u8; 32]),
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Confirm => "confirm",
            Self::Factor => "factor",
            Self::SignIn => "sign_in",
        }
    }
}

/// Keeps one; of too many from there the oldest goes.
pub async fn keep(
    db: &impl GenericClient,
    hash: CodeHash,
    purpose: Purpose,
    asked: Asked,
    state: &Value,
) -> Result<(), Error> {
    let (session, source) = match &asked {
        Asked::Session(session) => (Some(session.uuid()), None),
        Asked::Anybody(source) => (None, Some(source.as_slice())),
    };
    let (insert, life) = (db.prepare_cached(INSERT).await?, ANSWER.as_secs_f64());
    db.execute(&insert, &[&hash.0.as_slice(), &purpose.name(), &session, &source, state, &life]).await?;
    if let Some(session) = session {
        let trim = db.prepare_cached(TRIM_SESSION).await?;
        db.execute(&trim, &[&session, &MOST_OF_SESSION]).await?;
    }
    if let Some(source) = source {
        let trim = db.prepare_cached(TRIM_SOURCE).await?;
        db.execute(&trim, &[&source, &MOST_OF_SOURCE]).await?;
    }
    Ok(())
}

/// Uses one up, if this session was asked that, and its end has not come.
pub async fn take(
    db: &impl GenericClient,
    hash: CodeHash,
    purpose: Purpose,
    session: Option<SessionId>,
) -> Result<Option<Value>, Error> {
    let take = db.prepare_cached(TAKE).await?;
    let session = session.map(SessionId::uuid);
    let taken = db.query_opt(&take, &[&hash.0.as_slice(), &purpose.name(), &session]).await?;
    taken.map(|row| row::get(&row, "state")).transpose()
}

/// Takes away those that are over. Takes the operator's role.
pub async fn sweep(db: &impl GenericClient) -> Result<u64, Error> {
    let sweep = db.prepare_cached(SWEEP).await?;
    Ok(db.execute(&sweep, &[&PAGE]).await?)
}
