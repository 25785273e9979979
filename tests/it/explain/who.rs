//! Who is told of which key, and what a question leaves behind: nothing.

use serde_json::{Value, json};

use super::{question, sender};
use crate::{
    client::Client,
    house::House,
    tools::{count_events, id},
};

const NOBODYS: &str = "key_01kzzzzzzze00800000000000z";

async fn ask(by: &Client, key: &str) -> crate::client::Answer {
    by.post("/v1/explain", question(&json!(key), &json!({}))).await
}

/// The key does not exist for this caller: answered like one that does not exist at all.
async fn ensure_unknown(by: &Client, key: &str) {
    let (theirs, nobodys) = (ask(by, key).await, ask(by, NOBODYS).await);
    theirs.problem(404, "not_found");
    assert_eq!(theirs.face(), nobodys.face());
}

// G-38
#[tokio::test]
async fn a_key_is_told_of_itself_and_an_admin_of_what_it_covers() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    let (key, holder) = sender(&admin).await;
    for own in [json!(key), Value::Null] {
        let told = holder.post("/v1/explain", question(&own, &json!({}))).await.expect(200);
        assert_eq!((&told.body["key"]["id"], &told.body["allowed"]), (&json!(key), &json!(true)));
    }
    let wishes = [
        (json!({ "capabilities": ["admin"], "topics": "all" }), true),
        (json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" }), true),
        (json!({ "mesh": "main", "capabilities": ["admin"], "topics": ["deploys"] }), true),
        (json!({ "mesh": "main", "capabilities": ["admin"], "topics": ["secrets"] }), false),
        (json!({ "mesh": "other", "capabilities": ["admin"], "topics": "all" }), false),
        (json!({ "capabilities": ["verify", "send", "read"], "topics": "all" }), false),
        (json!({ "mesh": "main", "capabilities": ["verify"], "topics": "all" }), false),
    ];
    for (wish, is_told) in wishes {
        let (own, by) = admin.issue(wish).await;
        if is_told {
            assert_eq!(ask(&by, &key).await.expect(200).body["key"]["id"], key);
        } else {
            ensure_unknown(&by, &key).await;
        }
        let mine = by.post("/v1/explain", json!({ "capability": "admin" })).await.expect(200);
        assert_eq!((&mine.body["key"]["id"], &mine.body["key"]["owner"]), (&own["id"], &own["owner"]));
    }
    let (org_wide, _) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    let (_, of_main) = admin.issue(json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" })).await;
    ensure_unknown(&of_main, &id(&org_wide)).await;
    ensure_unknown(&house.org("rival").admin, &key).await;
}

//
#[tokio::test]
async fn a_narrowed_admin_is_told_no_more_than_it_covers_now() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, _) = sender(&admin).await;
    let (own, by) = admin.issue(json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" })).await;
    ask(&by, &key).await.expect(200);
    admin.patch(&admin.at(&format!("/keys/{}", id(&own))), json!({ "topics": ["secrets"] }), "*").await.expect(200);
    ensure_unknown(&by, &key).await;
}

#[tokio::test]
async fn who_is_not_accepted_is_told_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, holder) = sender(&admin).await;
    let of_itself = json!({ "capability": "send" });
    let (_, elsewhere) =
        admin.issue(json!({ "capabilities": ["send"], "topics": "all", "addresses": ["10.0.0.0/8"] })).await;
    elsewhere.post("/v1/explain", of_itself.clone()).await.problem(403, "ip_not_allowed");
    admin.act(&admin.at(&format!("/keys/{key}/disable"))).await.expect(200);
    holder.post("/v1/explain", of_itself.clone()).await.problem(401, "invalid_token");
    house.try_meshkey(&["org", "suspend", "acme"]);
    ask(&admin, &key).await.problem(403, "org_suspended");
    house.try_meshkey(&["org", "resume", "acme"]);
    assert_eq!(ask(&admin, &key).await.expect(200).body["code"], "disabled");
    admin.act(&admin.at(&format!("/keys/{key}/revoke"))).await.expect(200);
    holder.post("/v1/explain", of_itself).await.problem(401, "invalid_token");
    assert_eq!(ask(&admin, &key).await.expect(200).body["code"], "revoked");
}

#[tokio::test]
async fn it_is_the_newest_secret_that_is_explained() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, old) = sender(&admin).await;
    admin.post(&admin.at(&format!("/keys/{key}/rotate")), json!({ "overlap": "0s" })).await.expect(200);
    let verdict = admin.post("/v1/verify", question(&json!(old.secret()), &json!({}))).await.expect(200);
    assert_eq!(verdict.body["code"], "revoked");
    assert_eq!(ask(&admin, &key).await.expect(200).body["code"], "ok");
}

// L-1, P-7
#[tokio::test]
async fn to_be_explained_is_no_use_and_no_event() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, _) = sender(&admin).await;
    let before = count_events(&admin).await;
    assert_eq!(ask(&admin, &key).await.expect(200).body["allowed"], true);
    assert_eq!(count_events(&admin).await, before);
    assert!(!house.has_used(&key).await);
}

#[tokio::test]
async fn a_mesh_that_is_left_out_is_the_keys_own_and_an_unknown_one_is_refused() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    let (key, holder) = sender(&admin).await;
    let told = admin.post("/v1/explain", question(&json!(key), &json!({ "mesh": null }))).await.expect(200);
    assert_eq!(told.body["code"], "ok");
    let faults = [
        (&admin, json!({ "mesh": "nowhere" }), "#/mesh"),
        (&holder, json!({ "mesh": "other" }), "#/mesh"),
        (&admin, json!({ "key": "key_1" }), "#/key"),
        (&admin, json!({ "key": holder.secret() }), "#/key"),
        (&admin, json!({ "capability": "upload" }), "#/capability"),
        (&admin, json!({ "topic": "Deploys" }), "#/topic"),
        (&admin, json!({ "ip": "localhost" }), "#/ip"),
    ];
    for (by, wrong, pointer) in faults {
        let answer = by.post("/v1/explain", question(&json!(key), &wrong)).await;
        assert_eq!(answer.problem(422, "invalid_input")["errors"][0]["pointer"], pointer);
        assert!(!answer.face().contains(holder.secret()), "{answer:?}");
    }
}
