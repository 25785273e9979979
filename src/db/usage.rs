//! Last uses, written in batches: never a write for each request (L-1, P-7).

use std::{collections::HashSet, net::IpAddr};

use deadpool_postgres::{GenericClient, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{KeyId, key::Use};

queries! {
    /// Those of these keys that no change holds: uses of the others are written with the next batch, and wait for nobody.
    FREE = "SELECT id FROM api_keys WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED";
    KEYS = "
        UPDATE api_keys k SET last_used_at = seen.at, last_used_from = seen.address
        FROM (
            SELECT DISTINCT ON (key) * FROM unnest($1::uuid[], $2::timestamptz[], $3::inet[]) AS u (key, at, address)
            ORDER BY key, at DESC
        ) seen
        WHERE k.id = seen.key AND (k.last_used_at IS NULL OR k.last_used_at < seen.at)";
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

/// Writes these uses, but for those of keys that a change holds: these are given back. Takes the operator's role.
pub async fn record(db: &mut Object, uses: Vec<SecretUse>) -> Result<Vec<SecretUse>, Error> {
    let transaction = db.transaction().await?;
    let free = transaction.prepare_cached(FREE).await?;
    let keys: Vec<Uuid> = uses.iter().map(|one| one.key.uuid()).collect();
    let rows = transaction.query(&free, &[&keys]).await?;
    let free: HashSet<KeyId> = rows.iter().map(|row| row::id(row, "id")).collect::<Result<_, _>>()?;
    let (writable, held): (Vec<_>, Vec<_>) = uses.into_iter().partition(|one| free.contains(&one.key));
    write(&transaction, &writable).await?;
    transaction.commit().await?;
    Ok(held)
}

async fn write(db: &impl GenericClient, uses: &[SecretUse]) -> Result<(), Error> {
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
