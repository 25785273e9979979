//! Capabilities that orgs declared.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{DeclaredCapability, OrgId, capability::DeclaredName, name::Description, page::Limit};

queries! {
    INSERT = "INSERT INTO capabilities (org_id, name, description) VALUES ($1, $2, $3) RETURNING *";
    COUNT = "SELECT count(*) FROM capabilities WHERE org_id = $1";
    SHOW = "SELECT * FROM capabilities WHERE org_id = $1 AND name = $2";
    LOCK = "SELECT * FROM capabilities WHERE org_id = $1 AND name = $2 FOR UPDATE";
    LIST = "SELECT * FROM capabilities WHERE org_id = $1 AND name > $2 ORDER BY name LIMIT $3";
    EDIT = "
        UPDATE capabilities SET description = $3, version = version + 1
        WHERE org_id = $1 AND name = $2
        RETURNING *";
    /// Those among these names that are declared, held against being retired.
    HOLD = "SELECT name FROM capabilities WHERE org_id = $1 AND name = ANY ($2) ORDER BY name FOR KEY SHARE";
    /// Names to suggest from: an org has few.
    NAMES = "SELECT name FROM capabilities WHERE org_id = $1 ORDER BY name";
    /// How many keys that are neither revoked nor expired have it.
    BEARERS = "
        SELECT count(*) FROM api_keys
        WHERE org_id = $1
          AND revoked_at IS NULL
          AND (expires_at IS NULL OR expires_at > clock_timestamp())
          AND $2 = ANY (capabilities)";
    RETIRE = "DELETE FROM capabilities WHERE org_id = $1 AND name = $2";
}

fn read(row: &Row) -> Result<DeclaredCapability, Error> {
    Ok(DeclaredCapability {
        name: row::parsed(row, "name")?,
        description: row::parsed(row, "description")?,
        created_at: row::get(row, "created_at")?,
        version: row::get(row, "version")?,
    })
}

/// Declares one. [`Error::Taken`] where the org has it.
pub async fn insert(
    db: &impl GenericClient,
    org: OrgId,
    name: &DeclaredName,
    description: &Description,
) -> Result<DeclaredCapability, Error> {
    let insert = db.prepare_cached(INSERT).await?;
    read(&db.query_one(&insert, &[&org.uuid(), &name.as_str(), &description.as_str()]).await?)
}

/// How many the org has declared.
pub async fn count(db: &impl GenericClient, org: OrgId) -> Result<i64, Error> {
    let count = db.prepare_cached(COUNT).await?;
    row::get(&db.query_one(&count, &[&org.uuid()]).await?, "count")
}

/// The one of this name.
pub async fn show(
    db: &impl GenericClient,
    org: OrgId,
    name: &DeclaredName,
) -> Result<Option<DeclaredCapability>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&org.uuid(), &name.as_str()]).await?.as_ref().map(read).transpose()
}

/// The one of this name, held against other changes and against being given to a key.
pub async fn lock(
    db: &impl GenericClient,
    org: OrgId,
    name: &DeclaredName,
) -> Result<Option<DeclaredCapability>, Error> {
    let lock = db.prepare_cached(LOCK).await?;
    db.query_opt(&lock, &[&org.uuid(), &name.as_str()]).await?.as_ref().map(read).transpose()
}

/// Those behind `after`, by name.
pub async fn list(
    db: &impl GenericClient,
    org: OrgId,
    after: &str,
    limit: Limit,
) -> Result<Vec<DeclaredCapability>, Error> {
    let list = db.prepare_cached(LIST).await?;
    db.query(&list, &[&org.uuid(), &after, &limit.and_one()]).await?.iter().map(read).collect()
}

/// Says anew what it is for.
pub async fn edit(
    db: &impl GenericClient,
    org: OrgId,
    name: &DeclaredName,
    description: &Description,
) -> Result<DeclaredCapability, Error> {
    let edit = db.prepare_cached(EDIT).await?;
    read(&db.query_one(&edit, &[&org.uuid(), &name.as_str(), &description.as_str()]).await?)
}

/// Which of these are declared; they cannot be retired before the end of the transaction.
pub async fn hold(db: &impl GenericClient, org: OrgId, names: &[&str]) -> Result<Vec<String>, Error> {
    let hold = db.prepare_cached(HOLD).await?;
    db.query(&hold, &[&org.uuid(), &names]).await?.iter().map(|row| row::get(row, "name")).collect()
}

/// All names.
pub async fn names(db: &impl GenericClient, org: OrgId) -> Result<Vec<String>, Error> {
    let names = db.prepare_cached(NAMES).await?;
    db.query(&names, &[&org.uuid()]).await?.iter().map(|row| row::get(row, "name")).collect()
}

/// How many keys that are neither revoked nor expired have it.
pub async fn bearers(db: &impl GenericClient, org: OrgId, name: &DeclaredName) -> Result<i64, Error> {
    let bearers = db.prepare_cached(BEARERS).await?;
    row::get(&db.query_one(&bearers, &[&org.uuid(), &name.as_str()]).await?, "count")
}

/// Takes it away.
pub async fn retire(db: &impl GenericClient, org: OrgId, name: &DeclaredName) -> Result<(), Error> {
    let retire = db.prepare_cached(RETIRE).await?;
    db.execute(&retire, &[&org.uuid(), &name.as_str()]).await?;
    Ok(())
}
