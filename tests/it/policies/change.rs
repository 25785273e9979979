//! Who may look at a policy and change it, and what is told of keys that do not comply.

use serde_json::json;

use super::{good, set};
use crate::{
    client::Client,
    house::House,
    persons::Person,
    tools::{count_events, id},
};

const NOTHING: [&str; 11] = [
    "longest_life",
    "default_life",
    "expiry_required",
    "topics_required",
    "admin_keys_by",
    "org_keys_by",
    "longest_overlap",
    "admin_addresses_required",
    "note_required",
    "disable_unused_after",
    "confirmation_required",
];

#[tokio::test]
async fn a_policy_is_off_changed_under_its_version_and_written_down() {
    let house = House::new().await;
    let admin = house.admin();
    let place = admin.at("/policy");
    let seen = admin.get(&place).await.expect(200);
    assert_eq!((seen.header("etag"), &seen.body["version"]), ("\"v0\"", &json!(0)));
    for rule in NOTHING {
        let off = [json!(null), json!(false), json!("anyone")];
        assert!(off.contains(&seen.body[rule]) && seen.body["in_force"][rule] == seen.body[rule], "{rule}: {seen:?}");
    }
    let rules = json!({ "longest_life": "2160h", "org_keys_by": "people" });
    admin.raw("PATCH", &place).json(&rules).send().await.problem(428, "precondition_required");
    let changed = admin.patch(&place, rules.clone(), "\"v0\"").await.expect(200);
    assert_eq!((changed.header("etag"), &changed.body["dry_run"]), ("\"v1\"", &json!(false)));
    assert_eq!((&changed.body["longest_life"], &changed.body["org_keys_by"]), (&json!("90d"), &json!("people")));
    admin.patch(&place, json!({ "note_required": true }), "\"v0\"").await.problem(412, "precondition_failed");
    // What is so already is no change, and leaves no event.
    let before = count_events(&admin).await;
    assert_eq!(admin.patch(&place, rules, "\"v1\"").await.expect(200).header("etag"), "\"v1\"");
    assert_eq!(count_events(&admin).await, before);
    let event = admin.get(&admin.at("/audit?limit=1")).await.expect(200).items()[0].clone();
    assert_eq!((&event["action"], &event["subject"]["kind"]), (&json!("policy.changed"), &json!("policy")));
    assert_eq!((&event["before"]["longest_life"], &event["after"]["longest_life"]), (&json!(null), &json!("90d")));
}

#[tokio::test]
async fn what_a_rule_cannot_say_is_refused_at_its_place() {
    let house = House::new().await;
    let admin = house.admin();
    for (rule, value) in [
        ("longest_life", json!("59s")),
        ("longest_life", json!("3651d")),
        ("longest_life", json!(90)),
        ("default_life", json!("a while")),
        ("longest_overlap", json!("8d")),
        ("disable_unused_after", json!("23h")),
        ("admin_keys_by", json!("nobody")),
        ("org_keys_by", json!("friends")),
        ("note_required", json!("yes")),
        ("longest_live", json!("9d")),
    ] {
        let refused =
            admin.patch(&admin.at("/policy"), json!({ rule: value }), "*").await.problem(422, "invalid_input");
        assert_eq!(refused["errors"][0]["pointer"], format!("#/{rule}"), "{refused}");
    }
}

/// The newest version of the org's policy.
async fn version(admin: &Client) -> serde_json::Value {
    admin.get(&admin.at("/policy")).await.expect(200).body["version"].clone()
}

#[tokio::test]
async fn a_key_tightens_and_never_loosens() {
    let house = House::new().await;
    let admin = house.admin();
    let place = admin.at("/policy");
    set(&admin, json!({ "longest_life": "90d", "note_required": true, "admin_keys_by": "people" })).await;
    set(&admin, json!({ "longest_life": "80d", "default_life": "20d" })).await;
    let dana = Person::in_org(&house, "Dana", "owner").await.signed_in(&house).await;
    let root = json!({ "label": "own", "note": "here", "capabilities": ["admin"], "topics": "all" });
    let personal = dana.post("/v1/me/keys", root).await.expect(201);
    let personal = admin.with_key(personal.body["secret"].as_str().unwrap());
    for (rule, value) in [
        ("longest_life", json!("81d")),
        ("longest_life", json!(null)),
        ("default_life", json!(null)),
        ("note_required", json!(false)),
        ("admin_keys_by", json!("anyone")),
    ] {
        for by in [&admin, &personal] {
            for dry in ["", "?dry_run=true"] {
                let loosened = by.patch(&format!("{place}{dry}"), json!({ rule: value }), "*").await;
                let refused = loosened.problem(403, "exceeds_authority");
                assert_eq!(refused["errors"][0]["pointer"], format!("#/{rule}"), "{refused}");
            }
        }
    }
    assert_eq!(version(&admin).await, 2);
    let sam = Person::in_org(&house, "Sam", "admin").await.signed_in(&house).await;
    sam.patch(&place, json!({ "longest_life": null, "note_required": null }), "*").await.expect(200);
    assert_eq!(version(&admin).await, 3);
}

#[tokio::test]
async fn what_is_for_owners_is_set_and_taken_back_by_owners() {
    let house = House::new().await;
    let admin = house.admin();
    let place = admin.at("/policy");
    let sam = Person::in_org(&house, "Sam", "admin").await.signed_in(&house).await;
    let dana = Person::in_org(&house, "Dana", "owner").await.signed_in(&house).await;
    for (rule, value) in [("admin_keys_by", "owners"), ("org_keys_by", "owners"), ("org_keys_by", "nobody")] {
        for by in [&admin, &sam] {
            by.patch(&place, json!({ rule: value }), "*").await.problem(403, "owner_only");
        }
        dana.patch(&place, json!({ rule: value }), "*").await.expect(200);
        for by in [&admin, &sam] {
            by.patch(&place, json!({ rule: "people" }), "*").await.problem(403, "owner_only");
        }
        dana.patch(&place, json!({ rule: "people" }), "*").await.expect(200);
    }
}

#[tokio::test]
async fn a_person_confirms_and_needs_the_whole_place() {
    let house = House::new().await;
    let admin = house.admin();
    let (place, of_mesh) = (admin.at("/policy"), admin.at("/meshes/main/policy"));
    let sam = Person::new(&house, "Sam").await;
    sam.becomes(&house, "acme", Some("main"), "admin").await;
    let sam = sam.signed_in(&house).await;
    let lee = Person::in_org(&house, "Lee", "member").await.signed_in(&house).await;
    let rules = || json!({ "note_required": true });
    sam.get(&place).await.expect(200);
    sam.patch(&place, rules(), "*").await.problem(403, "insufficient_scope");
    sam.get(&admin.at("/policy/violations")).await.problem(403, "insufficient_scope");
    sam.patch(&of_mesh, rules(), "*").await.expect(200);
    sam.get(&admin.at("/meshes/main/policy/violations")).await.expect(200);
    lee.get(&place).await.problem(403, "insufficient_scope");
    // Who manages keys of some topics may look at what binds them, and change nothing.
    let confined = json!({ "note": "n", "mesh": "main", "capabilities": ["admin"], "topics": ["deploys"] });
    let confined = admin.issue(confined).await.1;
    for looked in [&place, &of_mesh] {
        confined.get(looked).await.expect(200);
        confined.patch(looked, rules(), "*").await.problem(403, "insufficient_scope");
        confined.get(&format!("{looked}/violations")).await.problem(403, "insufficient_scope");
        let over = json!({ "over_days": 3 });
        confined.post(&format!("{looked}/spread"), over).await.problem(403, "insufficient_scope");
    }
    let long_ago = "UPDATE sessions SET confirmed_at = now() - interval '1 hour'";
    house.sql("superuser").await.batch_execute(long_ago).await.unwrap();
    let back = json!({ "note_required": false });
    sam.patch(&of_mesh, back, "*").await.problem(403, "confirmation_required");
    sam.post(&format!("{of_mesh}/spread"), json!({ "over_days": 3 })).await.problem(403, "confirmation_required");
}

#[tokio::test]
async fn a_preview_tells_of_every_live_key_and_changes_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let unnoted = json!({ "mesh": "main", "capabilities": ["read"], "topics": "all" });
    let mut bad: Vec<String> = Vec::new();
    for _ in 0..3 {
        bad.push(id(&admin.issue(unnoted.clone()).await.0));
    }
    admin.issue(good()).await;
    let revoked = id(&admin.issue(unnoted).await.0);
    admin.act(&admin.at(&format!("/keys/{revoked}/revoke"))).await.expect(200);
    let before = count_events(&admin).await;
    let path = admin.at("/policy?dry_run=true");
    let rules = json!({ "note_required": true, "topics_required": true });
    let tried = admin.patch(&path, rules.clone(), "*").await.expect(200);
    // The first admin key of the org is among them.
    assert_eq!((&tried.body["dry_run"], &tried.body["violations"]["count"]), (&json!(true), &json!(4)));
    let first = tried.body["violations"]["first"].as_array().unwrap();
    let ids: Vec<_> = first.iter().skip(1).map(id).collect();
    assert_eq!(ids, bad);
    for one in first {
        assert_eq!(one["rules"], json!(["topics_required", "note_required"]), "{one}");
    }
    assert_eq!((version(&admin).await, count_events(&admin).await), (json!(0), before));
    assert_eq!(admin.get(&admin.at("/policy/violations")).await.expect(200).items().len(), 0);
    let set = set(&admin, rules).await;
    assert_eq!(set.body["violations"], tried.body["violations"]);
    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&admin.at(&format!("/policy/violations?limit=3{next}"))).await.expect(200);
        found.extend(page.items().iter().map(id));
        let Some(cursor) = page.body["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(found[1..], bad);
}

#[tokio::test]
async fn no_other_tenant_is_bound_or_seen() {
    let house = House::new().await;
    let rival = house.org("rival").admin;
    let admin = house.admin();
    set(&admin, json!({ "longest_life": "10d", "note_required": true })).await;
    let forever = json!({ "capabilities": ["read"], "topics": "all", "expires_at": null });
    rival.issue(forever).await;
    assert_eq!(rival.get(&rival.at("/policy")).await.expect(200).body["longest_life"], json!(null));
    for path in ["/policy", "/policy/violations", "/meshes/main/policy"] {
        rival.get(&admin.at(path)).await.problem(404, "not_found");
    }
    rival.patch(&admin.at("/policy"), json!({ "longest_life": "9d" }), "*").await.problem(404, "not_found");
}
