//! The keys that can act in one mesh: its own, and those of its org.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;

use super::{
    Error, key_row,
    keys::{Dated, columns, tables},
    list::status,
    queries,
};
use crate::domain::{KeyId, MeshId, OrgId, Status};

queries! {
    KEYS = concat!("SELECT ", columns!(), " FROM ", tables!(), "
        WHERE k.org_id = $1
          AND (k.mesh_id = $2 OR $3 AND k.mesh_id IS NULL)
          AND ", status!(), " = ANY ($4)
          AND (k.created_at, k.id) < ($5, $6)
        ORDER BY k.created_at DESC, k.id DESC
        LIMIT $7");
}

/// The next `count` keys with one of these statuses that were made before `from`, the newest first: those of the mesh, and
/// if wanted those of the org itself.
pub async fn keys(
    db: &impl GenericClient,
    (org, mesh): (OrgId, MeshId),
    with_the_orgs: bool,
    status: &[Status],
    from: (OffsetDateTime, KeyId),
    count: i64,
) -> Result<Vec<Dated>, Error> {
    let keys = db.prepare_cached(KEYS).await?;
    let status: Vec<&str> = status.iter().map(|one| one.name()).collect();
    let (time, id) = (from.0, from.1.uuid());
    let rows = db.query(&keys, &[&org.uuid(), &mesh.uuid(), &with_the_orgs, &status, &time, &id, &count]).await?;
    rows.iter().map(key_row::read).collect()
}
