//! Calls that wait to be made. Takes the operator's role.

use deadpool_postgres::GenericClient;
use time::{Duration, OffsetDateTime};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    db::{
        Error,
        outbox::{note_failure, take_next},
        queries,
        row::{self, corrupt},
    },
    domain::{OrgId, Slug, webhook::HookSecret},
};

queries! {
    /// Those of these orgs that have a webhook, how they are called, and whether they heard something on day $2.
    HEARING = "
        SELECT w.org_id, o.slug, EXISTS (SELECT FROM webhook_calls c WHERE c.org_id = w.org_id AND c.day = $2) AS heard
        FROM webhooks w JOIN orgs o ON o.id = w.org_id WHERE w.org_id = ANY ($1)";
    QUEUE = "INSERT INTO webhook_calls (id, org_id, day, body) VALUES ($1, $2, $3, $4)";
    TAKE = take_next!(
        "webhook_calls",
        "sent_at IS NULL AND failed_at IS NULL",
        "id, org_id, body, day IS NULL AS is_test, clock_timestamp() AS now"
    );
    /// None of an org that is suspended.
    TARGET = "
        SELECT w.url, w.signs_with FROM webhooks w JOIN orgs o ON o.id = w.org_id
        WHERE w.org_id = $1 AND o.suspended_at IS NULL";
    DONE = "UPDATE webhook_calls SET sent_at = clock_timestamp(), reason = NULL WHERE id = $1";
    FAILED = note_failure!("webhook_calls");
    ANSWERED = "UPDATE webhooks SET tried_at = clock_timestamp(), status = $2, reason = left($3, 500) WHERE org_id = $1";
    SWEEP = "DELETE FROM webhook_calls WHERE created_at < clock_timestamp() - interval '720 hours'";
}

/// An org that has a webhook.
#[derive(Debug, Clone)]
pub struct Hearing {
    /// Which.
    pub org: OrgId,
    /// How it is called.
    pub slug: Slug,
    /// Whether it heard something on that day.
    pub heard: bool,
}

/// A call that is to be made now.
#[derive(Debug, Clone)]
pub struct Call {
    /// The same at each try.
    pub id: Uuid,
    /// Whose.
    pub org: OrgId,
    /// What it says.
    pub body: String,
    /// Whether it only tries the webhook out.
    pub is_test: bool,
    /// The clock of the database.
    pub now: OffsetDateTime,
}

/// What is called, and what signs the call.
pub struct Target {
    /// What is called.
    pub url: String,
    /// What signs it.
    pub secret: HookSecret,
}

/// Those of these orgs that have a webhook.
pub async fn hearing(db: &impl GenericClient, orgs: &[Uuid], today: OffsetDateTime) -> Result<Vec<Hearing>, Error> {
    let hearing = db.prepare_cached(HEARING).await?;
    let read = |row: &Row| {
        let (org, slug) = (row::id(row, "org_id")?, row::parsed(row, "slug")?);
        Ok(Hearing { org, slug, heard: row::get(row, "heard")? })
    };
    db.query(&hearing, &[&orgs, &today]).await?.iter().map(read).collect()
}

/// Queues the call of this day, to be made when this transaction is committed.
pub async fn queue(db: &impl GenericClient, org: OrgId, today: OffsetDateTime, body: &str) -> Result<(), Error> {
    let queue = db.prepare_cached(QUEUE).await?;
    db.execute(&queue, &[&Uuid::now_v7(), &org.uuid(), &today, &body]).await?;
    Ok(())
}

/// Takes the next call that is due.
pub async fn take(db: &impl GenericClient) -> Result<Option<Call>, Error> {
    let take = db.prepare_cached(TAKE).await?;
    let read = |row: &Row| {
        let (body, is_test, now) = (row::get(row, "body")?, row::get(row, "is_test")?, row::get(row, "now")?);
        Ok(Call { id: row::get(row, "id")?, org: row::id(row, "org_id")?, body, is_test, now })
    };
    db.query_opt(&take, &[]).await?.as_ref().map(read).transpose()
}

/// What the org has called, if it has anything called now.
pub async fn target(db: &impl GenericClient, org: OrgId) -> Result<Option<Target>, Error> {
    let target = db.prepare_cached(TARGET).await?;
    let read = |row: &Row| {
        let bytes: &[u8] = row::get(row, "signs_with")?;
        let secret = HookSecret::stored(bytes.try_into().map_err(corrupt)?);
        Ok(Target { url: row::get(row, "url")?, secret })
    };
    db.query_opt(&target, &[&org.uuid()]).await?.as_ref().map(read).transpose()
}

/// It was made, or is of no use any more.
pub async fn done(db: &impl GenericClient, call: &Call) -> Result<(), Error> {
    let done = db.prepare_cached(DONE).await?;
    db.execute(&done, &[&call.id]).await?;
    Ok(())
}

/// It could not be made, and why. Whether it is given up, which it is when it has been tried for so long.
pub async fn failed(db: &impl GenericClient, call: &Call, why: &str, after: Duration) -> Result<bool, Error> {
    let failed = db.prepare_cached(FAILED).await?;
    let row = db.query_opt(&failed, &[&call.id, &why, &after.as_seconds_f64()]).await?;
    row.map_or(Ok(false), |row| row::get(&row, "is_given_up"))
}

/// How the last try ended, for who looks at the webhook.
pub async fn answered(
    db: &impl GenericClient,
    org: OrgId,
    status: Option<i32>,
    reason: Option<&str>,
) -> Result<(), Error> {
    let answered = db.prepare_cached(ANSWERED).await?;
    db.execute(&answered, &[&org.uuid(), &status, &reason]).await?;
    Ok(())
}

/// Forgets old ones.
pub async fn sweep(db: &impl GenericClient) -> Result<(), Error> {
    let sweep = db.prepare_cached(SWEEP).await?;
    db.execute(&sweep, &[]).await?;
    Ok(())
}
