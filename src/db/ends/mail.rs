//! The mails about keys that end: one for each person and day, that waits until it was sent, and is kept for a while so that no
//! second one follows on that day.

use deadpool_postgres::GenericClient;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    db::{
        Error,
        outbox::{note_failure, take_next},
        queries, row,
    },
    domain::{Email, UserId},
};

queries! {
    /// Those of these people who were told today, and those who want to hear nothing.
    HEARD = "SELECT user_id FROM end_notices WHERE user_id = ANY ($1) AND day = $2";
    DEAF = "SELECT id FROM users WHERE id = ANY ($1) AND NOT hears_of_ends";
    QUEUE = "INSERT INTO end_notices (id, user_id, day, listed, more) VALUES ($1, $2, $3, $4, $5)";
    TAKE = take_next!("end_notices", "sent_at IS NULL AND failed_at IS NULL", "id, user_id, listed, more");
    /// Nobody, if the person wants to hear nothing any more, or may do nothing.
    ADDRESS = "SELECT email FROM users WHERE id = $1 AND suspended_at IS NULL AND hears_of_ends";
    DONE = "UPDATE end_notices SET sent_at = clock_timestamp(), reason = NULL WHERE id = $1";
    FAILED = note_failure!("end_notices");
    SWEEP = "DELETE FROM end_notices WHERE day < clock_timestamp() - interval '720 hours'";
}

/// A mail that is to be sent now.
#[derive(Debug, Clone)]
pub struct Due {
    id: Uuid,
    /// To whom.
    pub user: UserId,
    /// Of which keys.
    pub listed: Vec<Uuid>,
    /// Of how many more there was no room to tell.
    pub more: i32,
}

/// Those of these people who have been told something on this day.
pub async fn heard(db: &impl GenericClient, people: &[Uuid], today: OffsetDateTime) -> Result<Vec<UserId>, Error> {
    let heard = db.prepare_cached(HEARD).await?;
    db.query(&heard, &[&people, &today]).await?.iter().map(|row| row::id(row, "user_id")).collect()
}

/// Those of these people who want to hear nothing.
pub async fn deaf(db: &impl GenericClient, people: &[Uuid]) -> Result<Vec<UserId>, Error> {
    let deaf = db.prepare_cached(DEAF).await?;
    db.query(&deaf, &[&people]).await?.iter().map(|row| row::id(row, "id")).collect()
}

/// Queues the mail of this day, to be sent when this transaction is committed.
pub async fn queue(
    db: &impl GenericClient,
    to: UserId,
    today: OffsetDateTime,
    listed: &[Uuid],
    more: i32,
) -> Result<(), Error> {
    let queue = db.prepare_cached(QUEUE).await?;
    db.execute(&queue, &[&Uuid::now_v7(), &to.uuid(), &today, &listed, &more]).await?;
    Ok(())
}

/// Takes the next mail that is due.
pub async fn take(db: &impl GenericClient) -> Result<Option<Due>, Error> {
    let take = db.prepare_cached(TAKE).await?;
    let row = db.query_opt(&take, &[]).await?;
    let read = |row: &tokio_postgres::Row| {
        let (listed, more) = (row::get(row, "listed")?, row::get(row, "more")?);
        Ok(Due { id: row::get(row, "id")?, user: row::id(row, "user_id")?, listed, more })
    };
    row.as_ref().map(read).transpose()
}

/// Where the person is written to, if it wants to be.
pub async fn address(db: &impl GenericClient, user: UserId) -> Result<Option<Email>, Error> {
    let address = db.prepare_cached(ADDRESS).await?;
    db.query_opt(&address, &[&user.uuid()]).await?.map(|row| row::parsed(&row, "email")).transpose()
}

/// It was sent, or is of no use any more.
pub async fn done(db: &impl GenericClient, due: &Due) -> Result<(), Error> {
    let done = db.prepare_cached(DONE).await?;
    db.execute(&done, &[&due.id]).await?;
    Ok(())
}

/// It could not be sent, and why. Whether it is given up, which it is when it has been tried for so long.
pub async fn failed(db: &impl GenericClient, due: &Due, why: &str, after: Duration) -> Result<bool, Error> {
    let failed = db.prepare_cached(FAILED).await?;
    let row = db.query_opt(&failed, &[&due.id, &why, &after.as_seconds_f64()]).await?;
    row.map_or(Ok(false), |row| row::get(&row, "is_given_up"))
}

/// Forgets old ones.
pub async fn sweep(db: &impl GenericClient) -> Result<(), Error> {
    let sweep = db.prepare_cached(SWEEP).await?;
    db.execute(&sweep, &[]).await?;
    Ok(())
}
