//! How many keys an org has, for who has a shell on the host.

use deadpool_postgres::GenericClient;

use super::{Error, queries, row};
use crate::domain::OrgId;

queries! {
    KEYS = "
        SELECT count(*) AS keys,
               count(*) FILTER (WHERE is_live) AS live,
               count(*) FILTER (WHERE is_live AND expires_at <= clock_timestamp() + interval '7 days') AS ending
        FROM (SELECT expires_at, revoked_at IS NULL AND disabled_at IS NULL
                                 AND (expires_at IS NULL OR expires_at > clock_timestamp()) AS is_live
              FROM api_keys
              WHERE org_id = $1) AS k";
}

/// The keys of an org.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keys {
    /// All of them.
    pub all: i64,
    /// Those that work.
    pub live: i64,
    /// Those of them that end within a week.
    pub ending: i64,
}

/// Counts the keys of an org.
pub async fn keys(db: &impl GenericClient, org: OrgId) -> Result<Keys, Error> {
    let keys = db.prepare_cached(KEYS).await?;
    let row = db.query_one(&keys, &[&org.uuid()]).await?;
    Ok(Keys { all: row::get(&row, "keys")?, live: row::get(&row, "live")?, ending: row::get(&row, "ending")? })
}
