//! First answers, kept for a day for whoever asks the same again (the `Idempotency-Key` header).

use deadpool_postgres::GenericClient;
use serde_json::value::RawValue;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::{Error, queries, row};

queries! {
    /// Waits for a twin that is under way. An answer older than a day is as good as none.
    CLAIM = "
        INSERT INTO idempotency AS mine (caller, route, key, body_hash, created_at)
        VALUES ($1, $2, $3, $4, clock_timestamp())
        ON CONFLICT (caller, route, key) DO UPDATE
        SET body_hash = excluded.body_hash, answer = NULL, created_at = excluded.created_at
        WHERE mine.created_at < clock_timestamp() - interval '24 hours'
        RETURNING true";
    FIRST = "SELECT body_hash, answer FROM idempotency WHERE caller = $1 AND route = $2 AND key = $3";
    KEEP = "UPDATE idempotency SET answer = $4 WHERE caller = $1 AND route = $2 AND key = $3";
    FORGET = "DELETE FROM idempotency WHERE created_at < clock_timestamp() - interval '24 hours'";
}

/// Which request: whose, to what, under which key, with which body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The key or the person that asks: an answer is given again to nobody else.
    pub caller: Uuid,
    /// Method and path.
    pub route: String,
    /// What the client chose.
    pub key: String,
    /// SHA-256 of the body.
    pub body_hash: [u8; 32],
}

/// What is known of a request.
#[derive(Debug)]
pub enum Claim {
    /// It is the first; it is ours to answer.
    First,
    /// It was answered so.
    Answered(Box<RawValue>),
    /// The key was used with another body.
    OtherBody,
}

/// Claims the request for this transaction. A twin that is under way is waited for.
pub async fn claim(db: &impl GenericClient, request: &Request) -> Result<Claim, Error> {
    let claim = db.prepare_cached(CLAIM).await?;
    let (caller, route, key) = (request.caller, &request.route, &request.key);
    let claimed = db.query_opt(&claim, &[&caller, route, key, &request.body_hash.as_slice()]).await?;
    if claimed.is_some() {
        return Ok(Claim::First);
    }
    let first = db.prepare_cached(FIRST).await?;
    // Gone in between: it was forgotten at that very moment. The transaction is tried once more.
    let row = db.query_opt(&first, &[&caller, route, key]).await?.ok_or(Error::Contention)?;
    if row::get::<&[u8]>(&row, "body_hash")? != request.body_hash {
        return Ok(Claim::OtherBody);
    }
    let answer: Option<Json<Box<RawValue>>> = row::get(&row, "answer")?;
    answer.map(|answer| Claim::Answered(answer.0)).ok_or_else(|| row::corrupt("a claim without an answer"))
}

/// Keeps the answer, to be given again.
pub async fn keep(db: &impl GenericClient, request: &Request, answer: &RawValue) -> Result<(), Error> {
    let keep = db.prepare_cached(KEEP).await?;
    db.execute(&keep, &[&request.caller, &request.route, &request.key, &Json(answer)]).await?;
    Ok(())
}

/// Forgets answers older than a day. Takes the operator's role.
pub async fn forget(db: &impl GenericClient) -> Result<u64, Error> {
    let forget = db.prepare_cached(FORGET).await?;
    Ok(db.execute(&forget, &[]).await?)
}
