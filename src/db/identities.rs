//! By whom people are named to us: a provider and its subject are one person, or nobody.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{
    IdentityId, UserId,
    openid::{Claims, Identity},
};

queries! {
    /// Held against being disconnected meanwhile.
    FIND = "
        SELECT i.id, i.user_id, u.suspended_at IS NOT NULL AS is_suspended,
               EXISTS (SELECT FROM totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL) AS has_factor
        FROM identities i JOIN users u ON u.id = i.user_id
        WHERE i.issuer = $1 AND i.subject = $2
        FOR NO KEY UPDATE OF i";
    USED = "UPDATE identities SET last_used_at = clock_timestamp(), email = coalesce($2, email) WHERE id = $1";
    LIST = "
        SELECT id, issuer, email, created_at, last_used_at FROM identities WHERE user_id = $1 ORDER BY created_at, id";
    COUNT = "SELECT count(*) FROM identities WHERE user_id = $1";
    INSERT = "INSERT INTO identities (id, issuer, subject, user_id, email) VALUES ($1, $2, $3, $4, $5)";
    REMOVE = "DELETE FROM identities WHERE user_id = $1 AND id = $2 RETURNING issuer";
    FORGET = "DELETE FROM identities WHERE user_id = $1";
}

/// Who is meant.
pub struct Found {
    /// By which identity.
    pub id: IdentityId,
    /// Who.
    pub user: UserId,
    /// Whether the person may do nothing at all.
    pub is_suspended: bool,
    /// Whether a second factor is asked for.
    pub has_factor: bool,
}

/// Whom a provider means.
pub async fn find(db: &impl GenericClient, claims: &Claims) -> Result<Option<Found>, Error> {
    let find = db.prepare_cached(FIND).await?;
    let Some(row) = db.query_opt(&find, &[&claims.issuer, &claims.subject]).await? else { return Ok(None) };
    Ok(Some(Found {
        id: row::id(&row, "id")?,
        user: row::id(&row, "user_id")?,
        is_suspended: row::get(&row, "is_suspended")?,
        has_factor: row::get(&row, "has_factor")?,
    }))
}

/// It was used, and this is what the provider said.
pub async fn used(db: &impl GenericClient, id: IdentityId, claims: &Claims) -> Result<(), Error> {
    let used = db.prepare_cached(USED).await?;
    db.execute(&used, &[&id.uuid(), &claims.email.as_ref().map(crate::domain::Email::as_str)]).await?;
    Ok(())
}

/// Those of a person, the oldest first.
pub async fn list(db: &impl GenericClient, user: UserId) -> Result<Vec<Identity>, Error> {
    let list = db.prepare_cached(LIST).await?;
    db.query(&list, &[&user.uuid()]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Identity, Error> {
    Ok(Identity {
        id: row::id(row, "id")?,
        issuer: row::get(row, "issuer")?,
        email: row::parsed_option(row, "email")?,
        created_at: row::get(row, "created_at")?,
        last_used_at: row::get(row, "last_used_at")?,
    })
}

/// How many a person has.
pub async fn count(db: &impl GenericClient, user: UserId) -> Result<i64, Error> {
    let count = db.prepare_cached(COUNT).await?;
    Ok(db.query_one(&count, &[&user.uuid()]).await?.try_get(0)?)
}

/// Connects one with a person. It may be taken.
pub async fn insert(db: &impl GenericClient, id: IdentityId, user: UserId, claims: &Claims) -> Result<(), Error> {
    let insert = db.prepare_cached(INSERT).await?;
    let email = claims.email.as_ref().map(crate::domain::Email::as_str);
    db.execute(&insert, &[&id.uuid(), &claims.issuer, &claims.subject, &user.uuid(), &email]).await?;
    Ok(())
}

/// Takes one from a person. Of which provider it was, if there was one.
pub async fn remove(db: &impl GenericClient, user: UserId, id: IdentityId) -> Result<Option<String>, Error> {
    let remove = db.prepare_cached(REMOVE).await?;
    let row = db.query_opt(&remove, &[&user.uuid(), &id.uuid()]).await?;
    row.map(|row| row::get(&row, "issuer")).transpose()
}

/// Takes all from a person. How many there were.
pub async fn forget(db: &impl GenericClient, user: UserId) -> Result<u64, Error> {
    let forget = db.prepare_cached(FORGET).await?;
    Ok(db.execute(&forget, &[&user.uuid()]).await?)
}
