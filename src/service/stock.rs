//! What is there of each org, for who has a shell on the host: its keys, and whether its audit is whole.

use super::{House, Refusal, audit, operator::Operator};
use crate::{
    db::{
        orgs,
        stock::{self, Keys},
    },
    domain::Org,
};

/// An org, counted.
pub struct Stock {
    /// Which one.
    pub org: Org,
    /// Its keys.
    pub keys: Keys,
}

/// Counts the keys of every org.
pub async fn count(house: &House, _: &Operator) -> Result<Vec<Stock>, Refusal> {
    let client = house.store.operator().await?;
    let mut counted = Vec::new();
    for org in orgs::list(&client).await? {
        counted.push(Stock { keys: stock::keys(&client, org.id).await?, org });
    }
    Ok(counted)
}

/// Follows the audit of an org from its beginning; answers where it ends, or the place at which it breaks.
pub async fn follow(house: &House, by: &Operator, org: &Org) -> Result<Result<i64, i64>, Refusal> {
    let report = audit::verify::verify_one(house, by, org.id).await?.report;
    Ok(match report.broken {
        None => Ok(report.last_seq.unwrap_or_default()),
        Some(broken) => Err(broken.seq),
    })
}
