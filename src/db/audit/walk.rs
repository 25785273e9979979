//! Reading a chain as it is stored, so that it can be proved.

use deadpool_postgres::GenericClient;

use super::{hash, read};
use crate::{
    db::{Error, queries, row},
    domain::{
        OrgId,
        audit::{End, Event},
    },
};

queries! {
    END = "SELECT seq, hash FROM audit_heads WHERE org_id = $1";
    CHAIN = "SELECT * FROM audit_events WHERE org_id = $1 AND seq > $2 ORDER BY seq LIMIT 1000";
}

/// An event, and the bytes of which its hash was made.
pub type Stored = (Event, Vec<u8>);

/// Where the org's chain ends.
pub async fn end(db: &impl GenericClient, org: OrgId) -> Result<End, Error> {
    let end = db.prepare_cached(END).await?;
    match db.query_opt(&end, &[&org.uuid()]).await? {
        Some(row) => Ok(End { seq: row::get(&row, "seq")?, hash: hash(&row)? }),
        None => Ok(End::START),
    }
}

/// The next thousand events of the org behind `seq`.
pub async fn stored_after(db: &impl GenericClient, org: OrgId, seq: i64) -> Result<Vec<Stored>, Error> {
    let chain = db.prepare_cached(CHAIN).await?;
    let rows = db.query(&chain, &[&org.uuid(), &seq]).await?;
    rows.iter().map(|row| Ok((read(row)?, row::get(row, "canonical")?))).collect()
}
