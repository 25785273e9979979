//! Passkeys of people. What a credential holds is known to who verifies it: here it is JSON.

use deadpool_postgres::GenericClient;
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{PasskeyId, Title, UserId};

queries! {
    LIST = "SELECT id, name, credential, created_at, used_at FROM passkeys WHERE user_id = $1 ORDER BY created_at, id";
    /// Held to the end of the transaction: of two who use it at once, the second sees the counter of the first.
    HOLD = "
        SELECT p.id, p.user_id, p.credential FROM passkeys p
        WHERE p.credential_id = $1 AND EXISTS (SELECT FROM users u WHERE u.id = p.user_id AND u.suspended_at IS NULL)
        FOR UPDATE OF p";
    INSERT = "INSERT INTO passkeys (id, user_id, credential_id, credential, name) VALUES ($1, $2, $3, $4, $5)";
    USED = "UPDATE passkeys SET credential = $2, used_at = clock_timestamp() WHERE id = $1";
    REMOVE = "DELETE FROM passkeys WHERE user_id = $1 AND id = $2 RETURNING name";
    REMOVE_ALL = "DELETE FROM passkeys WHERE user_id = $1";
}

/// A passkey, as it is kept.
pub struct Kept {
    /// Which one.
    pub id: PasskeyId,
    /// What the person calls it.
    pub name: Title,
    /// What it is verified by.
    pub credential: Value,
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// When it was last used, if it was.
    pub used_at: Option<OffsetDateTime>,
}

/// A passkey that is being used.
pub struct Held {
    /// Which one.
    pub id: PasskeyId,
    /// Whose.
    pub user: UserId,
    /// What it is verified by.
    pub credential: Value,
}

/// Those of this person, the oldest first.
pub async fn list(db: &impl GenericClient, user: UserId) -> Result<Vec<Kept>, Error> {
    let list = db.prepare_cached(LIST).await?;
    db.query(&list, &[&user.uuid()]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Kept, Error> {
    Ok(Kept {
        id: row::id(row, "id")?,
        name: row::parsed(row, "name")?,
        credential: row::get(row, "credential")?,
        created_at: row::get(row, "created_at")?,
        used_at: row::get(row, "used_at")?,
    })
}

/// The one with this id of a credential, held; none if its person may do nothing.
pub async fn hold(db: &impl GenericClient, credential_id: &[u8]) -> Result<Option<Held>, Error> {
    let hold = db.prepare_cached(HOLD).await?;
    let Some(row) = db.query_opt(&hold, &[&credential_id]).await? else { return Ok(None) };
    let (id, user) = (row::id(&row, "id")?, row::id(&row, "user_id")?);
    Ok(Some(Held { id, user, credential: row::get(&row, "credential")? }))
}

/// Adds one. The id of its credential may be taken.
pub async fn insert(
    db: &impl GenericClient,
    (id, user): (PasskeyId, UserId),
    (credential_id, credential): (&[u8], &Value),
    name: &Title,
) -> Result<(), Error> {
    let insert = db.prepare_cached(INSERT).await?;
    db.execute(&insert, &[&id.uuid(), &user.uuid(), &credential_id, credential, &name.as_str()]).await?;
    Ok(())
}

/// It was used, and this is what it is verified by from now on.
pub async fn used(db: &impl GenericClient, id: PasskeyId, credential: &Value) -> Result<(), Error> {
    let used = db.prepare_cached(USED).await?;
    db.execute(&used, &[&id.uuid(), credential]).await?;
    Ok(())
}

/// Takes one of this person away. What it was called, if there was one.
pub async fn remove(db: &impl GenericClient, user: UserId, id: PasskeyId) -> Result<Option<Title>, Error> {
    let remove = db.prepare_cached(REMOVE).await?;
    let removed = db.query_opt(&remove, &[&user.uuid(), &id.uuid()]).await?;
    removed.map(|row| row::parsed(&row, "name")).transpose()
}

/// Takes all of this person away. How many.
pub async fn remove_all(db: &impl GenericClient, user: UserId) -> Result<u64, Error> {
    let remove = db.prepare_cached(REMOVE_ALL).await?;
    Ok(db.execute(&remove, &[&user.uuid()]).await?)
}
