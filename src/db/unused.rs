//! Keys that were not used for as long as their policy lets them be. Takes the operator's role.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;

use super::{Error, queries, row};
use crate::domain::{KeyId, OrgId};

/// The key `k` is live, may be used, and was neither made, used, enabled nor rotated since its policy says; `o` is the policy of its
/// org, and `m` that of its mesh.
macro_rules! unused {
    () => {
        "api_keys k
         LEFT JOIN policies o ON o.org_id = k.org_id AND o.mesh_id IS NULL
         LEFT JOIN policies m ON m.org_id = k.org_id AND m.mesh_id = k.mesh_id
         CROSS JOIN LATERAL (
             SELECT clock_timestamp() - make_interval(secs => least(o.disable_unused_after, m.disable_unused_after)) AS since
         ) idle
         WHERE k.revoked_at IS NULL AND k.disabled_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
           AND greatest(k.created_at, k.enabled_at, k.last_used_at) < since
           AND NOT EXISTS (SELECT FROM key_secrets s WHERE s.key_id = k.id AND s.created_at >= since)"
    };
}

queries! {
    /// Of orgs that ask for it, and are not suspended, as their meshes are not archived: there nobody could use one.
    UNUSED = concat!(
        "SELECT k.org_id, k.id, k.last_used_at FROM ",
        unused!(),
        "  AND k.org_id IN (SELECT org_id FROM policies WHERE disable_unused_after IS NOT NULL)
           AND NOT EXISTS (SELECT FROM orgs WHERE orgs.id = k.org_id AND suspended_at IS NOT NULL)
           AND NOT EXISTS (SELECT FROM meshes WHERE meshes.id = k.mesh_id AND archived_at IS NOT NULL)
         ORDER BY k.org_id, k.id LIMIT $1"
    );
    /// Those of these that are so still, and that no change holds.
    TAKE = concat!(
        "SELECT k.id FROM ",
        unused!(),
        " AND k.org_id = $1 AND k.id = ANY ($2) ORDER BY k.id FOR NO KEY UPDATE OF k SKIP LOCKED"
    );
    DISABLE = "
        UPDATE api_keys SET disabled_at = clock_timestamp(), version = version + 1 WHERE org_id = $1 AND id = ANY ($2)";
}

/// A key that was not used for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unused {
    /// Whose.
    pub org: OrgId,
    /// Which one.
    pub key: KeyId,
    /// Its last use that is written down.
    pub last_used_at: Option<OffsetDateTime>,
}

/// The first of them.
pub async fn unused(db: &impl GenericClient, most: i64) -> Result<Vec<Unused>, Error> {
    let unused = db.prepare_cached(UNUSED).await?;
    let read = |row: &tokio_postgres::Row| {
        let (org, key) = (row::id(row, "org_id")?, row::id(row, "id")?);
        Ok(Unused { org, key, last_used_at: row::get(row, "last_used_at")? })
    };
    db.query(&unused, &[&most]).await?.iter().map(read).collect()
}

/// Those of these keys that are unused still, for this transaction alone; those that a change holds are left for another time.
pub async fn take(db: &impl GenericClient, org: OrgId, keys: &[KeyId]) -> Result<Vec<KeyId>, Error> {
    let take = db.prepare_cached(TAKE).await?;
    let keys: Vec<_> = keys.iter().map(|key| key.uuid()).collect();
    db.query(&take, &[&org.uuid(), &keys]).await?.iter().map(|row| row::id(row, "id")).collect()
}

/// Stops them for the time being.
pub async fn disable(db: &impl GenericClient, org: OrgId, keys: &[KeyId]) -> Result<(), Error> {
    let disable = db.prepare_cached(DISABLE).await?;
    let keys: Vec<_> = keys.iter().map(|key| key.uuid()).collect();
    db.execute(&disable, &[&org.uuid(), &keys]).await?;
    Ok(())
}
