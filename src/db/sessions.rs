//! Where people are signed in.

use std::net::IpAddr;

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{
    Email, SessionHash, SessionId, Title, UserId,
    session::{Lifetimes, MOST, Session},
};

/// How many may wait for a second factor at once.
const MOST_HALF: i64 = 5;
/// How many rows are taken away at once.
const PAGE: i64 = 10_000;

queries! {
    FIND = "
        SELECT now, session_id, user_id, email, name, is_suspended, is_half, seen_at, confirmed_at, ends_at
        FROM meshkey_session($1, NULL, NULL)";
    INSERT = "
        INSERT INTO sessions (id, user_id, hash, is_half, ends_at, address, agent)
        VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), $6, $7)";
    TRIM = "
        DELETE FROM sessions
        WHERE id IN (
            SELECT id FROM sessions WHERE user_id = $1 AND is_half = $3 ORDER BY created_at DESC, id DESC OFFSET $2)";
    LIST = "
        SELECT id, created_at, seen_at, ends_at, address, agent FROM sessions
        WHERE user_id = $1 AND NOT is_half AND ends_at > now() AND seen_at > now() - make_interval(secs => $2)
        ORDER BY seen_at DESC, id DESC";
    TOUCH = "UPDATE sessions SET seen_at = clock_timestamp() WHERE id = $1";
    CONFIRM = "UPDATE sessions SET confirmed_at = clock_timestamp() WHERE id = $1";
    AGE = "UPDATE sessions SET confirmed_at = least(confirmed_at, $2) WHERE hash = $1";
    END = "DELETE FROM sessions WHERE user_id = $1 AND id = $2";
    END_OTHERS = "DELETE FROM sessions WHERE user_id = $1 AND id <> $2";
    END_ALL = "DELETE FROM sessions WHERE user_id = $1";
    FORGET = "DELETE FROM sessions WHERE hash = $1";
    SWEEP = "
        DELETE FROM sessions WHERE ctid IN (
            SELECT ctid FROM sessions WHERE ends_at < now() OR seen_at < now() - make_interval(secs => $1) LIMIT $2)";
}

/// Somebody whose session was found, alive or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The time of the database.
    pub now: OffsetDateTime,
    /// Which session.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// By which the person signs in.
    pub email: Email,
    /// What the person is called.
    pub name: Title,
    /// Whether the person may do nothing at all.
    pub is_suspended: bool,
    /// Whether the second factor is still to come.
    pub is_half: bool,
    /// When it was last heard of.
    pub seen_at: OffsetDateTime,
    /// When the person last showed who it is.
    pub confirmed_at: OffsetDateTime,
    /// When it ends at the latest.
    pub ends_at: OffsetDateTime,
}

impl Found {
    /// Whether it is alive, and its person may do something; it may wait for a second factor.
    #[must_use]
    pub fn is_live(&self, lifetimes: Lifetimes) -> bool {
        !self.is_suspended && lifetimes.is_live(self.seen_at, self.ends_at, self.now)
    }
}

/// A session that begins.
pub struct NewSession<'a> {
    /// Which one.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// By which it is known.
    pub hash: SessionHash,
    /// Whether the second factor is still to come.
    pub is_half: bool,
    /// For how long at most.
    pub life: std::time::Duration,
    /// Whence.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub agent: &'a str,
}

/// The session with this hash.
pub async fn find(db: &impl GenericClient, hash: SessionHash) -> Result<Option<Found>, Error> {
    let find = db.prepare_cached(FIND).await?;
    db.query_opt(&find, &[&hash.0.as_slice()]).await?.as_ref().map(found).transpose()
}

fn found(row: &Row) -> Result<Found, Error> {
    Ok(Found {
        now: row::get(row, "now")?,
        id: row::id(row, "session_id")?,
        user: row::id(row, "user_id")?,
        email: row::parsed(row, "email")?,
        name: row::parsed(row, "name")?,
        is_suspended: row::get(row, "is_suspended")?,
        is_half: row::get(row, "is_half")?,
        seen_at: row::get(row, "seen_at")?,
        confirmed_at: row::get(row, "confirmed_at")?,
        ends_at: row::get(row, "ends_at")?,
    })
}

/// Begins one; of more than a person may have, the oldest ends.
pub async fn insert(db: &impl GenericClient, new: &NewSession<'_>) -> Result<(), Error> {
    let insert = db.prepare_cached(INSERT).await?;
    let NewSession { id, user, hash, is_half, life, address, agent } = new;
    let (id, user, hash, life) = (id.uuid(), user.uuid(), hash.0.as_slice(), life.as_secs_f64());
    db.execute(&insert, &[&id, &user, &hash, is_half, &life, address, agent]).await?;
    let trim = db.prepare_cached(TRIM).await?;
    // Who knows the password alone pushes out nobody who is signed in.
    db.execute(&trim, &[&user, &if *is_half { MOST_HALF } else { MOST }, is_half]).await?;
    Ok(())
}

/// Those of a person that live, the one that was heard of last first.
pub async fn list(db: &impl GenericClient, user: UserId, lifetimes: Lifetimes) -> Result<Vec<Session>, Error> {
    let list = db.prepare_cached(LIST).await?;
    let rows = db.query(&list, &[&user.uuid(), &lifetimes.idle.as_secs_f64()]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Session, Error> {
    Ok(Session {
        id: row::id(row, "id")?,
        created_at: row::get(row, "created_at")?,
        seen_at: row::get(row, "seen_at")?,
        ends_at: row::get(row, "ends_at")?,
        address: row::get(row, "address")?,
        agent: row::get(row, "agent")?,
    })
}

/// It was heard of.
pub async fn touch(db: &impl GenericClient, id: SessionId) -> Result<(), Error> {
    let touch = db.prepare_cached(TOUCH).await?;
    db.execute(&touch, &[&id.uuid()]).await?;
    Ok(())
}

/// The person has shown once more who it is. Whether the session is still there.
pub async fn confirm(db: &impl GenericClient, id: SessionId) -> Result<bool, Error> {
    let confirm = db.prepare_cached(CONFIRM).await?;
    Ok(db.execute(&confirm, &[&id.uuid()]).await? == 1)
}

/// Ends one of this person. Whether there was one.
pub async fn end(db: &impl GenericClient, user: UserId, id: SessionId) -> Result<bool, Error> {
    let end = db.prepare_cached(END).await?;
    Ok(db.execute(&end, &[&user.uuid(), &id.uuid()]).await? == 1)
}

/// Ends all of this person but one. How many.
pub async fn end_others(db: &impl GenericClient, user: UserId, id: SessionId) -> Result<u64, Error> {
    let end = db.prepare_cached(END_OTHERS).await?;
    Ok(db.execute(&end, &[&user.uuid(), &id.uuid()]).await?)
}

/// Ends all of this person. How many.
pub async fn end_all(db: &impl GenericClient, user: UserId) -> Result<u64, Error> {
    let end = db.prepare_cached(END_ALL).await?;
    Ok(db.execute(&end, &[&user.uuid()]).await?)
}

/// Ends the one with this hash, whosever it is.
pub async fn forget(db: &impl GenericClient, hash: SessionHash) -> Result<(), Error> {
    let forget = db.prepare_cached(FORGET).await?;
    db.execute(&forget, &[&hash.0.as_slice()]).await?;
    Ok(())
}

/// Takes away those that are over. Takes the operator's role.
pub async fn sweep(db: &impl GenericClient, lifetimes: Lifetimes) -> Result<u64, Error> {
    let sweep = db.prepare_cached(SWEEP).await?;
    Ok(db.execute(&sweep, &[&lifetimes.idle.as_secs_f64(), &PAGE]).await?)
}

/// Its person has shown no later than this who it is.
pub async fn age(db: &impl GenericClient, session: SessionHash, shown_at: OffsetDateTime) -> Result<(), Error> {
    let age = db.prepare_cached(AGE).await?;
    db.execute(&age, &[&session.0.as_slice(), &shown_at]).await?;
    Ok(())
}
