//! When and from where a key was last used, written down in batches.

use serde_json::{Value, json};

use crate::{house::House, tools::id};

// L-1, L-3, P-7
#[tokio::test]
async fn the_last_use_of_a_key_and_of_each_of_its_secrets_is_written_down() {
    let mut house = House::new().await;
    let admin = house.admin();
    let (key, old) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    let unused = id(&admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await.0);
    let rotated = admin.act(&admin.at(&format!("/keys/{}/rotate", id(&key)))).await.expect(200).body;
    old.get("/v1/whoami").await.expect(200);
    old.with_key(rotated["secret"].as_str().unwrap()).get("/v1/whoami").await.expect(200);
    let refused = admin.issue(json!({ "capabilities": ["send"], "topics": "all" })).await;
    refused.1.get(&refused.1.at("/keys")).await.problem(403, "insufficient_scope");
    let mut twin = house.twin().await;
    house.stop().await;
    let admin = twin.admin();
    let shown = admin.get(&admin.at(&format!("/keys/{}", id(&key)))).await.expect(200).body;
    assert_eq!(shown["last_used_from"], "127.0.0.1");
    let secrets = shown["secrets"].as_array().unwrap();
    assert!(secrets.iter().all(|secret| secret["last_used_at"].is_string()), "{shown}");
    assert_eq!(shown["last_used_at"], secrets[0]["last_used_at"], "the key's last use is that of its newest secret");
    assert_eq!(shown["version"], rotated["version"], "a use is no change");
    for nothing in [unused, id(&refused.0)] {
        let shown = admin.get(&admin.at(&format!("/keys/{nothing}"))).await.expect(200).body;
        assert_eq!(shown["last_used_at"], Value::Null, "{shown}");
    }
    twin.stop().await;
}

// A-27, L-12
#[tokio::test]
async fn keys_are_found_by_when_they_were_used_last() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    for (label, used) in [("never", "NULL"), ("lately", "now()"), ("long before", "now() - interval '99 days'")] {
        admin.issue(json!({ "label": label, "capabilities": ["read"], "topics": "all" })).await;
        db.batch_execute(&format!("UPDATE api_keys SET last_used_at = {used} WHERE label = '{label}'")).await.unwrap();
    }
    db.batch_execute("UPDATE api_keys SET created_at = now() - interval '98 days'").await.unwrap();
    let labels = async |query: &str| {
        let page = admin.get(&admin.at(&format!("/keys?text=e&{query}"))).await.expect(200);
        page.items().iter().map(|key| key["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let cut = crate::tools::one(&db, "SELECT to_char(now() - interval '90 days', 'YYYY-MM-DD') || 'T00:00:00Z'").await;
    let unused = labels(&format!("unused_since={cut}&sort=last_used_at")).await;
    assert_eq!(unused.last().map(String::as_str), Some("long before"), "{unused:?}");
    assert!(unused.contains(&"never".to_owned()) && !unused.contains(&"lately".to_owned()), "{unused:?}");
    assert_eq!(labels("sort=-last_used_at").await, ["lately", "long before", "never", "first admin key"]);
}
