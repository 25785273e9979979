//! Doing it again, where it was in another's way.

use std::time::Duration;

use super::Refusal;
use crate::db;

/// How often a transaction that was in another's way is tried.
const TRIES: usize = 5;

/// Does it again where it was in another's way; not all at once again, or they are in each other's way again.
pub(super) async fn undisturbed<T, E>(mut work: impl AsyncFnMut() -> Result<T, E>) -> Result<T, E>
where
    E: WasInTheWay,
{
    for _ in 1..TRIES {
        match work().await {
            Err(error) if error.was_in_the_way() => {
                tokio::time::sleep(Duration::from_millis(rand::random_range(1..30))).await;
            }
            done => return done,
        }
    }
    work().await
}

/// An error that says whether it is worth trying again at once.
pub(super) trait WasInTheWay {
    fn was_in_the_way(&self) -> bool;
}

impl WasInTheWay for Refusal {
    fn was_in_the_way(&self) -> bool {
        matches!(self, Self::Store(db::Error::Contention))
    }
}
