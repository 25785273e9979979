//! The replicas that may remember keys, for who has a shell on the host.

use super::{House, Refusal, operator::Operator};
use crate::db::fresh::poll::{self, Listed};

/// Every replica that has a row, the oldest first: also one that died and was not yet found dead.
pub async fn list(house: &House, _: &Operator) -> Result<Vec<Listed>, Refusal> {
    Ok(poll::list(&house.store.operator().await?).await?)
}
