//! What the guard within a service of somebody else's asks, in a role of its own that may read no tenant's table.

use deadpool_postgres::GenericClient;
use tokio_postgres::Client;

use super::{Error, queries, row};
use crate::domain::{MeshId, OrgId};

queries! {
    /// Whether the schema knows of guards.
    IS_KNOWN = "SELECT to_regprocedure('meshkey_guard_org(text, uuid)') IS NOT NULL AS is_known";
    ORG = "SELECT meshkey_guard_org($1, $2) AS id";
    MESH = "SELECT id, is_archived FROM meshkey_guard_mesh($1, $2, $3)";
    CAPABILITIES = "SELECT name FROM meshkey_guard_capabilities($1) AS name";
}

/// Whether the schema is new enough.
pub async fn is_known(db: &Client) -> Result<bool, Error> {
    row::get(&db.query_one(IS_KNOWN, &[]).await?, "is_known")
}

/// The org with that slug or id.
pub async fn org(db: &impl GenericClient, named: &str) -> Result<Option<OrgId>, Error> {
    let id = named.parse::<OrgId>().ok().map(OrgId::uuid);
    let org = db.prepare_cached(ORG).await?;
    row::id_option(&db.query_one(&org, &[&named, &id]).await?, "id")
}

/// The mesh of this org with that slug or id, and whether it is archived.
pub async fn mesh(db: &impl GenericClient, org: OrgId, named: &str) -> Result<Option<(MeshId, bool)>, Error> {
    let mesh = db.prepare_cached(MESH).await?;
    let id = named.parse::<MeshId>().ok().map(MeshId::uuid);
    let found = db.query_opt(&mesh, &[&org.uuid(), &named, &id]).await?;
    found.map(|found| Ok((row::id(&found, "id")?, row::get(&found, "is_archived")?))).transpose()
}

/// Every capability that the org has declared: at most 64.
pub async fn capabilities(db: &impl GenericClient, org: OrgId) -> Result<Vec<String>, Error> {
    let capabilities = db.prepare_cached(CAPABILITIES).await?;
    db.query(&capabilities, &[&org.uuid()]).await?.iter().map(|found| row::get(found, "name")).collect()
}
