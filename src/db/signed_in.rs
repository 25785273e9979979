//! Who is signed in: read on every request and never remembered, so that a session that was ended is dead on every replica.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::Row;

use super::{Error, lookup::memberships, queries, row};
use crate::domain::{
    Membership, MeshId, OrgId, Role, SessionHash, SessionId, Slug, UserId, person::SignedIn, session::Lifetimes,
};

queries! {
    FIND = "
        SELECT found.now, found.session_id, found.user_id, found.email, found.name, found.is_suspended, found.is_half,
               found.seen_at, found.confirmed_at, found.ends_at, found.org_id, found.org_slug, found.is_org_suspended,
               found.roles, found.role_meshes
        FROM meshkey_session($1, $2, $3) found";
    MEMBERS = "
        SELECT u.id, u.suspended_at IS NOT NULL AS is_suspended, array_agg(m.role) AS roles, array_agg(m.mesh_id) AS role_meshes
        FROM users u JOIN memberships m ON m.user_id = u.id
        WHERE m.org_id = $1 AND u.id = ANY ($2)
        GROUP BY u.id";
    PARTS = "SELECT org_id, org_slug, mesh_id, mesh_slug, role FROM meshkey_memberships_of($1)";
    ORGS = "SELECT DISTINCT org_slug FROM meshkey_memberships_of($1) ORDER BY 1 LIMIT 20";
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
    Stranger(UserId),
    /// Somebody who is.
    Member(Box<SignedIn>),
}

/// Who is signed in by this session, and what that person may do in the org that is named. A session that is over
/// is nobody's.
pub async fn find(db: &impl GenericClient, hash: SessionHash, org: &str, lifetimes: Lifetimes) -> Result<Found, Error> {
    let find = db.prepare_cached(FIND).await?;
    let id = org.parse::<OrgId>().ok().map(OrgId::uuid);
    match db.query_opt(&find, &[&hash.0.as_slice(), &org, &id]).await? {
        Some(row) => read(&row, lifetimes),
        None => Ok(Found::Nobody),
    }
}

fn is_signed_in(row: &Row, lifetimes: Lifetimes) -> Result<bool, Error> {
    let now: OffsetDateTime = row::get(row, "now")?;
    let (seen_at, ends_at): (OffsetDateTime, OffsetDateTime) = (row::get(row, "seen_at")?, row::get(row, "ends_at")?);
    Ok(lifetimes.is_live(seen_at, ends_at, now)
        && !row::get::<bool>(row, "is_half")?
        && !row::get::<bool>(row, "is_suspended")?)
}

fn read(row: &Row, lifetimes: Lifetimes) -> Result<Found, Error> {
    if !is_signed_in(row, lifetimes)? {
        return Ok(Found::Nobody);
    }
    let Some(org) = row::id_option(row, "org_id")? else { return Ok(Found::Stranger(row::id(row, "user_id")?)) };
    let memberships = memberships(row, org)?;
    let person = SignedIn::new(
        (row::id(row, "session_id")?, row::id(row, "user_id")?),
        (row::parsed(row, "email")?, row::parsed(row, "name")?),
        (row::get(row, "confirmed_at")?, row::get(row, "seen_at")?, row::get(row, "now")?),
        (org, row::parsed(row, "org_slug")?, row::get(row, "is_org_suspended")?),
        memberships,
    );
    Ok(Found::Member(Box::new(person)))
}

/// As what a person is somewhere.
#[derive(Debug)]
pub struct Part {
    /// In which org.
    pub org: OrgId,
    /// Its slug.
    pub org_slug: Slug,
    /// In which mesh of it alone, by id and slug.
    pub mesh: Option<(MeshId, Slug)>,
    /// As what.
    pub role: Role,
}

/// As what this person is where, by the slugs of orgs and meshes.
pub async fn parts(db: &impl GenericClient, user: UserId) -> Result<Vec<Part>, Error> {
    let parts = db.prepare_cached(PARTS).await?;
    let part = |row: &Row| {
        let mesh = row::id_option(row, "mesh_id")?.zip(row::parsed_option(row, "mesh_slug")?);
        let role = row::get::<&str>(row, "role")?.parse().map_err(row::corrupt)?;
        Ok(Part { org: row::id(row, "org_id")?, org_slug: row::parsed(row, "org_slug")?, mesh, role })
    };
    db.query(&parts, &[&user.uuid()]).await?.iter().map(part).collect()
}

/// The orgs in which this person is, by slug; twenty at most.
pub async fn orgs(db: &impl GenericClient, user: UserId) -> Result<Vec<Slug>, Error> {
    let orgs = db.prepare_cached(ORGS).await?;
    db.query(&orgs, &[&user.uuid()]).await?.iter().map(|row| row::parsed(row, "org_slug")).collect()
}

/// A member of an org.
#[derive(Debug)]
pub struct Member {
    /// Whether the person is suspended.
    pub is_suspended: bool,
    /// As what it is there, at least once.
    pub memberships: Vec<Membership>,
}

/// Those of these people who are members of the org.
pub async fn members(db: &impl GenericClient, org: OrgId, users: &[UserId]) -> Result<Vec<(UserId, Member)>, Error> {
    let members = db.prepare_cached(MEMBERS).await?;
    let users: Vec<_> = users.iter().map(|user| user.uuid()).collect();
    let read = |row: &Row| {
        let member = Member { is_suspended: row::get(row, "is_suspended")?, memberships: memberships(row, org)? };
        Ok((row::id(row, "id")?, member))
    };
    db.query(&members, &[&org.uuid(), &users]).await?.iter().map(read).collect()
}

/// The person with this id, if it is a member of the org.
pub async fn member(db: &impl GenericClient, org: OrgId, user: UserId) -> Result<Option<Member>, Error> {
    Ok(members(db, org, &[user]).await?.pop().map(|(_, member)| member))
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
