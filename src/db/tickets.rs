//! Tickets to open a socket, by their hash. They belong to no org.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;

use super::{Error, queries, row};
use crate::domain::{CodeHash, MeshId, SecretHash};

/// How many rows are taken away at once.
const PAGE: i64 = 10_000;

queries! {
    OPEN = "SELECT count(*) AS open FROM socket_tickets WHERE secret_hash = $1 AND ends_at > clock_timestamp()";
    INSERT = "
        INSERT INTO socket_tickets (hash, secret_hash, mesh_id, ends_at)
        VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4)) RETURNING ends_at";
    TAKE = "
        DELETE FROM socket_tickets WHERE hash = $1
        RETURNING secret_hash, mesh_id, ends_at > clock_timestamp() AS is_in_time";
    SWEEP = "
        DELETE FROM socket_tickets WHERE ctid IN (
            SELECT ctid FROM socket_tickets WHERE ends_at < clock_timestamp() LIMIT $1)";
}

/// How many there are for this secret.
pub async fn open(db: &impl GenericClient, secret: SecretHash) -> Result<i64, Error> {
    let open = db.prepare_cached(OPEN).await?;
    row::get(&db.query_one(&open, &[&secret.as_bytes()]).await?, "open")
}

/// What a ticket stands for: the secret, in that mesh.
pub type Stands = (SecretHash, MeshId);

/// One more, for so many seconds.
pub async fn insert(
    db: &impl GenericClient,
    ticket: CodeHash,
    (secret, mesh): Stands,
    life: f64,
) -> Result<OffsetDateTime, Error> {
    let insert = db.prepare_cached(INSERT).await?;
    row::get(&db.query_one(&insert, &[&ticket.0.as_slice(), &secret.as_bytes(), &mesh.uuid(), &life]).await?, "ends_at")
}

/// Takes it, so that nobody else does: what it stands for, if it is in time.
pub async fn take(db: &impl GenericClient, ticket: CodeHash) -> Result<Option<Stands>, Error> {
    let take = db.prepare_cached(TAKE).await?;
    let Some(found) = db.query_opt(&take, &[&ticket.0.as_slice()]).await? else { return Ok(None) };
    let is_in_time: bool = row::get(&found, "is_in_time")?;
    let secret = row::get::<&[u8]>(&found, "secret_hash")?.try_into().map_err(row::corrupt)?;
    let mesh = row::id(&found, "mesh_id")?;
    Ok(is_in_time.then(|| (SecretHash::stored(secret), mesh)))
}

/// Takes away what is over, some of it at once; whether there is more.
pub async fn sweep(db: &impl GenericClient) -> Result<bool, Error> {
    let sweep = db.prepare_cached(SWEEP).await?;
    let gone = db.execute(&sweep, &[&PAGE]).await?;
    Ok(i64::try_from(gone).is_ok_and(|gone| gone >= PAGE))
}
