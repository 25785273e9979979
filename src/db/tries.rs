//! Tries at signing in. Each is counted before it is judged, so that many at once are no way round the count.

use std::time::Duration;

use deadpool_postgres::GenericClient;

use super::{Error, queries};
use crate::domain::tries::{Bucket, FORGOTTEN};

/// How many rows are taken away at once.
const PAGE: i64 = 10_000;

queries! {
    TAKE = "
        INSERT INTO sign_in_tries AS t (bucket, account, failures, last_at) VALUES ($1, $3, 1, clock_timestamp())
        ON CONFLICT (bucket) DO UPDATE
        SET failures = CASE WHEN t.last_at < clock_timestamp() - make_interval(secs => $2) THEN 1
                            ELSE least(t.failures, 1000000) + 1 END,
            last_at = clock_timestamp(), blocked_until = NULL
        WHERE t.blocked_until IS NULL OR t.blocked_until <= clock_timestamp()
        RETURNING failures";
    PAUSE = "UPDATE sign_in_tries SET blocked_until = clock_timestamp() + make_interval(secs => $2) WHERE bucket = $1";
    LEFT = "
        SELECT extract(epoch FROM blocked_until - clock_timestamp())::float8 FROM sign_in_tries WHERE bucket = $1";
    CLEAR = "DELETE FROM sign_in_tries WHERE bucket = $1";
    CLEAR_ACCOUNT = "DELETE FROM sign_in_tries WHERE bucket = $1 OR account = $1";
    DROP_LAST = "DELETE FROM sign_in_tries WHERE bucket = $1 AND failures <= 1";
    GIVE_BACK = "UPDATE sign_in_tries SET failures = failures - 1, blocked_until = NULL WHERE bucket = $1 AND failures > 1";
    SWEEP = "
        DELETE FROM sign_in_tries WHERE ctid IN (
            SELECT ctid FROM sign_in_tries WHERE last_at < now() - make_interval(secs => $1)
              AND coalesce(blocked_until < now(), true) LIMIT $2)";
}

/// Counts a try, unless there is a pause: then for how much longer.
pub async fn take(db: &impl GenericClient, bucket: Bucket) -> Result<Result<(), Duration>, Error> {
    let (hash, take) = (bucket.hash.as_slice(), db.prepare_cached(TAKE).await?);
    let account = bucket.account.as_ref().map(<[u8; 32]>::as_slice);
    let Some(row) = db.query_opt(&take, &[&hash, &FORGOTTEN.as_secs_f64(), &account]).await? else {
        return Ok(Err(left(db, bucket).await?));
    };
    if let Some(pause) = bucket.pause(row.try_get("failures")?) {
        let begin = db.prepare_cached(PAUSE).await?;
        db.execute(&begin, &[&hash, &pause.as_secs_f64()]).await?;
    }
    Ok(Ok(()))
}

async fn left(db: &impl GenericClient, bucket: Bucket) -> Result<Duration, Error> {
    let left = db.prepare_cached(LEFT).await?;
    let row = db.query_opt(&left, &[&bucket.hash.as_slice()]).await?;
    let seconds: Option<f64> = row.map(|row| row.try_get(0)).transpose()?.flatten();
    Ok(Duration::from_secs_f64(seconds.unwrap_or_default().max(1.0)))
}

/// Forgets all that failed.
pub async fn clear(db: &impl GenericClient, bucket: Bucket) -> Result<(), Error> {
    let clear = db.prepare_cached(CLEAR).await?;
    db.execute(&clear, &[&bucket.hash.as_slice()]).await?;
    Ok(())
}

/// Forgets all that failed for an account, from wherever it came. Takes the bucket of all of it.
pub async fn clear_account(db: &impl GenericClient, everywhere: Bucket) -> Result<(), Error> {
    let clear = db.prepare_cached(CLEAR_ACCOUNT).await?;
    db.execute(&clear, &[&everywhere.hash.as_slice()]).await?;
    Ok(())
}

/// Takes one try back: it was good, or was not judged.
pub async fn give_back(db: &impl GenericClient, bucket: Bucket) -> Result<(), Error> {
    for query in [DROP_LAST, GIVE_BACK] {
        let query = db.prepare_cached(query).await?;
        if db.execute(&query, &[&bucket.hash.as_slice()]).await? > 0 {
            break;
        }
    }
    Ok(())
}

/// Takes away what is long forgotten. Takes the operator's role.
pub async fn sweep(db: &impl GenericClient) -> Result<u64, Error> {
    let sweep = db.prepare_cached(SWEEP).await?;
    Ok(db.execute(&sweep, &[&FORGOTTEN.as_secs_f64(), &PAGE]).await?)
}
