//! People. They are nobody's tenant: what they may do in an org is in its memberships.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{Email, OrgId, Title, User, UserId};

queries! {
    INSERT = "
        INSERT INTO users (id, email, name, email_verified_at) VALUES ($1, $2, $3, CASE WHEN $4 THEN clock_timestamp() END)
        RETURNING *";
    SHOW = "SELECT * FROM users WHERE id = $1";
    FIND = "SELECT * FROM users WHERE email = $1";
    VERIFIED = "UPDATE users SET email_verified_at = coalesce(email_verified_at, clock_timestamp()) WHERE id = $1";
    HEARS_OF_ENDS = "SELECT hears_of_ends FROM users WHERE id = $1";
    SET_HEARS_OF_ENDS = "UPDATE users SET hears_of_ends = $2 WHERE id = $1";
    ORGS = "SELECT DISTINCT org_id FROM meshkey_memberships_of($1) ORDER BY org_id";
}

/// A person, of the columns by their names.
pub(super) fn read(row: &Row) -> Result<User, Error> {
    Ok(User {
        id: row::id(row, "id")?,
        email: row::parsed(row, "email")?,
        name: row::parsed(row, "name")?,
        email_verified_at: row::get(row, "email_verified_at")?,
        suspended_at: row::get(row, "suspended_at")?,
        version: row::get(row, "version")?,
        created_at: row::get(row, "created_at")?,
    })
}

/// Makes a person, who has shown that the address is its own, or has not. The address may be taken.
pub async fn insert(
    db: &impl GenericClient,
    id: UserId,
    (email, is_verified): (&Email, bool),
    name: &Title,
) -> Result<User, Error> {
    let insert = db.prepare_cached(INSERT).await?;
    read(&db.query_one(&insert, &[&id.uuid(), &email.as_str(), &name.as_str(), &is_verified]).await?)
}

/// The person with this id.
pub async fn show(db: &impl GenericClient, id: UserId) -> Result<Option<User>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&id.uuid()]).await?.as_ref().map(read).transpose()
}

/// The person with this address.
pub async fn find(db: &impl GenericClient, email: &Email) -> Result<Option<User>, Error> {
    let find = db.prepare_cached(FIND).await?;
    db.query_opt(&find, &[&email.as_str()]).await?.as_ref().map(read).transpose()
}

/// The person has shown that its address is its own.
pub async fn verified(db: &impl GenericClient, id: UserId) -> Result<(), Error> {
    let verified = db.prepare_cached(VERIFIED).await?;
    db.execute(&verified, &[&id.uuid()]).await?;
    Ok(())
}

/// The orgs that this person is in, in the order of their ids.
pub async fn orgs(db: &impl GenericClient, id: UserId) -> Result<Vec<OrgId>, Error> {
    let orgs = db.prepare_cached(ORGS).await?;
    db.query(&orgs, &[&id.uuid()]).await?.iter().map(|row| row::id(row, "org_id")).collect()
}

/// Whether the person wants to hear of keys that end.
pub async fn hears_of_ends(db: &impl GenericClient, id: UserId) -> Result<bool, Error> {
    let hears = db.prepare_cached(HEARS_OF_ENDS).await?;
    let row = db.query_opt(&hears, &[&id.uuid()]).await?;
    row.map_or(Ok(false), |row| row::get(&row, "hears_of_ends"))
}

/// Says whether it does.
pub async fn set_hears_of_ends(db: &impl GenericClient, id: UserId, wants: bool) -> Result<(), Error> {
    let set = db.prepare_cached(SET_HEARS_OF_ENDS).await?;
    db.execute(&set, &[&id.uuid(), &wants]).await?;
    Ok(())
}
