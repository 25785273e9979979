//! Keys, many at a time, in a browser.

use serde_json::{Value, json};

use super::{SETTINGS, equipment, run_on};
use crate::{
    pages::list::{join, key, topics},
    sign_in::visitor::{PASSWORD, person, with_dana},
};

#[tokio::test]
async fn keys_are_listed_searched_and_changed_together() {
    let Some(equipment) = equipment() else { return };
    let house = with_dana(&SETTINGS).await;
    join(&house, "Dana", "owner", None).await;
    person(&house, "mia@example.com", "Mia", PASSWORD).await;
    join(&house, "Mia", "member", None).await;
    topics(&house).await;
    let admin = house.admin();
    let mut secrets = serde_json::Map::new();
    for (label, otherwise) in [
        ("ci-deploys", json!({ "topics": ["deploys"] })),
        ("feed-reader", json!({ "capabilities": ["read"], "topics": ["deploys", "ops"], "expires_in": "9d" })),
        ("state-writer", json!({ "capabilities": ["read", "state_write"], "expires_at": null })),
        ("mesh-admin", json!({ "capabilities": ["admin"], "expires_in": "20h" })),
        ("rotating", json!({ "capabilities": ["read"] })),
        ("past", json!({ "capabilities": ["read"] })),
        ("spare one", json!({})),
        ("spare two", json!({})),
    ] {
        let (id, holder) = key(&admin, label, otherwise).await;
        if label == "rotating" {
            admin.post(&admin.at(&format!("/keys/{id}/rotate")), json!({ "overlap": "24h" })).await.expect(200);
        }
        if label == "ci-deploys" {
            for topic in ["deploys", "deploys", "ops"] {
                holder.post(&format!("/v1/meshes/main/topics/{topic}/messages"), json!({ "body": 1 })).await;
            }
        }
        secrets.insert(label.to_owned(), json!(holder.secret()));
    }
    house.flush_uses().await;
    let past = "UPDATE api_keys SET expires_at = now() - interval '2 days' WHERE label = 'past'";
    house.sql("superuser").await.batch_execute(past).await.unwrap();
    run_on(&house, "list.test.mjs", equipment, &Value::Object(secrets).to_string()).await;
}
