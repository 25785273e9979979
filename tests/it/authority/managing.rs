//! You manage exactly the keys that you cover.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    tools::id,
};

const NOBODY: &str = "key_01kzzzzzzze00800000000000z";

/// Keys of every breadth: what they are called, and their terms.
fn breadths() -> Vec<(&'static str, Value)> {
    vec![
        ("org all", json!({ "capabilities": ["read"], "topics": "all" })),
        ("org ci", json!({ "capabilities": ["read"], "topics": ["ci.*"] })),
        ("main all", json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })),
        ("main admin", json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" })),
        ("main deploys", json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] })),
        ("main ci", json!({ "mesh": "main", "capabilities": ["send", "read"], "topics": ["ci.web", "ci.a*"] })),
        ("main both", json!({ "mesh": "main", "capabilities": ["send"], "topics": ["ci.web", "deploys"] })),
        ("side all", json!({ "mesh": "side", "capabilities": ["send"], "topics": "all" })),
        ("side ci", json!({ "mesh": "side", "capabilities": ["send"], "topics": ["ci.*"] })),
    ]
}

/// Who manages, and which of the keys it covers.
fn managers() -> Vec<(Value, Vec<&'static str>)> {
    let main = vec!["main all", "main admin", "main deploys", "main ci", "main both"];
    let all = breadths().into_iter().map(|(label, _)| label).collect();
    vec![
        (json!({ "capabilities": ["admin"], "topics": "all" }), all),
        (json!({ "capabilities": ["admin"], "topics": ["ci.*"] }), vec!["org ci", "main ci", "side ci"]),
        (json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" }), main),
        (json!({ "mesh": "main", "capabilities": ["admin"], "topics": ["ci.*"] }), vec!["main ci"]),
        (
            json!({ "mesh": "main", "capabilities": ["admin"], "topics": ["ci.*", "deploys"] }),
            vec!["main deploys", "main ci", "main both"],
        ),
        (json!({ "mesh": "side", "capabilities": ["admin"], "topics": "all" }), vec!["side all", "side ci"]),
    ]
}

async fn populated() -> (House, Vec<(&'static str, String)>) {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "side" })).await.expect(201);
    admin.post(&admin.at("/meshes/main/topics"), json!({ "name": "ci.web" })).await.expect(201);
    let mut keys = Vec::new();
    for (label, mut terms) in breadths() {
        terms["label"] = json!(label);
        keys.push((label, id(&admin.issue(terms).await.0)));
    }
    (house, keys)
}

fn labels(page: &Answer) -> BTreeSet<String> {
    page.items().iter().map(|key| key["label"].as_str().unwrap().to_owned()).collect()
}

/// Every verb on a key, as a dry run where there is one, and the status that it has for a key that is covered.
async fn verbs(by: &Client, key: &str) -> Vec<(Answer, u16)> {
    let path = by.at(&format!("/keys/{key}"));
    vec![
        (by.get(&path).await, 200),
        (by.patch(&path, json!({ "note": "x" }), "*").await, 200),
        (by.act(&format!("{path}/disable?dry_run=true")).await, 200),
        (by.act(&format!("{path}/rotate?dry_run=true")).await, 200),
        (by.act(&format!("{path}/revoke?dry_run=true")).await, 200),
        (by.act(&format!("{path}/enable")).await, 409),
        (by.act(&format!("{path}/rotate/finish")).await, 409),
    ]
}

// L-4, L-5
#[tokio::test]
async fn an_admin_sees_and_manages_exactly_the_keys_that_it_covers() {
    let (house, keys) = populated().await;
    for (mut terms, covered) in managers() {
        terms["label"] = json!("manager");
        terms["expires_at"] = json!(null);
        let manager = house.admin().issue(terms.clone()).await.1;
        let mut listed = labels(&manager.get(&manager.at("/keys?limit=200")).await.expect(200));
        listed.retain(|label| covered.contains(&label.as_str()) || keys.iter().any(|(known, _)| known == label));
        assert_eq!(listed, covered.iter().map(|label| (*label).to_owned()).collect(), "{terms}");
        let nothing = verbs(&manager, NOBODY).await;
        for (label, key) in &keys {
            for ((answer, status), (nothing, _)) in verbs(&manager, key).await.into_iter().zip(&nothing) {
                if covered.contains(label) {
                    answer.expect(status);
                } else {
                    assert_eq!(answer.face(), nothing.face(), "{label} by {terms}");
                }
            }
        }
        for (nothing, _) in nothing {
            nothing.problem(404, "not_found");
        }
    }
}

//
#[tokio::test]
async fn without_admin_nobody_manages_anything() {
    let (house, keys) = populated().await;
    let terms = json!({ "capabilities": ["send", "read", "state_write", "verify"], "topics": "all" });
    let member = house.admin().issue(terms).await.1;
    member.get(&member.at("/keys")).await.problem(403, "insufficient_scope");
    for (_, key) in keys {
        for (answer, _) in verbs(&member, &key).await {
            answer.problem(403, "insufficient_scope");
        }
    }
}

//
#[tokio::test]
async fn a_narrowed_admin_loses_what_it_no_longer_covers_at_once() {
    let (house, keys) = populated().await;
    let admin = house.admin();
    let (manager, by) = admin.issue(json!({ "capabilities": ["admin"], "topics": "all" })).await;
    let (_, key) = keys.iter().find(|(label, _)| *label == "main deploys").unwrap();
    by.get(&by.at(&format!("/keys/{key}"))).await.expect(200);
    let narrow = admin.at(&format!("/keys/{}", id(&manager)));
    admin.patch(&narrow, json!({ "topics": ["ci.*"] }), "*").await.expect(200);
    by.get(&by.at(&format!("/keys/{key}"))).await.problem(404, "not_found");
    admin.patch(&narrow, json!({ "topics": "all" }), "*").await.expect(200);
    by.get(&by.at(&format!("/keys/{key}"))).await.expect(200);
    admin.patch(&narrow, json!({ "capabilities": ["read"] }), "*").await.expect(200);
    by.get(&by.at(&format!("/keys/{key}"))).await.problem(403, "insufficient_scope");
}
