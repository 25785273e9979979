//! Who is signed in: read on every request and never remembered, so that a session that was ended is dead on every replica.

use deadpool_postgres::GenericClient;
use time::{Duration, OffsetDateTime};
use tokio_postgres::Row;

use super::{Error, lookup::memberships, queries, row};
use crate::domain::{OrgId, SessionHash, SessionId, UserId, person::SignedIn};

queries! {
    FIND = "
        SELECT found.now, found.session_id, found.user_id, found.email, found.name, found.is_suspended, found.is_half,
               found.seen_at, found.confirmed_at, found.ends_at, found.org_id, found.org_slug, found.is_org_suspended,
               found.roles, found.role_meshes
        FROM meshkey_session($1, $2, $3) found";
    /// Held to the end of a transaction, in this order: nobody suspends the person, ends the session or takes a role meanwhile.
    HOLD_USER = "SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE";
    HOLD_SESSION = "SELECT FROM sessions WHERE id = $1 FOR NO KEY UPDATE";
    HOLD_ROLES = "
        SELECT FROM memberships WHERE org_id = $1 AND user_id = $2 ORDER BY mesh_id NULLS FIRST FOR NO KEY UPDATE";
}

/// Who is signed in by a session.
#[derive(Debug)]
pub enum Found {
    /// Nobody: there is no such session, it has ended or waits for a second factor, or the person is suspended.
    Nobody,
    /// Somebody who is not in the org that is named, if there is such an org.
    Stranger,
    /// Somebody who is.
    Member(Box<SignedIn>),
}

/// Who is signed in by this session, and what that person may do in the org that is named. A session that was not seen for `idle`
/// has ended.
pub async fn find(
    db: &impl GenericClient,
    hash: SessionHash,
    org: &str,
    idle: Duration,
) -> Result<Found, Error> {
    let find = db.prepare_cached(FIND).await?;
    let id = org.parse::<OrgId>().ok().map(OrgId::uuid);
    match db.query_opt(&find, &[&hash.0.as_slice(), &org, &id]).await? {
        Some(row) => read(&row, idle),
        None => Ok(Found::Nobody),
    }
}

fn read(row: &Row, idle: Duration) -> Result<Found, Error> {
    let now: OffsetDateTime = row::get(row, "now")?;
    let (seen_at, ends_at): (OffsetDateTime, OffsetDateTime) = (row::get(row, "seen_at")?, row::get(row, "ends_at")?);
    let has_ended = ends_at <= now || seen_at.saturating_add(idle) <= now;
    if has_ended || row::get(row, "is_half")? || row::get(row, "is_suspended")? {
        return Ok(Found::Nobody);
    }
    let Some(org) = row::id_option(row, "org_id")? else { return Ok(Found::Stranger) };
    let memberships = memberships(row, org)?;
    let person = SignedIn::new(
        (row::id(row, "session_id")?, row::id(row, "user_id")?),
        (row::parsed(row, "email")?, row::parsed(row, "name")?),
        (row::get(row, "confirmed_at")?, now),
        (org, row::parsed(row, "org_slug")?, row::get(row, "is_org_suspended")?),
        memberships,
    );
    Ok(Found::Member(Box::new(person)))
}

/// Holds a person and its roles in an org to the end of the transaction, and the session by which it acts, where it is one.
pub async fn hold(db: &impl GenericClient, org: OrgId, user: UserId, session: Option<SessionId>) -> Result<(), Error> {
    let hold = db.prepare_cached(HOLD_USER).await?;
    db.execute(&hold, &[&user.uuid()]).await?;
    if let Some(session) = session {
        let hold = db.prepare_cached(HOLD_SESSION).await?;
        db.execute(&hold, &[&session.uuid()]).await?;
    }
    let hold = db.prepare_cached(HOLD_ROLES).await?;
    db.execute(&hold, &[&org.uuid(), &user.uuid()]).await?;
    Ok(())
}
