//! The main job: a key that may send to one topic is issued, sends, is refused elsewhere, and dies.

use serde_json::{Value, json};

use crate::{client::Client, house::House, tools::id};

async fn status(by: &Client, key: &Value) -> String {
    let shown = by.get(&by.at(&format!("/keys/{}", id(key)))).await.expect(200).body;
    let listed = by.get(&by.at(&format!("/keys?text={}", key["hint"].as_str().unwrap()))).await.expect(200);
    assert_eq!(listed.items(), std::slice::from_ref(&shown), "the list and the key tell the same");
    shown["status"].as_str().unwrap().to_owned()
}

// L-6, L-8, L-9, L-10, T-6
#[tokio::test]
async fn a_key_is_issued_used_refused_elsewhere_disabled_enabled_rotated_and_revoked() {
    let house = House::new().await;
    let admin = house.admin();
    let send = |topic: &str| format!("/v1/meshes/main/topics/{topic}/messages");
    let body = json!({ "body": "deployed" });
    let (key, ci) = admin.issue(json!({ "mesh": "main", "capabilities": ["send"], "topics": ["#deploys"] })).await;
    let verb = |verb: &str| admin.at(&format!("/keys/{}/{verb}", id(&key)));
    assert_eq!((status(&admin, &key).await.as_str(), &key["topics"]), ("active", &json!(["deploys"])));

    ci.post(&send("deploys"), body.clone()).await.expect(201);
    ci.post(&send("secrets"), body.clone()).await.problem(403, "insufficient_scope");
    ci.get(&send("deploys")).await.problem(403, "insufficient_scope");

    admin.act(&verb("disable")).await.expect(200);
    assert_eq!(status(&admin, &key).await, "disabled");
    ci.post(&send("deploys"), body.clone()).await.problem(401, "invalid_token");
    admin.act(&verb("enable")).await.expect(200);
    ci.post(&send("deploys"), body.clone()).await.expect(201);

    let rotated = admin.act(&verb("rotate")).await.expect(200).body;
    assert_eq!(status(&admin, &rotated).await, "rotating");
    let newer = ci.with_key(rotated["secret"].as_str().unwrap());
    for holder in [&ci, &newer] {
        holder.post(&send("deploys"), body.clone()).await.expect(201);
    }
    let ended = admin.post(&verb("revoke"), json!({ "reason": "done" })).await.expect(200).body;
    assert_eq!((&ended["effective"], &ended["key"]["revoke_reason"]), (&json!("everywhere"), &json!("done")));
    assert_eq!(status(&admin, &rotated).await, "revoked");
    for holder in [&ci, &newer] {
        holder.post(&send("deploys"), body.clone()).await.problem(401, "invalid_token");
    }
    for forbidden in ["enable", "disable", "rotate", "rotate/finish"] {
        admin.act(&verb(forbidden)).await.problem(409, "already_revoked");
    }
    let patch = admin.patch(&admin.at(&format!("/keys/{}", id(&key))), json!({ "label": "x" }), "*").await;
    patch.problem(409, "already_revoked");
}

//
#[tokio::test]
async fn the_keys_of_an_archived_mesh_and_of_a_suspended_org_are_denied_until_that_is_undone() {
    let house = House::new().await;
    let admin = house.admin();
    let ours = admin.issue(json!({ "mesh": "main", "capabilities": ["read"], "topics": "all" })).await.1;
    let wide = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await.1;
    admin.act(&admin.at("/meshes/main/archive")).await.expect(200);
    ours.get("/v1/whoami").await.problem(403, "mesh_archived");
    wide.get("/v1/whoami").await.expect(200);
    wide.get("/v1/meshes/main/topics").await.problem(403, "mesh_archived");
    admin.act(&admin.at("/meshes/main/unarchive")).await.expect(200);
    ours.get("/v1/meshes/main/topics").await.expect(200);
    house.try_meshkey(&["org", "suspend", "acme"]);
    for holder in [&ours, &wide, &admin] {
        holder.get("/v1/whoami").await.problem(403, "org_suspended");
    }
    house.try_meshkey(&["org", "resume", "acme"]);
    for holder in [&ours, &wide, &admin] {
        holder.get("/v1/whoami").await.expect(200);
    }
}

//
#[tokio::test]
async fn a_topic_that_was_archived_is_never_made_again() {
    let house = House::new().await;
    let admin = house.admin();
    let sender = admin.issue(json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] })).await.1;
    let topics = admin.at("/meshes/main/topics");
    admin.act(&format!("{topics}/deploys/archive")).await.expect(200);
    for name in ["deploys", "#deploys"] {
        admin.post(&topics, json!({ "name": name })).await.problem(409, "already_exists");
    }
    sender.post("/v1/meshes/main/topics/deploys/messages", json!({ "body": 1 })).await.problem(409, "topic_archived");
    let renamed = admin.patch(&format!("{topics}/deploys"), json!({ "name": "other" }), "*").await;
    renamed.problem(422, "invalid_input");
}
