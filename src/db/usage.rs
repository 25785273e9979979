//! Last uses, written in batches: never a write for each request (L-1, P-7).

use std::net::IpAddr;

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Error, queries};
use crate::domain::{KeyId, key::Use};

queries! {
    /// Locks in the order of the ids, as every change does.
    KEYS = "
        WITH seen AS (
            SELECT DISTINCT ON (key) * FROM unnest($1::uuid[], $2::timestamptz[], $3::inet[]) AS u (key, at, address)
            ORDER BY key, at DESC
        ), free AS (
            SELECT k.id FROM api_keys k JOIN seen ON seen.key = k.id ORDER BY k.id FOR NO KEY UPDATE OF k
        )
        UPDATE api_keys k SET last_used_at = seen.at, last_used_from = seen.address
        FROM seen JOIN free ON free.id = seen.key
        WHERE k.id = free.id AND (k.last_used_at IS NULL OR k.last_used_at < seen.at)";
    SECRETS = "
        UPDATE key_secrets s SET last_used_at = seen.at
        FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[]) AS seen (key, number, at)
        WHERE s.key_id = seen.key AND s.number = seen.number
          AND (s.last_used_at IS NULL OR s.last_used_at < seen.at)";
}

/// The latest use of one secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretUse {
    /// Whose secret.
    pub key: KeyId,
    /// Which of its secrets.
    pub number: i32,
    /// When and from where.
    pub last: Use,
}

/// Writes these uses. Takes the operator's role.
pub async fn record(db: &impl GenericClient, uses: &[SecretUse]) -> Result<(), Error> {
    let keys: Vec<Uuid> = uses.iter().map(|one| one.key.uuid()).collect();
    let numbers: Vec<i32> = uses.iter().map(|one| one.number).collect();
    let times: Vec<OffsetDateTime> = uses.iter().map(|one| one.last.at).collect();
    let addresses: Vec<Option<IpAddr>> = uses.iter().map(|one| one.last.from).collect();
    let statement = db.prepare_cached(KEYS).await?;
    db.execute(&statement, &[&keys, &times, &addresses]).await?;
    let statement = db.prepare_cached(SECRETS).await?;
    db.execute(&statement, &[&keys, &numbers, &times]).await?;
    Ok(())
}
