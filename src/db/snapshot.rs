//! One moment of the whole database, which a backup is of.

use time::OffsetDateTime;
use tokio_postgres::{Client, IsolationLevel, Transaction};

use super::{Error, row};

/// A moment that is held until this is dropped.
pub struct Snapshot<'a> {
    /// What other sessions know it by.
    pub id: String,
    /// When it was, by the database's clock.
    pub at: OffsetDateTime,
    /// The version of the schema; `None` where there is none.
    pub schema: Option<i32>,
    /// The server's version.
    pub server: String,
    /// How many orgs there are.
    pub orgs: i64,
    /// How many keys there are, dead ones too.
    pub keys: i64,
    transaction: Transaction<'a>,
}

/// Takes it, as the cluster's superuser, whom row-level security hides nothing from.
pub async fn take(db: &mut Client) -> Result<Snapshot<'_>, Error> {
    let transaction = db.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let transaction = transaction.start().await?;
    let sql = "SELECT pg_export_snapshot() AS id, clock_timestamp() AS at, split_part(current_setting('server_version'), ' ', 1) AS server,
                      to_regclass('refinery_schema_history') IS NOT NULL AS has_schema";
    let moment = transaction.query_one(sql, &[]).await?;
    let mut snapshot = Snapshot {
        id: row::get(&moment, "id")?,
        at: row::get(&moment, "at")?,
        schema: None,
        server: row::get(&moment, "server")?,
        orgs: 0,
        keys: 0,
        transaction,
    };
    if row::get(&moment, "has_schema")? {
        snapshot.look().await?;
    }
    Ok(snapshot)
}

impl Snapshot<'_> {
    async fn look(&mut self) -> Result<(), Error> {
        let sql = "SELECT (SELECT max(version) FROM refinery_schema_history) AS schema,
                          (SELECT count(*) FROM orgs) AS orgs, (SELECT count(*) FROM api_keys) AS keys";
        let seen = self.transaction.query_one(sql, &[]).await?;
        (self.schema, self.orgs, self.keys) =
            (row::get(&seen, "schema")?, row::get(&seen, "orgs")?, row::get(&seen, "keys")?);
        Ok(())
    }
}

/// Has the server look at what it was filled with, so that it plans well from the first question on.
pub async fn settle(db: &Client) -> Result<(), Error> {
    Ok(db.batch_execute("ANALYZE").await?)
}

/// Ends what opened something when the backup was made, and may have been ended since: sessions, codes of set-ups and resets, what
/// browsers were asked about passkeys, ways to a provider and back, and logins of terminals.
/// After the migrations: an older backup has none of these tables.
pub async fn end_what_opens(db: &Client) -> Result<(), Error> {
    let end = "DELETE FROM ceremonies; DELETE FROM openid_flows; DELETE FROM device_logins; DELETE FROM sessions; \
               DELETE FROM one_time_codes";
    Ok(db.batch_execute(end).await?)
}
