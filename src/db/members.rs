//! Members: the people of an org, and their parts in it.

use std::collections::BTreeMap;

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Error, queries, row, users};
use crate::domain::{
    Key, KeyId, Label, Member, MeshId, OrgId, Slug, Title, UserId, member::Part, page::Limit, role::Role,
};

/// A person, and as parallel arrays its roles, the meshes that they are at, and how these are called.
macro_rules! columns {
    () => {
        "u.id, u.email, u.name, u.email_verified_at, u.suspended_at, u.version, u.created_at, min(k.created_at) AS since,
         array_agg(k.role ORDER BY k.mesh_id NULLS FIRST) AS roles,
         array_agg(k.mesh_id ORDER BY k.mesh_id NULLS FIRST) AS meshes,
         array_agg(m.slug ORDER BY k.mesh_id NULLS FIRST) AS slugs"
    };
}
/// The memberships `k` of people `u` at meshes `m`.
macro_rules! tables {
    () => {
        "memberships k JOIN users u ON u.id = k.user_id LEFT JOIN meshes m ON m.org_id = $1 AND m.id = k.mesh_id"
    };
}

queries! {
    SHOW = concat!("SELECT ", columns!(), " FROM ", tables!(), " WHERE k.org_id = $1 AND u.id = $2 GROUP BY u.id");
    /// Of people who have this role somewhere, or at this mesh if that is said, and this in their address or name.
    LIST = concat!(
        "SELECT ", columns!(), " FROM ", tables!(),
        " WHERE k.org_id = $1
            AND ($2::text IS NULL AND $3::uuid IS NULL OR EXISTS (
                SELECT FROM memberships s
                WHERE s.org_id = $1 AND s.user_id = u.id AND ($2::text IS NULL OR s.role = $2)
                  AND ($3::uuid IS NULL OR s.mesh_id = $3)))
            AND ($4::text IS NULL OR strpos(u.email, lower($4)) > 0 OR strpos(lower(u.name), lower($4)) > 0)
            AND u.email > $5
          GROUP BY u.id ORDER BY u.email LIMIT $6"
    );
    /// The rows of this person and of every owner: who waits for them sees afterwards who is left.
    LOCK = "
        SELECT k.user_id, k.role, u.suspended_at IS NOT NULL AS is_suspended
        FROM memberships k JOIN users u ON u.id = k.user_id
        WHERE k.org_id = $1 AND (k.user_id = $2 OR k.role = 'owner') ORDER BY k.user_id, k.mesh_id FOR UPDATE OF k";
    PUT = "
        INSERT INTO memberships AS mine (org_id, user_id, mesh_id, role) VALUES ($1, $2, $3, $4)
        ON CONFLICT (org_id, user_id, mesh_id) DO UPDATE SET role = excluded.role WHERE mine.role <> excluded.role";
    TAKE = "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2 AND mesh_id IS NOT DISTINCT FROM $3";
    /// Who may do everything in the org and can sign in, owners first.
    IN_CHARGE = "
        SELECT u.name FROM memberships k JOIN users u ON u.id = k.user_id
        WHERE k.org_id = $1 AND k.user_id <> $2 AND k.mesh_id IS NULL AND k.role IN ('owner', 'admin') AND u.suspended_at IS NULL
        ORDER BY k.role DESC, u.name LIMIT 5";
    REMOVE = "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2";
    /// What is not revoked: first what is bound to the person, then what it issued and is bound to nobody or to another.
    PERSONAL = "SELECT id, label FROM api_keys WHERE org_id = $1 AND user_id = $2 AND revoked_at IS NULL ORDER BY id";
    ISSUED = "
        SELECT id, label FROM api_keys
        WHERE org_id = $1 AND user_id IS DISTINCT FROM $2 AND revoked_at IS NULL
          AND (issued_by_user = $2 OR issued_by_key IN (SELECT k.id FROM api_keys k WHERE k.org_id = $1 AND k.user_id = $2))
        ORDER BY id";
}

/// A key, as far as one needs to know it to know which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Which one.
    pub id: KeyId,
    /// What people call it.
    pub label: Label,
}

impl From<&Key> for Named {
    fn from(key: &Key) -> Self {
        Self { id: key.id, label: key.label.clone() }
    }
}

/// Which members are wanted. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Filter {
    /// With this role somewhere, or at the mesh.
    pub role: Option<&'static str>,
    /// With a role at this mesh.
    pub mesh: Option<MeshId>,
    /// With this in the address or the name.
    pub text: Option<String>,
}

fn read(row: &Row) -> Result<Member, Error> {
    let roles: Vec<&str> = row::get(row, "roles")?;
    let meshes: Vec<Option<Uuid>> = row::get(row, "meshes")?;
    let slugs: Vec<Option<&str>> = row::get(row, "slugs")?;
    let (mut part, mut called) = (Part::default(), BTreeMap::new());
    for ((role, mesh), slug) in roles.into_iter().zip(meshes).zip(slugs) {
        let role: Role = role.parse().map_err(row::corrupt)?;
        let Some(mesh) = mesh.map(MeshId::from) else {
            part.org = Some(role);
            continue;
        };
        let slug: Slug = slug.ok_or_else(|| row::corrupt("a role at no mesh"))?.parse().map_err(row::corrupt)?;
        part.meshes.insert(mesh, role);
        called.insert(mesh, slug);
    }
    Ok(Member { user: users::read(row)?, part, slugs: called, since: row::get(row, "since")? })
}

/// The member with this id.
pub async fn show(db: &impl GenericClient, org: OrgId, user: UserId) -> Result<Option<Member>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&org.uuid(), &user.uuid()]).await?.as_ref().map(read).transpose()
}

/// What the owners and admins of the org are called but for this person, owners first; five at most.
pub async fn in_charge(db: &impl GenericClient, org: OrgId, but: UserId) -> Result<Vec<Title>, Error> {
    let in_charge = db.prepare_cached(IN_CHARGE).await?;
    db.query(&in_charge, &[&org.uuid(), &but.uuid()]).await?.iter().map(|row| row::parsed(row, "name")).collect()
}

/// Those behind `after`, by address.
pub async fn list(
    db: &impl GenericClient,
    org: OrgId,
    filter: &Filter,
    after: &str,
    limit: Limit,
) -> Result<Vec<Member>, Error> {
    let list = db.prepare_cached(LIST).await?;
    let mesh = filter.mesh.map(MeshId::uuid);
    let rows = db.query(&list, &[&org.uuid(), &filter.role, &mesh, &filter.text, &after, &limit.and_one()]).await?;
    rows.iter().map(read).collect()
}

/// Holds the part of this person and those of the owners to the end of the transaction; says which owners can do something: one who
/// is suspended cannot.
pub async fn lock(db: &impl GenericClient, org: OrgId, user: UserId) -> Result<Vec<UserId>, Error> {
    let lock = db.prepare_cached(LOCK).await?;
    let rows = db.query(&lock, &[&org.uuid(), &user.uuid()]).await?;
    let owner = |row: &Row| {
        let owns = row::get::<&str>(row, "role")? == Role::Owner.name() && !row::get::<bool>(row, "is_suspended")?;
        Ok(owns.then_some(row::id(row, "user_id")?))
    };
    rows.iter().filter_map(|row| owner(row).transpose()).collect()
}

/// Makes of the person's part another one.
pub async fn edit(db: &impl GenericClient, org: OrgId, user: UserId, before: &Part, after: &Part) -> Result<(), Error> {
    for gone in before.meshes.keys().filter(|mesh| !after.meshes.contains_key(mesh)) {
        take(db, org, user, Some(*gone)).await?;
    }
    for (mesh, role) in &after.meshes {
        put(db, org, user, Some(*mesh), *role).await?;
    }
    match after.org {
        Some(role) => put(db, org, user, None, role).await,
        None => take(db, org, user, None).await,
    }
}

async fn take(db: &impl GenericClient, org: OrgId, user: UserId, mesh: Option<MeshId>) -> Result<(), Error> {
    let take = db.prepare_cached(TAKE).await?;
    db.execute(&take, &[&org.uuid(), &user.uuid(), &mesh.map(MeshId::uuid)]).await?;
    Ok(())
}

/// Gives the person a role at the org or at a mesh, in place of the one that it has there.
pub async fn put(
    db: &impl GenericClient,
    org: OrgId,
    user: UserId,
    mesh: Option<MeshId>,
    role: Role,
) -> Result<(), Error> {
    let put = db.prepare_cached(PUT).await?;
    db.execute(&put, &[&org.uuid(), &user.uuid(), &mesh.map(MeshId::uuid), &role.name()]).await?;
    Ok(())
}

/// Takes the person's whole part.
pub async fn remove(db: &impl GenericClient, org: OrgId, user: UserId) -> Result<(), Error> {
    let remove = db.prepare_cached(REMOVE).await?;
    db.execute(&remove, &[&org.uuid(), &user.uuid()]).await?;
    Ok(())
}

/// The keys that are bound to the person and not revoked.
pub async fn personal(db: &impl GenericClient, org: OrgId, user: UserId) -> Result<Vec<Named>, Error> {
    keys(db, PERSONAL, org, user).await
}

/// The keys that the person issued and that are not its own, and not revoked.
pub async fn issued(db: &impl GenericClient, org: OrgId, user: UserId) -> Result<Vec<Named>, Error> {
    keys(db, ISSUED, org, user).await
}

async fn keys(db: &impl GenericClient, sql: &str, org: OrgId, user: UserId) -> Result<Vec<Named>, Error> {
    let keys = db.prepare_cached(sql).await?;
    let rows = db.query(&keys, &[&org.uuid(), &user.uuid()]).await?;
    rows.iter().map(|row| Ok(Named { id: row::id(row, "id")?, label: row::parsed(row, "label")? })).collect()
}
