//! The secrets of keys: hashes by number, and nothing that could be shown again.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;

use super::{Error, queries};
use crate::domain::{KeyId, OrgId, Secret};

queries! {
    INSERT = "
        INSERT INTO key_secrets (org_id, key_id, number, hash, hint, created_at)
        VALUES ($1, $2, $3, $4, $5, clock_timestamp())";
    REPLACE = "
        UPDATE key_secrets SET dies_at = $3
        WHERE org_id = $1 AND key_id = $2 AND dies_at IS NULL";
    FINISH = "
        UPDATE key_secrets SET dies_at = clock_timestamp()
        WHERE org_id = $1 AND key_id = $2 AND dies_at > clock_timestamp()";
}

/// Gives the key its secret of this number.
pub async fn insert(
    db: &impl GenericClient,
    org: OrgId,
    key: KeyId,
    number: i32,
    secret: &Secret,
) -> Result<(), Error> {
    let insert = db.prepare_cached(INSERT).await?;
    let hash = secret.hash();
    db.execute(&insert, &[&org.uuid(), &key.uuid(), &number, &hash.as_bytes(), &secret.hint()]).await?;
    Ok(())
}

/// Sets the end of the newest secret, so that there can be a newer one.
pub async fn replace(db: &impl GenericClient, org: OrgId, key: KeyId, dies_at: OffsetDateTime) -> Result<(), Error> {
    let replace = db.prepare_cached(REPLACE).await?;
    db.execute(&replace, &[&org.uuid(), &key.uuid(), &dies_at]).await?;
    Ok(())
}

/// Ends the replaced secret now; answers whether one still lived.
pub async fn finish(db: &impl GenericClient, org: OrgId, key: KeyId) -> Result<bool, Error> {
    let finish = db.prepare_cached(FINISH).await?;
    Ok(db.execute(&finish, &[&org.uuid(), &key.uuid()]).await? > 0)
}
