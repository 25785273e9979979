//! Members at a glance: how many keys that live each has, when it was last heard of, and by what more than a password it signs in.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{OrgId, UserId};

/// Whether the key `k` lives.
macro_rules! lives {
    () => {
        "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())"
    };
}

queries! {
    /// When somebody was signed in is no org's to know: of that nothing is told.
    OF = concat!("
        SELECT u.id,
               (SELECT count(*) FROM api_keys k WHERE k.org_id = $1 AND k.user_id = u.id AND ", lives!(), ") AS personal,
               (SELECT count(*) FROM api_keys k
                WHERE k.org_id = $1 AND k.issued_by_user = u.id AND k.user_id IS DISTINCT FROM u.id AND ", lives!(), ") AS issued,
               (SELECT max(k.last_used_at) FROM api_keys k WHERE k.org_id = $1 AND k.user_id = u.id) AS used_at,
               EXISTS (SELECT FROM totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL) AS has_app,
               EXISTS (SELECT FROM passkeys p WHERE p.user_id = u.id) AS has_passkey
        FROM users u
        WHERE u.id = ANY ($2) AND EXISTS (SELECT FROM memberships m WHERE m.org_id = $1 AND m.user_id = u.id)");
}

/// A member at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// Keys that are bound to the person and live.
    pub personal: i64,
    /// Keys that it issued for the org and that live.
    pub issued: i64,
    /// When a key that is bound to it was last used. A session is of no org: when somebody was signed in is told to none.
    pub used_at: Option<OffsetDateTime>,
    /// Whether an app is asked for its code after the password.
    pub has_app: bool,
    /// Whether it has a passkey.
    pub has_passkey: bool,
}

/// Those of these people who are members of the org.
pub async fn of(db: &impl GenericClient, org: OrgId, users: &[UserId]) -> Result<Vec<(UserId, Presence)>, Error> {
    let of = db.prepare_cached(OF).await?;
    let users: Vec<_> = users.iter().map(|user| user.uuid()).collect();
    db.query(&of, &[&org.uuid(), &users]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<(UserId, Presence), Error> {
    let presence = Presence {
        personal: row::get(row, "personal")?,
        issued: row::get(row, "issued")?,
        used_at: row::get(row, "used_at")?,
        has_app: row::get(row, "has_app")?,
        has_passkey: row::get(row, "has_passkey")?,
    };
    Ok((row::id(row, "id")?, presence))
}
