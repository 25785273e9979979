//! The hashes of passwords.

use deadpool_postgres::GenericClient;

use super::{Error, queries, row};
use crate::domain::{UserId, password::PasswordHash};

queries! {
    SHOW = "SELECT hash FROM passwords WHERE user_id = $1";
    SET = "
        INSERT INTO passwords (user_id, hash) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, set_at = now()";
}

/// The hash of this person's password, if it has one.
pub async fn show(db: &impl GenericClient, user: UserId) -> Result<Option<PasswordHash>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    let row = db.query_opt(&show, &[&user.uuid()]).await?;
    row.map(|row| row::get::<String>(&row, "hash").map(PasswordHash::from)).transpose()
}

/// Gives this person another password, or its first.
pub async fn set(db: &impl GenericClient, user: UserId, hash: &PasswordHash) -> Result<(), Error> {
    let set = db.prepare_cached(SET).await?;
    db.execute(&set, &[&user.uuid(), &hash.as_str()]).await?;
    Ok(())
}
