//! Who has keys that end soon hears of it: at what time, who, in what words, by mail and by webhook, and that it is sent once.

mod days;
mod hook;
mod mail;
mod page;
pub mod server;
mod whom;

use meshkey::{domain::KeyId, service::notices};
use serde_json::{Value, json};
use tokio_postgres::Client as Db;

use super::{
    client::Client,
    house::House,
    invitations::receiver::Receiver,
    tools::{id, one, texts},
};

const URL: &str = "https://keys.example.org";
/// What waits to be sent is due now.
const DUE: &str = "UPDATE end_notices SET due_at = clock_timestamp()";

/// The settings of a service that hands its mail to this server.
fn settings(server: &str) -> [(&str, &str); 3] {
    [("MESHKEY_PUBLIC_URL", URL), ("MESHKEY_SMTP_URL", server), ("MESHKEY_MAIL_FROM", "Meshkey <keys@example.org>")]
}

async fn house_with(receiver: &Receiver) -> House {
    House::with(&settings(&receiver.url())).await
}

/// Issues a key of this name and gives its id.
async fn issue(by: &Client, label: &str) -> String {
    id(&by.issue(json!({ "label": label, "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] })).await.0)
}

/// Issues a key of one's own.
async fn issue_own(by: &Client, label: &str) -> Value {
    let wish = json!({ "label": label, "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] });
    by.post("/v1/me/keys", wish).await.expect(201).body
}

/// Changes rows by hand, as if time had passed: nothing notes when that was.
async fn quietly(db: &Db, sql: &str) {
    db.batch_execute(&format!("SET session_replication_role = replica; {sql}; RESET session_replication_role"))
        .await
        .unwrap();
}

/// Has a key that was issued long ago end at noon so many days from now.
async fn ends_in(db: &Db, key: &str, days: i32) {
    let key = key.parse::<KeyId>().unwrap().uuid();
    let sql = format!(
        "UPDATE api_keys SET created_at = created_at - interval '90 days',
                expires_at = date_trunc('day', clock_timestamp(), 'UTC') + interval '{} hours' WHERE id = '{key}'",
        days * 24 + 12
    );
    quietly(db, &sql).await;
}

/// Lets days pass: all that has a time of its own is so much older.
async fn pass(db: &Db, days: i32) {
    // By way of long ago, so that no day meets the one before it.
    let far = 24_000;
    let sql = format!(
        "UPDATE api_keys SET created_at = created_at - interval '{days} days', expires_at = expires_at - interval '{days} days',
                             ends_since = ends_since - interval '{days} days';
         UPDATE told_ends SET ends_at = ends_at - interval '{days} days';
         UPDATE end_notices SET day = day - interval '{far} hours';
         UPDATE end_notices SET day = day + interval '{} hours'",
        far - days * 24
    );
    quietly(db, &sql).await;
}

async fn look(house: &House) {
    notices::look(house.service()).await.unwrap();
}

/// Who was told of how many keys, in the order of the names.
async fn told(db: &Db) -> Vec<String> {
    let sql =
        "SELECT u.name || ' ' || cardinality(n.listed) + n.more FROM end_notices n JOIN users u ON u.id = n.user_id
               ORDER BY n.day, u.name";
    texts(db, sql).await
}

/// Up to which step before its end a key was told of.
async fn step(db: &Db, key: &str) -> String {
    let key = key.parse::<KeyId>().unwrap().uuid();
    one(db, &format!("SELECT coalesce((SELECT step::text FROM told_ends WHERE key_id = '{key}'), '-')")).await
}
