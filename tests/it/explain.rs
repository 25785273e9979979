//! Explain: every rule as the one that decides, the changes carried out, and who is told of what.

mod changes;
mod who;

use serde_json::{Value, json};

use super::{client::Client, house::House, tools::id};

/// May the key send on `#deploys` in mesh `main`? `more` changes the question.
pub fn question(key: &Value, more: &Value) -> Value {
    let mut question =
        json!({ "key": key, "capability": "send", "mesh": "main", "topic": "deploys", "ip": "192.0.2.7" });
    question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    question
}

/// A key of mesh `main` that may send on `#deploys` from one range, and its holder.
pub async fn sender(admin: &Client) -> (String, Client) {
    let wish = json!({
        "mesh": "main", "capabilities": ["send"], "topics": ["deploys"], "addresses": ["127.0.0.1", "192.0.2.0/24"],
    });
    let (key, holder) = admin.issue(wish).await;
    (id(&key), holder)
}

/// Ends a key as its time would.
pub async fn expire(house: &House, key: &str) {
    let end = "UPDATE api_keys SET expires_at = clock_timestamp() WHERE id = $1";
    let uuid = key.parse::<meshkey::domain::KeyId>().unwrap().uuid();
    let db = house.sql("superuser").await;
    assert_eq!(db.execute(end, &[&uuid]).await.unwrap(), 1);
    crate::tools::until_heard(&db).await;
}
