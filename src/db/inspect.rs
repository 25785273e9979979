//! A look at the server that an operator has asked for. Changes nothing, and does not need the schema.

use std::time::Duration;

use time::OffsetDateTime;
use tokio_postgres::Client;

use super::connect::{Error, Target};

/// The oldest version that the schema can live on, as `server_version_num`.
pub const OLDEST: i32 = 150_000;
/// How long a notification may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a server says of itself.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that stands alone")]
pub struct Facts {
    /// Its version, as it names itself.
    pub version: String,
    /// The same as a number.
    pub number: i32,
    /// Whether it flushes to disk.
    pub is_durable: bool,
    /// Whether it answers only when it has flushed.
    pub is_synchronous: bool,
    /// Whether it only repeats another.
    pub is_standby: bool,
    /// Whether this session may not write.
    pub is_read_only: bool,
    /// Whether this session is encrypted.
    pub is_encrypted: bool,
    /// How many connections this login can have at most.
    pub most_connections: i64,
    /// For what a commit waits: its `synchronous_commit`.
    pub commit: String,
    /// For which standbys a commit waits: its `synchronous_standby_names`.
    pub standbys: String,
    /// How many follow it.
    pub followers: i64,
    /// How full the queue of notifications is, of 1.
    pub queue: f64,
}

/// Asks it.
pub async fn facts(db: &Client) -> Result<Facts, tokio_postgres::Error> {
    let sql = "
        SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('server_version_num')::int,
               current_setting('fsync') = 'on', current_setting('synchronous_commit') <> 'off',
               pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
               coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
               (SELECT least(current_setting('max_connections')::bigint
                               - current_setting('superuser_reserved_connections')::bigint
                               - coalesce(current_setting('reserved_connections', true), '0')::bigint,
                             nullif(d.datconnlimit, -1), nullif(r.rolconnlimit, -1))
                FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = session_user),
               current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
               (SELECT count(*) FROM pg_stat_replication),
               CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_notification_queue_usage() END";
    let row = db.query_one(sql, &[]).await?;
    Ok(Facts {
        version: row.try_get(0)?,
        number: row.try_get(1)?,
        is_durable: row.try_get(2)?,
        is_synchronous: row.try_get(3)?,
        is_standby: row.try_get(4)?,
        is_read_only: row.try_get(5)?,
        is_encrypted: row.try_get(6)?,
        most_connections: row.try_get(7)?,
        commit: row.try_get(8)?,
        standbys: row.try_get(9)?,
        followers: row.try_get(10)?,
        queue: row.try_get(11)?,
    })
}

/// The database's clock.
pub async fn clock(db: &Client) -> Result<OffsetDateTime, tokio_postgres::Error> {
    db.query_one("SELECT clock_timestamp()", &[]).await?.try_get(0)
}

/// Whether what one connection announces is heard on another. A pooler between us and the server may swallow it (P-17).
pub async fn is_heard(target: &Target) -> Result<bool, Error> {
    let refused = |cause| Error::Refused { place: target.to_string(), cause };
    let (listener, mut heard) = target.connect_hearing().await?;
    let channel = format!("meshkey_doctor_{:016x}", rand::random::<u64>());
    listener.batch_execute(&format!("LISTEN {channel}")).await.map_err(refused)?;
    let speaker = target.connect().await?;
    speaker.batch_execute(&format!("NOTIFY {channel}")).await.map_err(refused)?;
    let wait = async { while heard.recv().await.is_some_and(|notification| notification.channel() != channel) {} };
    Ok(tokio::time::timeout(PATIENCE, wait).await.is_ok() && !listener.is_closed())
}
