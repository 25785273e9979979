//! Invitations.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::{Row, types::ToSql};

use super::{Error, queries, row};
use crate::domain::{
    Email, InvitationId, KeyId, MeshId, OrgId, Slug, UserId,
    audit::Actor,
    invitation::{Invitation, Mail, Status, TokenHash},
    page::Limit,
    role::Role,
};

/// Where an invitation `k` stands.
macro_rules! status {
    () => {
        "CASE WHEN k.accepted_at IS NOT NULL THEN 'accepted' WHEN k.withdrawn_at IS NOT NULL THEN 'withdrawn'
              WHEN k.ends_at <= clock_timestamp() THEN 'expired' ELSE 'open' END"
    };
}
macro_rules! columns {
    () => {
        concat!("k.*, m.slug AS mesh_slug, o.id IS NOT NULL AS waits, o.failed_at, o.reason, ", status!(), " AS status")
    };
}
/// Invitations `k` with their meshes `m` and mail `o`.
macro_rules! tables {
    () => {
        "invitations k LEFT JOIN meshes m ON m.org_id = $1 AND m.id = k.mesh_id
         LEFT JOIN mail_outbox o ON o.kind = 'invitation' AND o.subject_id = k.id"
    };
}

queries! {
    INSERT = "
        INSERT INTO invitations (org_id, id, mesh_id, role, email, token_hash, invited_by_kind, invited_by_key,
                                 invited_by_user, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    SHOW = concat!("SELECT ", columns!(), " FROM ", tables!(), " WHERE k.org_id = $1 AND k.id = $2");
    LOCK = "SELECT FROM invitations WHERE org_id = $1 AND id = $2 FOR UPDATE";
    LIST = concat!(
        "SELECT ", columns!(), " FROM ", tables!(),
        " WHERE k.org_id = $1 AND k.id < $2 AND ($3::text IS NULL OR ", status!(), " = $3)
          ORDER BY k.id DESC LIMIT $4"
    );
    /// The open one for this address at this place.
    OPEN = "
        SELECT id FROM invitations
        WHERE org_id = $1 AND email = $2 AND mesh_id IS NOT DISTINCT FROM $3
          AND accepted_at IS NULL AND withdrawn_at IS NULL AND ends_at > clock_timestamp()";
    /// Those for this address that could still be accepted, or sent anew.
    TO = "
        SELECT id FROM invitations
        WHERE org_id = $1 AND email = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL ORDER BY id";
    COUNT_OPEN = "
        SELECT count(*) FROM invitations
        WHERE org_id = $1 AND accepted_at IS NULL AND withdrawn_at IS NULL AND ends_at > clock_timestamp()";
    WITHDRAW = "UPDATE invitations SET withdrawn_at = clock_timestamp() WHERE org_id = $1 AND id = $2";
    RENEW = "
        UPDATE invitations SET token_hash = $3, mail_hash = NULL, ends_at = $4, sent_at = clock_timestamp() WHERE org_id = $1 AND id = $2";
    ACCEPT = "
        UPDATE invitations SET accepted_at = clock_timestamp(), accepted_by = $3 WHERE org_id = $1 AND id = $2";
    /// Whether this opens it still: another may have been made while one waited.
    OPENS = "
        SELECT mail_hash IS NOT DISTINCT FROM $3 AS by_mail FROM invitations
        WHERE org_id = $1 AND id = $2 AND (token_hash = $3 OR mail_hash = $3)";
    FIND = "SELECT id, org_id FROM meshkey_invitation($1)";
    /// As what the person of this address is there already.
    ROLE = "
        SELECT k.role FROM memberships k JOIN users u ON u.id = k.user_id
        WHERE k.org_id = $1 AND u.email = $2 AND k.mesh_id IS NOT DISTINCT FROM $3";
}

/// What of an invitation is chosen.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// Whom.
    pub email: Email,
    /// To which mesh.
    pub mesh: Option<MeshId>,
    /// As what.
    pub role: Role,
    /// Until when.
    pub ends_at: OffsetDateTime,
}

fn read(row: &Row) -> Result<Invitation, Error> {
    let mesh: Option<MeshId> = row::id_option(row, "mesh_id")?;
    let waits: bool = row::get(row, "waits")?;
    let failed: Option<OffsetDateTime> = row::get(row, "failed_at")?;
    let reason: Option<String> = row::get(row, "reason")?;
    let mail = match (waits, failed) {
        (true, None) => Mail::Queued(reason),
        (true, Some(_)) => Mail::Failed(reason.unwrap_or_default()),
        (false, _) if row::get::<Option<&[u8]>>(row, "mail_hash")?.is_some() => Mail::Sent,
        (false, _) => Mail::Off,
    };
    let inviter = row::actor(row, ["invited_by_kind", "invited_by_key", "invited_by_user"])?;
    Ok(Invitation {
        id: row::id(row, "id")?,
        org: row::id(row, "org_id")?,
        mesh: mesh.zip(row::parsed_option::<Slug>(row, "mesh_slug")?),
        role: row::parsed(row, "role")?,
        email: row::parsed(row, "email")?,
        invited_by: inviter.ok_or_else(|| row::corrupt("nobody invites"))?,
        status: row::parsed::<Status>(row, "status")?,
        mail,
        created_at: row::get(row, "created_at")?,
        sent_at: row::get(row, "sent_at")?,
        ends_at: row::get(row, "ends_at")?,
        accepted_at: row::get(row, "accepted_at")?,
        accepted_by: row::id_option(row, "accepted_by")?,
        withdrawn_at: row::get(row, "withdrawn_at")?,
    })
}

/// Makes an invitation.
pub async fn insert(
    db: &impl GenericClient,
    org: OrgId,
    id: InvitationId,
    new: &NewInvitation,
    hash: TokenHash,
    by: Actor,
) -> Result<(), Error> {
    let insert = db.prepare_cached(INSERT).await?;
    let (org, id, mesh, role) = (org.uuid(), id.uuid(), new.mesh.map(MeshId::uuid), new.role.name());
    let (email, hash, kind) = (new.email.as_str(), hash.0.as_slice(), by.kind());
    let (key, user) = (by.key().map(KeyId::uuid), by.user().map(UserId::uuid));
    let values: [&(dyn ToSql + Sync); 10] = [&org, &id, &mesh, &role, &email, &hash, &kind, &key, &user, &new.ends_at];
    db.execute(&insert, &values).await?;
    Ok(())
}

/// The invitation with this id.
pub async fn show(db: &impl GenericClient, org: OrgId, id: InvitationId) -> Result<Option<Invitation>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&org.uuid(), &id.uuid()]).await?.as_ref().map(read).transpose()
}

/// The invitation with this id, held against other changes.
pub async fn lock(db: &impl GenericClient, org: OrgId, id: InvitationId) -> Result<Option<Invitation>, Error> {
    let lock = db.prepare_cached(LOCK).await?;
    match db.query_opt(&lock, &[&org.uuid(), &id.uuid()]).await? {
        Some(_) => show(db, org, id).await,
        None => Ok(None),
    }
}

/// Those before `before`, the newest first.
pub async fn list(
    db: &impl GenericClient,
    org: OrgId,
    status: Option<Status>,
    before: InvitationId,
    limit: Limit,
) -> Result<Vec<Invitation>, Error> {
    let list = db.prepare_cached(LIST).await?;
    let status = status.map(Status::name);
    let rows = db.query(&list, &[&org.uuid(), &before.uuid(), &status, &limit.and_one()]).await?;
    rows.iter().map(read).collect()
}

/// The open one for this address at this place.
pub async fn open(
    db: &impl GenericClient,
    org: OrgId,
    email: &Email,
    mesh: Option<MeshId>,
) -> Result<Option<InvitationId>, Error> {
    let open = db.prepare_cached(OPEN).await?;
    let row = db.query_opt(&open, &[&org.uuid(), &email.as_str(), &mesh.map(MeshId::uuid)]).await?;
    row.as_ref().map(|row| row::id(row, "id")).transpose()
}

/// How many of the org are open.
pub async fn count_open(db: &impl GenericClient, org: OrgId) -> Result<i64, Error> {
    let count = db.prepare_cached(COUNT_OPEN).await?;
    row::get(&db.query_one(&count, &[&org.uuid()]).await?, "count")
}

/// Takes it back.
pub async fn withdraw(db: &impl GenericClient, org: OrgId, id: InvitationId) -> Result<(), Error> {
    let withdraw = db.prepare_cached(WITHDRAW).await?;
    db.execute(&withdraw, &[&org.uuid(), &id.uuid()]).await?;
    Ok(())
}

/// Gives it another token, in place of those that it had, and another end.
pub async fn renew(
    db: &impl GenericClient,
    org: OrgId,
    id: InvitationId,
    hash: TokenHash,
    ends_at: OffsetDateTime,
) -> Result<(), Error> {
    let renew = db.prepare_cached(RENEW).await?;
    db.execute(&renew, &[&org.uuid(), &id.uuid(), &hash.0.as_slice(), &ends_at]).await?;
    Ok(())
}

/// Writes down who has accepted it.
pub async fn accept(db: &impl GenericClient, org: OrgId, id: InvitationId, user: UserId) -> Result<(), Error> {
    let accept = db.prepare_cached(ACCEPT).await?;
    db.execute(&accept, &[&org.uuid(), &id.uuid(), &user.uuid()]).await?;
    Ok(())
}

/// What opens an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// The link that who invites was shown, and has passed on.
    Link,
    /// The one that was mailed to the address, and that nobody else has seen.
    Mail,
}

/// Whether this opens it, and as what.
pub async fn opens(
    db: &impl GenericClient,
    org: OrgId,
    id: InvitationId,
    hash: TokenHash,
) -> Result<Option<Opener>, Error> {
    let opens = db.prepare_cached(OPENS).await?;
    let row = db.query_opt(&opens, &[&org.uuid(), &id.uuid(), &hash.0.as_slice()]).await?;
    let opener = |row: &Row| Ok(if row::get(row, "by_mail")? { Opener::Mail } else { Opener::Link });
    row.as_ref().map(opener).transpose()
}

/// Which invitation this opens, and of which org it is.
pub async fn find(db: &impl GenericClient, hash: TokenHash) -> Result<Option<(InvitationId, OrgId)>, Error> {
    let find = db.prepare_cached(FIND).await?;
    let row = db.query_opt(&find, &[&hash.0.as_slice()]).await?;
    row.as_ref().map(|row| Ok((row::id(row, "id")?, row::id(row, "org_id")?))).transpose()
}

/// As what the person of this address is there already.
pub async fn role(
    db: &impl GenericClient,
    org: OrgId,
    email: &Email,
    mesh: Option<MeshId>,
) -> Result<Option<Role>, Error> {
    let role = db.prepare_cached(ROLE).await?;
    let row = db.query_opt(&role, &[&org.uuid(), &email.as_str(), &mesh.map(MeshId::uuid)]).await?;
    row.as_ref().map(|row| row::parsed(row, "role")).transpose()
}

/// The invitations for this address that could still be accepted, or sent anew.
pub async fn to(db: &impl GenericClient, org: OrgId, email: &Email) -> Result<Vec<InvitationId>, Error> {
    let to = db.prepare_cached(TO).await?;
    db.query(&to, &[&org.uuid(), &email.as_str()]).await?.iter().map(|row| row::id(row, "id")).collect()
}
