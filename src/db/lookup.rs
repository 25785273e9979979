//! Who holds these secrets? The one question that knows no tenant yet.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{Credential, KeyId, Membership, MeshId, OrgId, Owner, SecretHash, rights::Bound};

queries! {
    /// A row even where nobody holds them, for the time. Every column by its name: a newer version may add some while this one
    /// runs, and a prepared statement may not change what it gives.
    LOOKUP = "
        SELECT clock_timestamp() AS read_at, now() AS read_from, found.hash, found.key_id, found.org_id, found.mesh_id,
               found.label, found.capabilities, found.everywhere, found.topics, found.addresses, found.expires_at,
               found.rate_per_minute, found.rate_burst, found.secret, found.newest_secret, found.secret_dies_at,
               found.is_revoked, found.is_disabled, found.org_slug, found.is_org_suspended, found.mesh_slug,
               found.is_mesh_archived, found.user_id, found.is_user_suspended, found.roles, found.role_meshes,
               substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline,
               current_setting('synchronous_standby_names') <> '' AS has_standbys
        FROM (SELECT 1) one LEFT JOIN meshkey_holders($1) found ON true";
    /// Where something is read that decides.
    STANDING = "
        SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline,
               current_setting('synchronous_standby_names') <> '' AS has_standbys";
    /// The same of a key by its id, as if its newest secret had been presented.
    NEWEST = "
        SELECT k.id AS key_id, k.org_id, k.mesh_id, k.label, k.capabilities, k.everywhere, k.topics, k.addresses,
               k.expires_at, k.rate_per_minute, k.rate_burst, s.number AS secret, s.number AS newest_secret, s.dies_at AS secret_dies_at,
               k.revoked_at IS NOT NULL AS is_revoked, k.disabled_at IS NOT NULL AS is_disabled, o.slug AS org_slug,
               o.suspended_at IS NOT NULL AS is_org_suspended, m.slug AS mesh_slug,
               m.archived_at IS NOT NULL AS is_mesh_archived, k.user_id, u.suspended_at IS NOT NULL AS is_user_suspended,
               part.roles, part.role_meshes, clock_timestamp() AS now, now() AS as_of
        FROM api_keys k
        JOIN key_secrets s ON s.org_id = k.org_id AND s.key_id = k.id AND s.dies_at IS NULL
        JOIN orgs o ON o.id = k.org_id
        LEFT JOIN meshes m ON m.org_id = k.org_id AND m.id = k.mesh_id
        LEFT JOIN users u ON u.id = k.user_id
        LEFT JOIN LATERAL (
            SELECT array_agg(p.role ORDER BY p.mesh_id NULLS FIRST) AS roles,
                   array_agg(p.mesh_id ORDER BY p.mesh_id NULLS FIRST) AS role_meshes
            FROM memberships p WHERE p.org_id = k.org_id AND p.user_id = k.user_id
        ) part ON k.user_id IS NOT NULL
        WHERE k.org_id = $1 AND k.id = $2";
}

/// What was found, and when, by the clock of the database.
#[derive(Debug, Clone)]
pub struct Found {
    /// What decides over it.
    pub credential: Credential,
    /// The clock of the database, when it was read.
    pub now: OffsetDateTime,
    /// Every change that was committed before this is in it.
    pub as_of: OffsetDateTime,
}

/// What a look-up has read.
#[derive(Debug, Clone)]
pub struct Looked {
    /// Who holds them, in the order in which they were asked for.
    pub found: Vec<Option<Credential>>,
    /// The clock of the database, when it was read.
    pub now: OffsetDateTime,
    /// Every change that was committed before this is in it.
    pub as_of: OffsetDateTime,
    /// Where it was read.
    pub standing: Standing,
}

/// Where something was read by which is decided: a server that was replaced answers a read like the one that replaced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The timeline of the server: another after each promotion.
    pub timeline: u32,
    /// Whether what is committed there is on another server too, which may have been promoted.
    pub has_standbys: bool,
}

/// Where this is asked.
pub async fn standing(db: &impl GenericClient) -> Result<Standing, Error> {
    let standing = db.prepare_cached(STANDING).await?;
    read_standing(&db.query_one(&standing, &[]).await?)
}

fn read_standing(row: &Row) -> Result<Standing, Error> {
    let timeline = u32::from_str_radix(row::get(row, "timeline")?, 16).map_err(row::corrupt)?;
    Ok(Standing { timeline, has_standbys: row::get(row, "has_standbys")? })
}

/// The holders of these secrets, in this order. One statement, however many.
pub async fn lookup(db: &impl GenericClient, hashes: &[SecretHash]) -> Result<Looked, Error> {
    let lookup = db.prepare_cached(LOOKUP).await?;
    let wanted: Vec<&[u8]> = hashes.iter().map(SecretHash::as_bytes).collect();
    let rows = db.query(&lookup, &[&wanted]).await?;
    let first = rows.first().ok_or_else(|| row::corrupt("a look-up without a row"))?;
    let of = |hash: &SecretHash| {
        let mine = |row: &&Row| row.try_get::<_, Option<&[u8]>>("hash").is_ok_and(|one| one == Some(hash.as_bytes()));
        rows.iter().find(mine).map(credential).transpose()
    };
    let found = hashes.iter().map(of).collect::<Result<_, _>>()?;
    Ok(Looked {
        found,
        now: row::get(first, "read_at")?,
        as_of: row::get(first, "read_from")?,
        standing: read_standing(first)?,
    })
}

/// The key with this id, as its newest secret would find it.
pub async fn newest(db: &impl GenericClient, org: OrgId, id: KeyId) -> Result<Option<Found>, Error> {
    let newest = db.prepare_cached(NEWEST).await?;
    db.query_opt(&newest, &[&org.uuid(), &id.uuid()]).await?.as_ref().map(found).transpose()
}

fn found(row: &Row) -> Result<Found, Error> {
    Ok(Found { credential: credential(row)?, now: row::get(row, "now")?, as_of: row::get(row, "as_of")? })
}

fn credential(row: &Row) -> Result<Credential, Error> {
    Ok(Credential {
        key: row::id(row, "key_id")?,
        label: row::parsed(row, "label")?,
        terms: row::terms(row)?,
        secret: row::get(row, "secret")?,
        newest_secret: row::get(row, "newest_secret")?,
        secret_dies_at: row::get(row, "secret_dies_at")?,
        is_revoked: row::get(row, "is_revoked")?,
        is_disabled: row::get(row, "is_disabled")?,
        org_slug: row::parsed(row, "org_slug")?,
        is_org_suspended: row::get(row, "is_org_suspended")?,
        mesh_slug: row::parsed_option(row, "mesh_slug")?,
        is_mesh_archived: row::get::<Option<bool>>(row, "is_mesh_archived")?.unwrap_or(false),
        person: person(row)?,
    })
}

/// The person that a key is bound to, if there is one.
fn person(row: &Row) -> Result<Option<Box<Bound>>, Error> {
    let Some(user) = row::id_option(row, "user_id")? else { return Ok(None) };
    let memberships = memberships(row, row::id(row, "org_id")?)?;
    Ok(Some(Box::new(Bound::new(user, row::get(row, "is_user_suspended")?, &memberships))))
}

/// The memberships of a row, all in this org: roles, and beside each the mesh that it is at.
pub(super) fn memberships(row: &Row, org: OrgId) -> Result<Vec<Membership>, Error> {
    let roles = row::get::<Option<Vec<&str>>>(row, "roles")?.unwrap_or_default();
    let meshes = row::get::<Option<Vec<Option<Uuid>>>>(row, "role_meshes")?.unwrap_or_default();
    let membership = |(role, mesh): (&str, Option<Uuid>)| {
        Ok(Membership { at: Owner::new(org, mesh.map(MeshId::from)), role: role.parse().map_err(row::corrupt)? })
    };
    roles.into_iter().zip(meshes).map(membership).collect()
}
