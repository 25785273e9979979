//! The hashes of passwords.

use deadpool_postgres::GenericClient;

use super::{Error, queries, row};
use crate::domain::{UserId, password::PasswordHash};

queries! {
    SHOW = "SELECT hash FROM passwords WHERE user_id = $1";
    SET = "
        INSERT INTO passwords (user_id, hash) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, set_at = now()";
    OF_EMAIL = "
        SELECT u.id, u.suspended_at IS NOT NULL AS is_suspended, p.hash,
               EXISTS (SELECT FROM totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL) AS has_factor
        FROM users u LEFT JOIN passwords p ON p.user_id = u.id
        WHERE u.email = $1";
    HOLD = "
        SELECT EXISTS (SELECT FROM totp t WHERE t.user_id = p.user_id AND t.confirmed_at IS NOT NULL) AS has_factor
        FROM passwords p
        WHERE p.user_id = $1 AND p.hash = $2
          AND EXISTS (SELECT FROM users u WHERE u.id = p.user_id AND u.suspended_at IS NULL)
        FOR NO KEY UPDATE OF p";
}

/// Who signs in with an address for e-mail.
pub struct Account {
    /// Who.
    pub user: UserId,
    /// Whether the person may do nothing at all.
    pub is_suspended: bool,
    /// The hash of the password, where there is one.
    pub hash: Option<PasswordHash>,
    /// Whether a second factor is asked for.
    pub has_factor: bool,
}

/// The account with this address.
pub async fn of_email(db: &impl GenericClient, email: &str) -> Result<Option<Account>, Error> {
    let of_email = db.prepare_cached(OF_EMAIL).await?;
    let Some(row) = db.query_opt(&of_email, &[&email]).await? else { return Ok(None) };
    Ok(Some(Account {
        user: row::id(&row, "id")?,
        is_suspended: row::get(&row, "is_suspended")?,
        hash: row::get::<Option<String>>(&row, "hash")?.map(PasswordHash::from),
        has_factor: row::get(&row, "has_factor")?,
    }))
}

/// Holds a password that was verified against change, and says whether a second factor is asked for. Nothing if it was changed
/// meanwhile, or its person was suspended.
pub async fn hold(db: &impl GenericClient, user: UserId, hash: &PasswordHash) -> Result<Option<bool>, Error> {
    let hold = db.prepare_cached(HOLD).await?;
    let row = db.query_opt(&hold, &[&user.uuid(), &hash.as_str()]).await?;
    row.map(|row| row::get(&row, "has_factor")).transpose()
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
