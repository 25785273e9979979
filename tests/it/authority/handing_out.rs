//! What exceeds the issuer is refused, at its place, whichever dimension it is.

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    tools::id,
};

/// An issuer that is narrow in every dimension.
async fn narrow(house: &House) -> Client {
    let admin = house.admin();
    admin.post(&admin.at("/meshes/main/topics"), json!({ "name": "ci.web" })).await.expect(201);
    let wanted = json!({
        "mesh": "main", "capabilities": ["admin"], "topics": ["deploys", "ci.*"], "addresses": ["127.0.0.0/16", "::1"],
        "expires_at": "2999-01-01T00:00:00Z", "rate": { "per_minute": 100_000, "burst": 1_000 },
    });
    admin.issue(wanted).await.1
}

/// A wish that the narrow issuer may grant.
fn sound() -> Value {
    json!({
        "label": "child", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"],
        "addresses": ["127.0.0.0/24"], "expires_at": "2998-01-01T00:00:00Z",
    })
}

#[track_caller]
fn refused(answer: &Answer, status: u16, pointer: &str) {
    let code = if status == 403 { "exceeds_authority" } else { "invalid_input" };
    let problem = answer.problem(status, code);
    let faults = problem["errors"].as_array().expect("errors");
    assert!(!faults.is_empty() && faults.iter().all(|fault| fault["pointer"] == pointer), "{pointer}: {answer:?}");
}

/// What exceeds the narrow issuer: the member, its value, the status.
fn excesses() -> Vec<(&'static str, Value, u16)> {
    vec![
        ("mesh", json!(null), 403),
        ("topics", json!("all"), 403),
        ("topics", json!(["secrets"]), 403),
        ("topics", json!(["deploys", "secrets"]), 403),
        ("topics", json!(["deploys*"]), 403),
        ("topics", json!(["c*"]), 403),
        ("addresses", json!(null), 403),
        ("addresses", json!(["127.0.0.0/8"]), 403),
        ("addresses", json!(["127.0.0.1", "10.0.0.1"]), 403),
        ("addresses", json!(["::/0"]), 403),
        ("rate", json!(null), 403),
        ("rate", json!({ "per_minute": 100_001, "burst": 1 }), 403),
        ("rate", json!({ "per_minute": 1, "burst": 1_001 }), 403),
        ("expires_at", json!(null), 422),
        ("expires_at", json!("2999-01-01T00:00:00.000001Z"), 422),
        ("expires_at", json!("2001-01-01T00:00:00Z"), 422),
    ]
}

//
#[tokio::test]
async fn nobody_issues_more_than_they_hold() {
    let house = House::new().await;
    let narrow = narrow(&house).await;
    narrow.post(&narrow.at("/keys"), sound()).await.expect(201);
    for (member, value, status) in excesses() {
        let mut wanted = sound();
        wanted[member] = value;
        refused(&narrow.post(&narrow.at("/keys"), wanted).await, status, &format!("#/{member}"));
    }
    for equal in [json!({ "topics": ["ci.*"] }), json!({ "topics": ["ci.web*"] }), json!({ "addresses": ["::1"] })] {
        let mut wanted = sound();
        wanted.as_object_mut().unwrap().extend(equal.as_object().unwrap().clone());
        narrow.post(&narrow.at("/keys"), wanted).await.expect(201);
    }
}

//
#[tokio::test]
async fn nobody_widens_a_key_beyond_what_they_hold() {
    let house = House::new().await;
    let narrow = narrow(&house).await;
    let child = narrow.issue(sound()).await.0;
    let path = narrow.at(&format!("/keys/{}", id(&child)));
    for (member, value, status) in excesses().into_iter().filter(|(member, ..)| *member != "mesh") {
        refused(&narrow.patch(&path, json!({ member: value }), "*").await, status, &format!("#/{member}"));
    }
    let own = narrow.get("/v1/whoami").await.expect(200).body["key"].clone();
    let own = narrow.at(&format!("/keys/{}", id(&own)));
    refused(&narrow.patch(&own, json!({ "topics": "all" }), "*").await, 403, "#/topics");
    refused(&narrow.patch(&own, json!({ "expires_at": null }), "*").await, 422, "#/expires_at");
    assert_eq!(narrow.get(&path).await.expect(200).body["version"], child["version"]);
}

//
#[tokio::test]
async fn a_key_without_admin_issues_nothing_and_says_what_was_missing() {
    let house = House::new().await;
    for capability in ["send", "read", "state_write", "verify"] {
        let (_, holder) = house.admin().issue(json!({ "capabilities": [capability], "topics": "all" })).await;
        let wish = json!({ "label": "child", "capabilities": [capability], "topics": "all" });
        let refused = holder.post(&holder.at("/keys"), wish).await;
        let problem = refused.problem(403, "insufficient_scope");
        assert_eq!((&problem["denial"], &problem["capability"]), (&json!("capability_missing"), &json!("admin")));
    }
}

//
#[tokio::test]
async fn what_is_left_out_is_inherited_and_never_wider() {
    let house = House::new().await;
    let narrow = narrow(&house).await;
    let mut wanted = sound();
    let members = wanted.as_object_mut().unwrap();
    members.remove("addresses");
    members.remove("expires_at");
    let key = narrow.issue(wanted).await.0;
    assert_eq!(key["addresses"].as_array().map(Vec::len), Some(2), "{key}");
    let soon = json!({ "capabilities": ["admin"], "topics": "all", "expires_at": "2026-12-31T00:00:00Z" });
    let (soon, short) = house.admin().issue(soon_after(&house, soon).await).await;
    let child = short.issue(json!({ "capabilities": ["read"], "topics": "all" })).await.0;
    assert_eq!(child["expires_at"], soon["expires_at"], "clamped to the issuer's end");
}

/// The wish with an end in a day, by the clock of the database.
async fn soon_after(house: &House, mut wish: Value) -> Value {
    let day = "SELECT to_char(now() AT TIME ZONE 'UTC' + interval '1 day', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    wish["expires_at"] = json!(crate::tools::one(&house.sql("superuser").await, day).await);
    wish
}

#[tokio::test]
async fn who_ends_sooner_may_end_a_key_but_not_hand_it_out_anew() {
    let house = House::new().await;
    let admin = house.admin();
    let long = json!({ "capabilities": ["read"], "topics": "all", "expires_at": null });
    let long = admin.at(&format!("/keys/{}", id(&admin.issue(long).await.0)));
    let rescue = house.meshkey(&["org", "key", "acme", "--json"]);
    let secret = rescue["secret"].as_str().or(rescue["key"]["secret"].as_str()).expect("a secret");
    let rescue = admin.with_key(secret);
    refused(&rescue.act(&format!("{long}/rotate")).await, 403, "#");
    rescue.act(&format!("{long}/disable")).await.expect(200);
    refused(&rescue.act(&format!("{long}/enable")).await, 403, "#");
    rescue.patch(&long, json!({ "label": "found" }), "*").await.expect(200);
    rescue.act(&format!("{long}/revoke")).await.expect(200);
}
