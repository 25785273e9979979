//! By what ways a person can sign in: a password, passkeys, identities at providers. One of them always stays.

use deadpool_postgres::GenericClient;

use super::{Error, queries, row};
use crate::domain::{SessionId, UserId};

queries! {
    /// Whoever adds or takes away a way of this person waits until the end of the transaction.
    HOLD = "SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE";
    IS_SIGNED_IN = "SELECT EXISTS (SELECT FROM sessions WHERE user_id = $1 AND id = $2) AS is_signed_in";
    IS_LEFT = "
        SELECT EXISTS (SELECT FROM passwords WHERE user_id = $1)
            OR $2 AND EXISTS (SELECT FROM passkeys WHERE user_id = $1)
            OR EXISTS (SELECT FROM identities WHERE user_id = $1 AND issuer = ANY ($3)) AS is_left";
}

/// Holds them against other changes. Whether the person is still signed in there: it may have been signed out while this waited, by who
/// has taken all of its ways away.
pub async fn hold(db: &impl GenericClient, user: UserId, session: SessionId) -> Result<bool, Error> {
    let hold = db.prepare_cached(HOLD).await?;
    db.execute(&hold, &[&user.uuid()]).await?;
    let ask = db.prepare_cached(IS_SIGNED_IN).await?;
    row::get(&db.query_one(&ask, &[&user.uuid(), &session.uuid()]).await?, "is_signed_in")
}

/// Whether one is left, where passkeys work or do not, and with these providers.
pub async fn is_left(db: &impl GenericClient, user: UserId, passkeys: bool, issuers: &[&str]) -> Result<bool, Error> {
    let ask = db.prepare_cached(IS_LEFT).await?;
    row::get(&db.query_one(&ask, &[&user.uuid(), &passkeys, &issuers]).await?, "is_left")
}
