//! Patience: for how long the database is waited for.

use std::time::Duration;

use super::Refusal;
use crate::db;

/// How long the database may take for one transaction, before it counts as out of reach. Whether a change was made is then
/// not known.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

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

/// What takes longer than [`PATIENCE`] is given up: nobody waits for ever for a database that hangs.
pub(super) async fn in_time<T, E: From<db::Error>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    within(PATIENCE, work).await
}

/// The same with another patience.
pub(super) async fn within<T, E: From<db::Error>>(
    patience: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let late = || Err(db::Error::Unavailable("it did not answer in time".to_owned()).into());
    tokio::time::timeout(patience, work).await.unwrap_or_else(|_| late())
}
