//! A dry run tells what would be, and changes nothing at all.

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    tools::{dump, id, one, unsettled},
};

async fn run(by: &Client, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let request = by.raw(method, path);
    let request = if method == "PATCH" { request.header("If-Match", "*") } else { request };
    match body {
        Some(body) => request.json(body).send().await,
        None => request.send().await,
    }
}

/// What a real run answers, without what differs from run to run.
fn key_of(answer: &Answer) -> Value {
    let mut key = if answer.body["key"].is_object() { answer.body["key"].clone() } else { answer.body.clone() };
    let members = key.as_object_mut().unwrap();
    for varying in ["id", "hint", "created_at", "expires_at", "disabled_at", "revoked_at", "secrets", "secret"] {
        members.remove(varying);
    }
    members.retain(|name, _| !name.starts_with("last_used"));
    key
}

// T-6
#[tokio::test]
async fn a_dry_run_tells_what_would_be_and_leaves_every_table_as_it_was() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let (key, issuer) = admin.issue(json!({ "capabilities": ["admin"], "topics": "all" })).await;
    for _ in 0..3 {
        issuer.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    }
    let verb = |verb: &str| admin.at(&format!("/keys/{}{verb}", id(&key)));
    let steps = [
        ("POST", admin.at("/keys"), Some(json!({ "label": "dry", "capabilities": ["read"], "topics": "all" })), 1),
        ("PATCH", verb(""), Some(json!({ "label": "edited" })), 1),
        ("POST", verb("/disable"), None, 1),
        ("POST", verb("/enable"), None, 1),
        ("POST", verb("/rotate"), None, 1),
        ("POST", verb("/rotate/finish"), None, 1),
        ("POST", verb("/revoke"), Some(json!({ "cascade": true, "reason": "r" })), 4),
    ];
    for (method, path, body, keys) in steps {
        let fed = one(&db, "SELECT count(*) FROM key_changes").await;
        let before = dump(&db, "true").await;
        let told = run(&admin, method, &format!("{path}?dry_run=true"), body.as_ref()).await.expect(200);
        assert_eq!(dump(&db, "true").await, before, "{path}");
        assert_eq!(one(&db, "SELECT count(*) FROM key_changes").await, fed, "{path}: nothing is said to have changed");
        assert_eq!((&told.body["dry_run"], &told.body["impact"]["keys"]), (&json!(true), &json!(keys)), "{told:?}");
        assert!(told.body["key"].get("secret").is_none() && !told.headers.contains_key("location"), "{told:?}");
        let done = run(&admin, method, &path, body.as_ref()).await;
        assert_eq!(key_of(&told), unsettled(key_of(&done)), "{path}");
    }
    for (method, path, body) in [("POST", verb("/revoke"), None), ("PATCH", verb(""), Some(json!({ "label": "x" })))] {
        let told = run(&admin, method, &format!("{path}?dry_run=true"), body.as_ref()).await;
        told.problem(409, "already_revoked");
    }
}
