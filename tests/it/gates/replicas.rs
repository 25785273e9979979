//! What a gate is, every replica goes by as soon as the change of it is answered.

use serde_json::{Value, json};

use super::{at_nginx, made, word};
use crate::{
    house::House,
    tools::{by_hand, eventually},
};

#[tokio::test]
async fn every_replica_follows_a_change_and_an_end() {
    let house = House::new().await;
    let (admin, twin) = (house.admin(), house.twin().await);
    let gate = made(&admin, "gate", json!({ "GET": "read" }), Value::Null).await;
    let path = admin.at("/gates/gate");
    let (_, reader) = admin.issue(json!({ "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] })).await;
    let said = async |house: &House, request| word(&at_nginx(house, &gate, &reader, request).await);
    for (patch, before, after) in [
        (json!({ "topic": { "segment": 2 } }), "topic_out_of_scope", "ok"),
        (json!({ "topic": { "fixed": "secrets" } }), "ok", "topic_out_of_scope"),
        (json!({ "topic": { "fixed": "deploys" } }), "topic_out_of_scope", "ok"),
        (json!({ "methods": { "GET": "send" } }), "ok", "capability_missing"),
        (json!({ "methods": { "GET": null, "PUT": "read" } }), "capability_missing", "method_not_in_gate"),
        (json!({ "methods": { "GET": "read" } }), "method_not_in_gate", "ok"),
    ] {
        for replica in [&house, &twin, &twin] {
            assert_eq!(said(replica, ("GET", "/x/deploys")).await, before, "{patch}");
        }
        admin.patch(&path, patch.clone(), "*").await.expect(200);
        for replica in [&twin, &house] {
            assert_eq!(said(replica, ("GET", "/x/deploys")).await, after, "{patch}");
        }
    }
    admin.delete(&path).await.expect(200);
    for replica in [&twin, &house] {
        assert_eq!(said(replica, ("GET", "/x/deploys")).await, "wrong_mesh");
    }
}

#[tokio::test]
async fn a_gate_is_remembered_and_what_is_changed_by_hand_is_heard() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let gate = made(&admin, "gate", json!({ "GET": "read" }), Value::Null).await;
    let said = async || word(&at_nginx(&house, &gate, &admin, ("GET", "/")).await);
    assert_eq!(said().await, "ok");
    // It goes by what it remembers: without its trigger a change is not heard.
    let untold = "BEGIN; ALTER TABLE gates DISABLE TRIGGER tell_change;
                  UPDATE gates SET methods = '{\"PUT\": \"read\"}'; ALTER TABLE gates ENABLE ALWAYS TRIGGER tell_change; COMMIT";
    by_hand(&db, untold).await;
    assert_eq!(said().await, "ok");
    by_hand(&db, "UPDATE gates SET methods = '{\"POST\": \"read\"}'").await;
    assert_eq!(said().await, "method_not_in_gate");
    by_hand(&db, "DELETE FROM gates").await;
    eventually("it is heard", async || (said().await == "wrong_mesh").then_some(())).await;
}
