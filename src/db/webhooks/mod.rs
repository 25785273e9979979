//! Webhooks: where an org wants to hear of what happens, and how the last try ended.

pub mod calls;

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{OrgId, webhook::HookSecret};

queries! {
    SHOW = "
        SELECT m.org_id, m.url, m.changed_at, m.tried_at, m.status, m.reason,
               EXISTS (SELECT FROM webhook_calls s WHERE s.org_id = $1 AND s.sent_at IS NULL AND s.failed_at IS NULL) AS is_waiting
        FROM webhooks m WHERE m.org_id = $1";
    LOCK = "SELECT url FROM webhooks WHERE org_id = $1 FOR UPDATE";
    INSERT = "INSERT INTO webhooks (org_id, url, signs_with) VALUES ($1, $2, $3) ON CONFLICT (org_id) DO NOTHING";
    EDIT = "
        UPDATE webhooks SET url = $2, signs_with = coalesce($3, signs_with), changed_at = clock_timestamp(), tried_at = NULL,
               status = NULL, reason = NULL
        WHERE org_id = $1";
    REMOVE = "DELETE FROM webhooks WHERE org_id = $1";
    /// To try it out, ten seconds after the last such call or later: nobody makes us call somebody all the time. One waits at a time.
    TRY = "
        INSERT INTO webhook_calls (id, org_id, body, due_at)
        SELECT $2, $1, $3, greatest(clock_timestamp(), max(created_at) + interval '10 seconds')
        FROM webhook_calls WHERE $1 = org_id AND day IS NULL
        ON CONFLICT (org_id) WHERE day IS NULL AND sent_at IS NULL AND failed_at IS NULL DO NOTHING";
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Whose.
    pub org: OrgId,
    /// What is called.
    pub url: String,
    /// When that was said.
    pub changed_at: OffsetDateTime,
    /// When it was last called.
    pub tried_at: Option<OffsetDateTime>,
    /// What it answered.
    pub status: Option<i32>,
    /// What was wrong, if anything was.
    pub reason: Option<String>,
    /// Whether a call waits to be made.
    pub is_waiting: bool,
}

/// The webhook of the org, if it has one.
pub async fn show(db: &impl GenericClient, org: OrgId) -> Result<Option<Webhook>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&org.uuid()]).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Webhook, Error> {
    Ok(Webhook {
        org: row::id(row, "org_id")?,
        url: row::get(row, "url")?,
        changed_at: row::get(row, "changed_at")?,
        tried_at: row::get(row, "tried_at")?,
        status: row::get(row, "status")?,
        reason: row::get(row, "reason")?,
        is_waiting: row::get(row, "is_waiting")?,
    })
}

/// Holds it to the end of the transaction; whether there is one.
pub async fn lock(db: &impl GenericClient, org: OrgId) -> Result<bool, Error> {
    let lock = db.prepare_cached(LOCK).await?;
    Ok(db.query_opt(&lock, &[&org.uuid()]).await?.is_some())
}

/// Makes one; whether there was none.
pub async fn insert(db: &impl GenericClient, org: OrgId, url: &str, secret: &HookSecret) -> Result<bool, Error> {
    let insert = db.prepare_cached(INSERT).await?;
    Ok(db.execute(&insert, &[&org.uuid(), &url, &secret.bytes()]).await? > 0)
}

/// Has it call something else, and sign with another secret if one is given.
pub async fn edit(db: &impl GenericClient, org: OrgId, url: &str, secret: Option<&HookSecret>) -> Result<(), Error> {
    let edit = db.prepare_cached(EDIT).await?;
    db.execute(&edit, &[&org.uuid(), &url, &secret.map(HookSecret::bytes)]).await?;
    Ok(())
}

/// Takes it away, with all that waits.
pub async fn remove(db: &impl GenericClient, org: OrgId) -> Result<(), Error> {
    let remove = db.prepare_cached(REMOVE).await?;
    db.execute(&remove, &[&org.uuid()]).await?;
    Ok(())
}

/// Queues a call that tries it out, to be made when this transaction is committed, or some seconds after the last one.
pub async fn try_out(db: &impl GenericClient, org: OrgId, body: &str) -> Result<(), Error> {
    let try_out = db.prepare_cached(TRY).await?;
    db.execute(&try_out, &[&org.uuid(), &Uuid::now_v7(), &body]).await?;
    Ok(())
}
