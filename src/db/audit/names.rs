//! What those are called of whom events tell: asked for all of a page at once.

use std::collections::HashMap;

use deadpool_postgres::GenericClient;
use uuid::Uuid;

use crate::{
    db::{Error, queries, row},
    domain::{MeshId, OrgId},
};

queries! {
    /// Keys of the org, or of these meshes alone; meshes and gates; and people, who belong to no org.
    NAMES = "
        SELECT id, label AS name FROM api_keys
        WHERE org_id = $1 AND id = ANY ($2) AND ($3::uuid[] IS NULL OR mesh_id = ANY ($3))
        UNION ALL
        SELECT id, slug FROM meshes WHERE org_id = $1 AND id = ANY ($2) AND ($3::uuid[] IS NULL OR id = ANY ($3))
        UNION ALL
        SELECT id, name FROM gates WHERE org_id = $1 AND id = ANY ($2) AND ($3::uuid[] IS NULL OR mesh_id = ANY ($3))
        UNION ALL
        SELECT id, name FROM users WHERE id = ANY ($2)";
}

/// What these are called, as far as they are of the org, or of these meshes of it.
pub async fn names(
    db: &impl GenericClient,
    org: OrgId,
    ids: &[Uuid],
    meshes: Option<&[MeshId]>,
) -> Result<HashMap<Uuid, String>, Error> {
    let names = db.prepare_cached(NAMES).await?;
    let meshes: Option<Vec<Uuid>> = meshes.map(|meshes| meshes.iter().map(|mesh| mesh.uuid()).collect());
    let rows = db.query(&names, &[&org.uuid(), &ids, &meshes]).await?;
    rows.iter().map(|row| Ok((row::get(row, "id")?, row::get(row, "name")?))).collect()
}
