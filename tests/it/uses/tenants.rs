//! Who is told what keys were used for: who manages them.

use serde_json::{Value, json};

use super::{Count, counts, key, usage};
use crate::{client::Client, house::House};

/// Labels of the keys whose uses are told, with how often they were allowed.
async fn told(house: &House, by: &Client, query: &str) -> Vec<(String, u64)> {
    house.flush_uses().await;
    let usage = by.get(&by.at(&format!("/usage?by=key&{query}"))).await.expect(200).body;
    let item = |item: &Value| (item["label"].as_str().unwrap().to_owned(), item["allowed"].as_u64().unwrap());
    let mut told: Vec<_> = usage["items"].as_array().unwrap().iter().map(item).collect();
    told.retain(|(label, _)| !label.contains("admin"));
    told.sort();
    told
}

// G-2, G-38
#[tokio::test]
async fn uses_are_told_to_who_covers_the_key_and_to_nobody_else() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    let wish = |label: &str, mesh: Value, topics: Value| json!({ "label": label, "mesh": mesh, "capabilities": ["read"], "topics": topics });
    let mut keys = Vec::new();
    for (label, mesh) in [("of main", json!("main")), ("of other", json!("other")), ("of all", Value::Null)] {
        keys.push(key(&admin, wish(label, mesh, json!("all"))).await);
    }
    for ((_, holder), times) in keys.iter().zip(1..) {
        for _ in 0..times {
            holder.get("/v1/whoami").await.expect(200);
        }
    }
    let all = [("of all", 3), ("of main", 1), ("of other", 2)].map(|(label, count)| (label.to_owned(), count));
    assert_eq!(told(&house, &admin, "").await, all);
    assert_eq!(told(&house, &admin, "mesh=other").await, all[2..]);
    let mesh_admin = |mesh: &str| json!({ "label": "admin", "mesh": mesh, "capabilities": ["admin"], "topics": "all" });
    let (_, of_main) = key(&admin, mesh_admin("main")).await;
    assert_eq!(told(&house, &of_main, "").await, all[1..2]);
    assert_eq!(told(&house, &of_main, "mesh=main").await, all[1..2]);
    of_main.get(&of_main.at("/usage?mesh=other")).await.problem(422, "invalid_input");
    for (id, _) in &keys[1..] {
        for what in ["usage", "denials"] {
            of_main.get(&of_main.at(&format!("/keys/{id}/{what}"))).await.problem(404, "not_found");
        }
    }
    // One that is confined to topics sees the keys that it covers, and no sum of all.
    let confined = json!({ "label": "admin", "mesh": "main", "capabilities": ["admin"], "topics": ["deploys"] });
    let (_, confined) = key(&admin, confined).await;
    let (narrow, holder) = key(&admin, wish("narrow", json!("main"), json!(["deploys"]))).await;
    holder.get("/v1/whoami").await.expect(200);
    assert_eq!(counts(&usage(&house, &confined, &narrow, "by=outcome").await), [("ok".to_owned(), 1, 0)] as [Count; 1]);
    confined.get(&confined.at("/usage")).await.problem(403, "insufficient_scope");
    confined.get(&confined.at(&format!("/keys/{}/usage", keys[0].0))).await.problem(404, "not_found");
    // A key may look at itself, and at no other.
    assert_eq!(
        counts(&usage(&house, &keys[0].1, &keys[0].0, "by=outcome").await),
        [("ok".to_owned(), 1, 0)] as [Count; 1]
    );
    keys[0].1.get(&admin.at(&format!("/keys/{}/usage", keys[1].0))).await.problem(403, "insufficient_scope");
    keys[0].1.get(&admin.at("/usage")).await.problem(403, "insufficient_scope");
    let rival = house.org("rival").admin;
    for what in ["usage", "denials"] {
        rival.get(&admin.at(&format!("/keys/{}/{what}", keys[0].0))).await.problem(404, "not_found");
        rival.get(&rival.at(&format!("/keys/{}/{what}", keys[0].0))).await.problem(404, "not_found");
    }
    assert_eq!(told(&house, &rival, "").await, []);
}
