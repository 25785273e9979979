//! Patience: for how long the database is waited for.

use std::time::Duration;

use crate::db;

/// How long the database may take for one transaction, before it counts as out of reach. Whether a change was made is then
/// not known.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

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
