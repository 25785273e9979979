//! What several tests use: conditions that are waited for, all rows as text, the address of a house's database.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::{client, house::House};

/// A directory that the account of an embedded database may pass through.
pub fn shelter() -> tempfile::TempDir {
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    tempfile::Builder::new().permissions(open).tempdir().unwrap()
}

/// What a page says to paste: its one block of that language, which is short.
pub fn block(page: &str, language: &str) -> String {
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let fence = format!("```{language}\n");
    let mut blocks = text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap());
    let block = blocks.next().unwrap_or_else(|| panic!("no {language} in {page}"));
    assert!(blocks.next().is_none() && block.lines().count() <= 30, "{language} in {page}");
    block.to_owned()
}

/// Waits for a condition; there is no other way to wait.
pub async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(done) = attempt().await {
            return done;
        }
        assert!(Instant::now() < deadline, "{what} has not come true");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until as many statements as that wait for a lock in this database.
pub async fn until_waiting(db: &Client, statements: i64) {
    let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("a wait for a lock", async || {
        (db.query_one(count, &[]).await.unwrap().get::<_, i64>(0) >= statements).then_some(())
    })
    .await;
}

/// The `id` of an object.
#[track_caller]
pub fn id(object: &Value) -> String {
    object["id"].as_str().unwrap_or_else(|| panic!("no id: {object}")).to_owned()
}

/// Every row that a query gives, each column as text.
pub async fn texts(db: &Client, sql: &str) -> Vec<String> {
    let answers = db.simple_query(sql).await.unwrap_or_else(|fault| panic!("{sql}: {fault:?}"));
    let row = |answer: &SimpleQueryMessage| match answer {
        SimpleQueryMessage::Row(row) => {
            let columns: Vec<_> = (0..row.len()).map(|at| row.get(at).unwrap_or("NULL")).collect();
            Some(columns.join("\t"))
        }
        _ => None,
    };
    answers.iter().filter_map(row).collect()
}

/// The first column of the first row, as text.
pub async fn one(db: &Client, sql: &str) -> String {
    texts(db, sql).await.into_iter().next().unwrap_or_else(|| panic!("no row: {sql}"))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from_digit(digit.into(), 16).unwrap())
        .collect()
}

/// A text as a URL may have it, every byte of it escaped.
pub fn percent(text: &str) -> String {
    let digits = hex(text.as_bytes()).to_uppercase();
    digits
        .chars()
        .enumerate()
        .flat_map(|(at, digit)| at.is_multiple_of(2).then_some('%').into_iter().chain([digit]))
        .collect()
}

/// Waits until every replica knows what was committed before this: what is changed by hand is heard with the next beat.
pub async fn until_heard(db: &Client) {
    let now = one(db, "SELECT pg_current_xact_id()").await;
    db.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    let open = format!("SELECT count(*) FROM replicas WHERE NOT pg_visible_in_snapshot('{now}', snap)");
    eventually("the replicas hear of it", async || (one(db, &open).await == "0").then_some(())).await;
}

/// Changes something by hand, and waits until every replica knows.
pub async fn by_hand(db: &Client, sql: &str) {
    db.batch_execute(sql).await.unwrap();
    until_heard(db).await;
}

/// An answer without what it says of how the change came to hold everywhere.
pub fn unsettled(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|name, _| {
            !["effective", "after_ms", "acknowledged", "lapsed", "transaction"].contains(&name.as_str())
        });
    }
    body
}

/// The tables of the schema.
pub async fn tables(db: &Client) -> Vec<String> {
    texts(db, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1")
        .await
}

/// What replicas tell each other, which does not last.
pub const PASSING: [&str; 5] = ["feed_marks", "hubs", "key_changes", "peers", "replicas"];

/// What keys were used for, which is written from time to time.
pub const COUNTED: [&str; 3] = ["key_addresses", "key_denials", "key_uses"];

/// Every row of every table that lasts, as a superuser sees it, without when keys were used and what for. `of` is a condition on `r`, the row.
pub async fn dump(db: &Client, of: &str) -> String {
    let mut all = String::new();
    for table in tables(db)
        .await
        .into_iter()
        .filter(|table| !PASSING.contains(&table.as_str()) && !COUNTED.contains(&table.as_str()))
    {
        let row = "to_jsonb(t) - 'last_used_at' - 'last_used_from'";
        let sql = format!("SELECT r::text FROM (SELECT {row} AS r FROM {table} t) x WHERE {of} ORDER BY 1");
        all = [all, table, texts(db, &sql).await.join("\n")].join("\n");
    }
    all
}

/// Where the server of a connection is: its host, or the directory of its socket, and its port.
pub async fn place(db: &Client) -> (String, String) {
    let place = "coalesce(host(inet_server_addr()), split_part(current_setting('unix_socket_directories'), ',', 1))";
    (one(db, &format!("SELECT {place}")).await, one(db, "SHOW port").await)
}

/// Where the database of a house is, for one more program that works on it.
pub async fn database_url(house: &House) -> String {
    let (host, port) = place(&house.sql("superuser").await).await;
    let parts = [("host", host), ("port", port)];
    let login = [("user", "meshkey".to_owned()), ("password", "meshkey".to_owned())];
    let query: Vec<_> = parts.into_iter().chain(login).collect();
    format!("postgresql:///{}?{}", house.database, serde_urlencoded::to_string(query).unwrap().replace('+', "%20"))
}

/// How many events the audit of an org has.
pub async fn count_events(admin: &client::Client) -> i64 {
    let newest = admin.get(&admin.at("/audit?limit=1")).await.expect(200);
    newest.items().first().map_or(0, |event| event["seq"].as_i64().unwrap())
}

/// A second server on a house's database, with other settings. It is stopped when it is dropped.
pub struct Other {
    pub address: String,
    server: Option<meshkey::app::Server>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Other {
    pub async fn on(house: &House, setting: (&str, &str)) -> Self {
        Self::at(&database_url(house).await, &[("MESHKEY_POOL_SIZE", "4"), setting]).await
    }

    /// On the database of this address.
    pub async fn at(database_url: &str, settings: &[(&str, &str)]) -> Self {
        let common = [("MESHKEY_LISTEN", "127.0.0.1:0"), ("MESHKEY_DATABASE_URL", database_url)];
        let common = common.iter().chain(&[("MESHKEY_ALLOW_FSYNC_OFF", "true")]).chain(settings);
        let environment = common.map(|(name, value)| (name.into(), value.into()));
        let settings = meshkey::config::Settings::load(&meshkey::config::ServeFlags::default(), environment).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.spawn(async move { meshkey::app::start(&settings).await }).await.unwrap().unwrap();
        Self { address: format!("http://{}", server.address()), server: Some(server), runtime: Some(runtime) }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.server.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
