//! People and their parts in all orgs, as the operator sees them.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{Email, Membership, MeshId, OrgId, Owner, Slug, Title, UserId, role::Role};

queries! {
    /// Who owns or administers which org.
    ADMINS = "
        SELECT u.id AS user_id, u.email, u.name, u.suspended_at IS NOT NULL AS is_suspended, o.slug, m.role,
               EXISTS (SELECT FROM totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL) AS has_second_factor
        FROM memberships m JOIN users u ON u.id = m.user_id JOIN orgs o ON o.id = m.org_id
        WHERE m.mesh_id IS NULL AND m.role IN ('admin', 'owner')
        ORDER BY o.slug, m.role DESC, u.email";
    /// Held against other changes of what this person is; who begins a session meanwhile, which refers to it, is not in the way.
    LOCK = "SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE";
    PARTS = "SELECT org_id, mesh_id, role FROM memberships WHERE user_id = $1 ORDER BY org_id, mesh_id NULLS FIRST";
    /// The owners of the org, held until this transaction ends: two who leave at once take turns.
    OWNERS = "
        SELECT m.user_id, u.suspended_at IS NOT NULL AS is_suspended
        FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.org_id = $1 AND m.role = 'owner' AND m.mesh_id IS NULL
        ORDER BY m.user_id FOR UPDATE OF m";
    /// The orgs that people are in, or that this one owns, of which no owner may do anything.
    OWNERLESS = "
        SELECT DISTINCT o.slug FROM memberships m JOIN orgs o ON o.id = m.org_id
        WHERE ($1::uuid IS NULL OR m.user_id = $1 AND m.role = 'owner') AND NOT EXISTS (
            SELECT FROM memberships s JOIN users u ON u.id = s.user_id
            WHERE s.org_id = m.org_id AND s.role = 'owner' AND u.suspended_at IS NULL)
        ORDER BY o.slug";
    GRANT = "
        INSERT INTO memberships (org_id, user_id, mesh_id, role) VALUES ($1, $2, NULL, $3)
        ON CONFLICT (org_id, user_id, mesh_id) DO UPDATE SET role = excluded.role";
    REVOKE = "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2";
    SUSPEND = "
        UPDATE users SET suspended_at = CASE WHEN $2 THEN clock_timestamp() END, version = version + 1 WHERE id = $1";
    SIGN_OUT = "DELETE FROM sessions WHERE user_id = $1";
    FORGET_PASSWORD = "DELETE FROM passwords WHERE user_id = $1";
    FORGET_FACTOR = "DELETE FROM totp WHERE user_id = $1";
    FORGET_RECOVERY = "DELETE FROM recovery_codes WHERE user_id = $1";
}

/// Who owns or administers an org.
#[derive(Debug)]
pub struct Admin {
    /// Who.
    pub user: UserId,
    /// By which it signs in.
    pub email: Email,
    /// What it is called.
    pub name: Title,
    /// Whether it may do nothing at the moment.
    pub is_suspended: bool,
    /// Whether a password alone does not let it in.
    pub has_second_factor: bool,
    /// The org.
    pub org: Slug,
    /// As what.
    pub role: Role,
}

fn admin(row: &Row) -> Result<Admin, Error> {
    Ok(Admin {
        user: row::id(row, "user_id")?,
        email: row::parsed(row, "email")?,
        name: row::parsed(row, "name")?,
        is_suspended: row::get(row, "is_suspended")?,
        has_second_factor: row::get(row, "has_second_factor")?,
        org: row::parsed(row, "slug")?,
        role: row::parsed(row, "role")?,
    })
}

/// Who owns or administers which org, by org.
pub async fn admins(db: &impl GenericClient) -> Result<Vec<Admin>, Error> {
    let admins = db.prepare_cached(ADMINS).await?;
    db.query(&admins, &[]).await?.iter().map(admin).collect()
}

/// Holds a person against other changes.
pub async fn lock(db: &impl GenericClient, user: UserId) -> Result<(), Error> {
    let lock = db.prepare_cached(LOCK).await?;
    db.query_opt(&lock, &[&user.uuid()]).await?;
    Ok(())
}

/// What a person is, in which orgs and meshes.
pub async fn parts(db: &impl GenericClient, user: UserId) -> Result<Vec<Membership>, Error> {
    let parts = db.prepare_cached(PARTS).await?;
    let read = |row: &Row| {
        let at = Owner::new(row::id::<OrgId>(row, "org_id")?, row::id_option::<MeshId>(row, "mesh_id")?);
        Ok(Membership { at, role: row::parsed(row, "role")? })
    };
    db.query(&parts, &[&user.uuid()]).await?.iter().map(read).collect()
}

/// Whether somebody else who may sign in owns the org. It stays so until the transaction ends.
pub async fn has_other_owner(db: &impl GenericClient, org: OrgId, user: UserId) -> Result<bool, Error> {
    let owners = db.prepare_cached(OWNERS).await?;
    for row in db.query(&owners, &[&org.uuid()]).await? {
        if row::id::<UserId>(&row, "user_id")? != user && !row::get::<bool>(&row, "is_suspended")? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The orgs of which no owner may do anything: of those that this person owns, or of all that people are in.
pub async fn ownerless(db: &impl GenericClient, user: Option<UserId>) -> Result<Vec<Slug>, Error> {
    let ownerless = db.prepare_cached(OWNERLESS).await?;
    db.query(&ownerless, &[&user.map(UserId::uuid)]).await?.iter().map(|row| row::parsed(row, "slug")).collect()
}

/// Gives a person this part in the org, in place of the one that it has.
pub async fn grant(db: &impl GenericClient, org: OrgId, user: UserId, role: Role) -> Result<(), Error> {
    let grant = db.prepare_cached(GRANT).await?;
    db.execute(&grant, &[&org.uuid(), &user.uuid(), &role.name()]).await?;
    Ok(())
}

/// Takes every part that a person has in the org and in its meshes.
pub async fn revoke(db: &impl GenericClient, org: OrgId, user: UserId) -> Result<(), Error> {
    let revoke = db.prepare_cached(REVOKE).await?;
    db.execute(&revoke, &[&org.uuid(), &user.uuid()]).await?;
    Ok(())
}

/// Suspends a person on the whole instance, or ends that.
pub async fn suspend(db: &impl GenericClient, user: UserId, suspended: bool) -> Result<(), Error> {
    let suspend = db.prepare_cached(SUSPEND).await?;
    db.execute(&suspend, &[&user.uuid(), &suspended]).await?;
    Ok(())
}

/// Ends every session of a person.
pub async fn sign_out(db: &impl GenericClient, user: UserId) -> Result<(), Error> {
    let end = db.prepare_cached(SIGN_OUT).await?;
    db.execute(&end, &[&user.uuid()]).await?;
    Ok(())
}

/// Takes a person's password away.
pub async fn forget_password(db: &impl GenericClient, user: UserId) -> Result<(), Error> {
    let forget = db.prepare_cached(FORGET_PASSWORD).await?;
    db.execute(&forget, &[&user.uuid()]).await?;
    Ok(())
}

/// Takes a person's second factor away, and its recovery codes.
pub async fn forget_second_factor(db: &impl GenericClient, user: UserId) -> Result<(), Error> {
    for query in [FORGET_FACTOR, FORGET_RECOVERY] {
        let forget = db.prepare_cached(query).await?;
        db.execute(&forget, &[&user.uuid()]).await?;
    }
    Ok(())
}
