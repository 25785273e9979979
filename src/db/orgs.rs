//! Orgs.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{Org, OrgId, Slug, Title};

queries! {
    INSERT = "
        INSERT INTO orgs (id, slug, name) VALUES ($1, $2, $3) RETURNING *";
    BEGIN_AUDIT = "INSERT INTO audit_heads (org_id) VALUES ($1)";
    SHOW = "SELECT * FROM orgs WHERE id = $1";
    FIND = "SELECT * FROM orgs WHERE slug = $1";
    LIST = "SELECT * FROM orgs ORDER BY slug";
    LOCK_FOUNDING = "SELECT pg_advisory_xact_lock(7017501000000001)";
    LOCK = "SELECT * FROM orgs WHERE id = $1 FOR NO KEY UPDATE";
    EDIT = "UPDATE orgs SET name = $2, version = version + 1 WHERE id = $1 RETURNING *";
    SUSPEND = "
        UPDATE orgs SET suspended_at = CASE WHEN $2 THEN clock_timestamp() END, version = version + 1
        WHERE id = $1
        RETURNING *";
}

fn read(row: &Row) -> Result<Org, Error> {
    Ok(Org {
        id: row::id(row, "id")?,
        slug: row::parsed(row, "slug")?,
        name: row::parsed(row, "name")?,
        suspended_at: row::get(row, "suspended_at")?,
        created_at: row::get(row, "created_at")?,
        version: row::get(row, "version")?,
    })
}

/// Makes an org and the beginning of its audit. Takes the operator's role.
pub async fn insert(db: &impl GenericClient, id: OrgId, slug: &Slug, name: &Title) -> Result<Org, Error> {
    let insert = db.prepare_cached(INSERT).await?;
    let org = read(&db.query_one(&insert, &[&id.uuid(), &slug.as_str(), &name.as_str()]).await?)?;
    let begin = db.prepare_cached(BEGIN_AUDIT).await?;
    db.execute(&begin, &[&id.uuid()]).await?;
    Ok(org)
}

/// Makes foundings take turns, so that there is one first.
pub async fn lock_founding(db: &impl GenericClient) -> Result<(), Error> {
    let lock = db.prepare_cached(LOCK_FOUNDING).await?;
    db.query_one(&lock, &[]).await?;
    Ok(())
}

/// The org with this id.
pub async fn show(db: &impl GenericClient, id: OrgId) -> Result<Option<Org>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&id.uuid()]).await?.as_ref().map(read).transpose()
}

/// The org with this slug. Takes the operator's role.
pub async fn find(db: &impl GenericClient, slug: &Slug) -> Result<Option<Org>, Error> {
    let find = db.prepare_cached(FIND).await?;
    db.query_opt(&find, &[&slug.as_str()]).await?.as_ref().map(read).transpose()
}

/// Every org, by slug. Takes the operator's role.
pub async fn list(db: &impl GenericClient) -> Result<Vec<Org>, Error> {
    let list = db.prepare_cached(LIST).await?;
    db.query(&list, &[]).await?.iter().map(read).collect()
}

/// The org with this id, held against other changes.
pub async fn lock(db: &impl GenericClient, id: OrgId) -> Result<Option<Org>, Error> {
    let lock = db.prepare_cached(LOCK).await?;
    db.query_opt(&lock, &[&id.uuid()]).await?.as_ref().map(read).transpose()
}

/// Gives it another name.
pub async fn edit(db: &impl GenericClient, id: OrgId, name: &Title) -> Result<Org, Error> {
    let edit = db.prepare_cached(EDIT).await?;
    read(&db.query_one(&edit, &[&id.uuid(), &name.as_str()]).await?)
}

/// Suspends it, or ends that.
pub async fn suspend(db: &impl GenericClient, id: OrgId, suspended: bool) -> Result<Org, Error> {
    let suspend = db.prepare_cached(SUSPEND).await?;
    read(&db.query_one(&suspend, &[&id.uuid(), &suspended]).await?)
}
