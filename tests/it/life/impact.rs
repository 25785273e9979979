//! What a dry run says that a change would mean: which keys, when they were used, what is gained and lost.

use serde_json::{Value, json};

use crate::{client::Client, house::House, tools::id};

/// The impact of a dry run; with `If-Match` where one is needed.
async fn impact(by: &Client, method: &str, path: &str, body: Value) -> Value {
    let request = by.raw(method, &format!("{}?dry_run=true", by.at(path)));
    let request = if method == "PATCH" { request.header("If-Match", "*") } else { request };
    let request = if body.is_null() { request } else { request.json(&body) };
    request.send().await.expect(200).body["impact"].clone()
}

/// What is gained and what is lost.
async fn told(by: &Client, method: &str, path: &str, body: Value) -> (Value, Value) {
    let told = impact(by, method, path, body).await;
    (told["gains"].clone(), told["loses"].clone())
}

#[tokio::test]
async fn each_change_tells_what_is_gained_and_lost() {
    let house = House::new().await;
    let admin = house.admin();
    let wish = json!({
        "label": "ci", "mesh": "main", "capabilities": ["send", "verify"], "topics": ["deploys", "ci.*"],
        "addresses": ["10.0.0.0/8"], "expires_at": "2080-01-01T00:00:00Z",
    });
    let all = json!([
        "use",
        "capability:send",
        "capability:verify",
        "topic:deploys",
        "topic:ci.*",
        "address:10.0.0.0/8",
        "time:until 2080-01-01T00:00:00Z",
        "rate:unlimited",
        "secret:1"
    ]);
    assert_eq!(told(&admin, "POST", "/keys", wish.clone()).await, (all, json!([])));
    let key = format!("/keys/{}", id(&admin.issue(wish).await.0));
    let edits = [
        (json!({ "label": "x", "note": "n" }), json!([]), json!([])),
        (json!({ "capabilities": ["send", "read"] }), json!(["capability:read"]), json!(["capability:verify"])),
        (json!({ "capabilities": ["admin"] }), json!(["capability:admin"]), json!([])),
        (json!({ "topics": ["c*", "secrets"] }), json!(["topic:c*", "topic:secrets"]), json!(["topic:deploys"])),
        (json!({ "topics": "all" }), json!(["topics:all"]), json!([])),
        (json!({ "topics": ["ci.web.*"] }), json!([]), json!(["topic:deploys", "topic:ci.*"])),
        (json!({ "addresses": ["10.1.0.0/16", "::1"] }), json!(["address:::1/128"]), json!(["address:10.0.0.0/8"])),
        (json!({ "addresses": null }), json!(["address:any"]), json!([])),
        (json!({ "rate": { "per_minute": 60, "burst": 10 } }), json!([]), json!(["rate:unlimited"])),
        (json!({ "expires_at": null }), json!(["time:forever"]), json!([])),
        (json!({ "expires_at": "2079-01-01T00:00:00Z" }), json!([]), json!(["time:until 2080-01-01T00:00:00Z"])),
        (json!({ "expires_at": "2081-01-01T00:00:00Z" }), json!(["time:until 2081-01-01T00:00:00Z"]), json!([])),
    ];
    for (patch, gains, loses) in edits {
        assert_eq!(told(&admin, "PATCH", &key, patch.clone()).await, (gains, loses), "{patch}");
    }
    let verb = |verb: &str| format!("{key}/{verb}");
    let do_it = async |verb: &str| drop(admin.act(&admin.at(&format!("{key}/{verb}"))).await.expect(200));
    assert_eq!(told(&admin, "POST", &verb("disable"), Value::Null).await, (json!([]), json!(["use"])));
    do_it("disable").await;
    assert_eq!(told(&admin, "POST", &verb("enable"), Value::Null).await, (json!(["use"]), json!([])));
    do_it("enable").await;
    let rotate = verb("rotate");
    assert_eq!(told(&admin, "POST", &rotate, Value::Null).await, (json!(["secret:2"]), json!([])));
    let at_once = told(&admin, "POST", &rotate, json!({ "overlap": "0s" })).await;
    assert_eq!(at_once, (json!(["secret:2"]), json!(["secret:1"])));
    do_it("rotate").await;
    let finish = verb("rotate/finish");
    assert_eq!(told(&admin, "POST", &finish, Value::Null).await, (json!([]), json!(["secret:1"])));
    assert_eq!(told(&admin, "POST", &verb("revoke"), Value::Null).await, (json!([]), json!(["use"])));
}

#[tokio::test]
async fn a_rotation_that_is_tried_to_be_finished_goes_on() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, old) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    let finish = admin.at(&format!("/keys/{}/rotate/finish", id(&key)));
    admin.act(&format!("{finish}?dry_run=true")).await.problem(409, "not_rotating");
    admin.act(&admin.at(&format!("/keys/{}/rotate", id(&key)))).await.expect(200);
    let told = admin.act(&format!("{finish}?dry_run=true")).await.expect(200);
    assert_eq!(told.body["key"]["secrets"].as_array().unwrap().len(), 1);
    old.get("/v1/whoami").await.expect(200);
    admin.act(&finish).await.expect(200);
    old.get("/v1/whoami").await.expect(401);
}

// L-1
#[tokio::test]
async fn the_keys_that_would_change_are_named_with_their_latest_use() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, issuer) = admin.issue(json!({ "label": "issuer", "capabilities": ["admin"], "topics": "all" })).await;
    let child =
        |number: usize| json!({ "label": format!("child {number}"), "capabilities": ["read"], "topics": "all" });
    let mut children = Vec::new();
    for number in 0..100 {
        children.push(id(&issuer.issue(child(number)).await.0));
    }
    let path = format!("/keys/{}/revoke", id(&key));
    house.forget_uses().await;
    let use_it =
        "UPDATE api_keys SET last_used_at = $2::text::timestamptz, last_used_from = $3::text::inet WHERE id = $1";
    let db = house.sql("superuser").await;
    let uuid = |key: &str| key.parse::<meshkey::domain::KeyId>().unwrap().uuid();
    for (key, at, from) in [(id(&key), "2026-01-01", "10.0.0.1"), (children[7].clone(), "2026-02-01", "10.0.0.2")] {
        assert_eq!(db.execute(use_it, &[&uuid(&key), &at, &from]).await.unwrap(), 1);
    }
    let alone = impact(&admin, "POST", &path, Value::Null).await;
    assert_eq!((&alone["keys"], &alone["affected"]), (&json!(1), &json!([{ "id": key["id"], "label": "issuer" }])));
    assert_eq!(alone["last_used_from"], "10.0.0.1");
    let all = impact(&admin, "POST", &path, json!({ "cascade": true })).await;
    let named = all["affected"].as_array().unwrap();
    assert_eq!((&all["keys"], named.len()), (&json!(101), 100));
    assert_eq!(named[0], json!({ "id": key["id"], "label": "issuer" }));
    assert_eq!(named[8], json!({ "id": children[7], "label": "child 7" }));
    assert!(all["last_used_at"].as_str().unwrap().starts_with("2026-0"), "{all}");
    assert_eq!((&all["last_used_from"], &all["loses"]), (&json!("10.0.0.2"), &json!(["use"])));
    assert_eq!(impact(&admin, "POST", "/keys", child(0)).await["last_used_at"], Value::Null);
}
