//! Who holds these secrets? The one question that knows no tenant yet.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::Row;

use super::{Error, queries, row};
use crate::domain::{Credential, SecretHash};

queries! {
    LOOKUP = "SELECT * FROM meshkey_lookup($1)";
}

/// What was found, and when, by the clock of the database.
#[derive(Debug, Clone)]
pub struct Found {
    /// What decides over it.
    pub credential: Credential,
    /// The clock of the database, when it was read.
    pub now: OffsetDateTime,
}

/// The holders of these secrets, in this order. One statement, however many.
pub async fn lookup(db: &impl GenericClient, hashes: &[SecretHash]) -> Result<Vec<Option<Found>>, Error> {
    let lookup = db.prepare_cached(LOOKUP).await?;
    let wanted: Vec<&[u8]> = hashes.iter().map(SecretHash::as_bytes).collect();
    let rows = db.query(&lookup, &[&wanted]).await?;
    let of = |hash: &SecretHash| {
        let mine = |row: &&Row| row.try_get::<_, &[u8]>("hash").is_ok_and(|found| found == hash.as_bytes());
        rows.iter().find(mine).map(found).transpose()
    };
    hashes.iter().map(of).collect()
}

fn found(row: &Row) -> Result<Found, Error> {
    let credential = Credential {
        key: row::id(row, "key_id")?,
        label: row::parsed(row, "label")?,
        terms: row::terms(row)?,
        secret: row::get(row, "secret")?,
        newest_secret: row::get(row, "newest_secret")?,
        secret_dies_at: row::get(row, "secret_dies_at")?,
        is_revoked: row::get(row, "is_revoked")?,
        is_disabled: row::get(row, "is_disabled")?,
        org_slug: row::parsed(row, "org_slug")?,
        is_org_suspended: row::get(row, "is_org_suspended")?,
        mesh_slug: row::parsed_option(row, "mesh_slug")?,
        is_mesh_archived: row::get::<Option<bool>>(row, "is_mesh_archived")?.unwrap_or(false),
    };
    Ok(Found { credential, now: row::get(row, "now")? })
}
