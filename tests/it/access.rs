//! Access: who may do what on a topic, through what, and whether that is all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{client::Client, explain::expire, house::House, persons::Person, tools::id};

const CAPABILITIES: [&str; 5] = ["send", "read", "state_write", "admin", "verify"];

/// Keys of every kind, by label; those that begin with `no` do not reach `deploys`.
async fn seeded(house: &House) -> (Client, BTreeMap<String, (String, String)>) {
    let admin = house.admin();
    for slug in ["other", "third"] {
        admin.post(&admin.at("/meshes"), json!({ "slug": slug })).await.expect(201);
    }
    let wishes = [
        ("sender", json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys", "d*"] })),
        ("reader", json!({ "capabilities": ["read", "send"], "topics": ["de*", "d*"] })),
        ("lead", json!({ "mesh": "main", "capabilities": ["admin"], "topics": ["dep*"] })),
        ("asker", json!({ "mesh": "main", "capabilities": ["verify"], "topics": "all" })),
        ("org asker", json!({ "capabilities": ["verify", "state_write"], "topics": "all" })),
        ("rotating", json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })),
        ("disabled", json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })),
        ("no topic", json!({ "mesh": "main", "capabilities": ["send"], "topics": ["secrets", "deploys.*"] })),
        ("no mesh", json!({ "mesh": "other", "capabilities": ["admin"], "topics": "all" })),
        ("expired", json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })),
        ("revoked", json!({ "capabilities": ["send"], "topics": "all" })),
    ];
    let mut keys = BTreeMap::new();
    for (label, mut wish) in wishes {
        wish["label"] = json!(label);
        let (key, holder) = admin.issue(wish).await;
        keys.insert(label.to_owned(), (id(&key), holder.secret().to_owned()));
    }
    for (label, verb) in [("rotating", "rotate"), ("disabled", "disable"), ("revoked", "revoke")] {
        admin.act(&admin.at(&format!("/keys/{}/{verb}", keys[label].0))).await.expect(200);
    }
    expire(house, &keys["expired"].0).await;
    (admin, keys)
}

fn at(by: &Client, query: &str) -> String {
    by.at(&format!("/meshes/main/topics/deploys/access{query}"))
}

fn labels(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["key"]["label"].as_str().unwrap()).collect()
}

/// Every item, page by page, and what each page says of itself being complete.
async fn walked(by: &Client, query: &str, limit: usize) -> (Vec<Value>, BTreeSet<bool>) {
    let (mut items, mut complete, mut cursor) = (Vec::new(), BTreeSet::new(), String::new());
    loop {
        let page = by.get(&at(by, &format!("?limit={limit}&{query}{cursor}"))).await.expect(200);
        assert!(page.items().len() <= limit);
        items.extend(page.items().iter().cloned());
        complete.insert(page.body["complete"].as_bool().unwrap());
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (items, complete),
        }
    }
}

// G-3
#[tokio::test]
async fn it_is_told_who_may_do_what_here_and_through_what() {
    let house = House::new().await;
    let (admin, keys) = seeded(&house).await;
    let page = admin.get(&at(&admin, "")).await.expect(200);
    let newest_first = ["disabled", "rotating", "org asker", "asker", "lead", "reader", "sender", "first admin key"];
    assert_eq!(labels(page.items()), newest_first);
    assert_eq!(page.body["complete"], true);
    let of = |label: &str| page.items().iter().find(|item| item["key"]["label"] == label).unwrap();
    let through = |owner: &str, capability: Value, topics: &str| json!({ "owner": owner, "capability": capability, "topics": topics });
    assert_eq!(of("sender")["through"], through("mesh", Value::Null, "deploys"));
    assert_eq!(of("reader")["through"], through("org", Value::Null, "de*"));
    assert_eq!(of("lead")["through"], through("mesh", json!("admin"), "dep*"));
    assert_eq!(of("first admin key")["through"], through("org", json!("admin"), "all"));
    assert_eq!(of("reader")["may"], json!(["send", "read"]));
    assert_eq!(of("org asker")["may"], json!(["state_write", "verify"]));
    assert_eq!(of("lead")["may"], json!(CAPABILITIES));
    assert_eq!(of("disabled")["key"]["status"], "disabled");
    assert_eq!(of("rotating")["key"]["status"], "rotating");
    let shown = admin.get(&admin.at(&format!("/keys/{}", keys["sender"].0))).await.expect(200).body;
    for member in ["id", "label", "owner", "capabilities", "topics", "status", "expires_at", "last_used_at"] {
        assert_eq!(of("sender")["key"][member], shown[member], "{member}");
    }
}

// P-9
#[tokio::test]
async fn what_is_told_is_what_verify_says_of_every_key() {
    let house = House::new().await;
    let (admin, mut keys) = seeded(&house).await;
    // Personal keys of somebody who may do less by now, and of somebody who may do nothing.
    let mut people = Vec::new();
    for label in ["Mia", "Sue"] {
        let person = Person::in_org(&house, label, "admin").await;
        let wish =
            json!({ "label": label, "mesh": "main", "capabilities": ["admin"], "topics": "all", "user": person.id });
        let (key, holder) = admin.issue(wish).await;
        keys.insert(label.to_owned(), (id(&key), holder.secret().to_owned()));
        people.push(person);
    }
    people[0].becomes(&house, "acme", None, "member").await;
    people[1].change(&house, "UPDATE users SET suspended_at = now() WHERE name = 'Sue'").await;
    let page = admin.get(&at(&admin, "")).await.expect(200);
    let told: BTreeMap<String, Value> =
        page.items().iter().map(|item| (id(&item["key"]), item["may"].clone())).collect();
    admin.act(&admin.at(&format!("/keys/{}/enable", keys["disabled"].0))).await.expect(200);
    keys.insert("first".to_owned(), (id(&admin.get("/v1/whoami").await.body["key"]), admin.secret().to_owned()));
    for (label, (key, secret)) in keys {
        let mut may = Vec::new();
        for capability in CAPABILITIES {
            let question = json!({ "key": secret, "capability": capability, "mesh": "main", "topic": "deploys" });
            if admin.post("/v1/verify", question).await.expect(200).body["allowed"] == true {
                may.push(capability);
            }
        }
        let expected = if may.is_empty() { None } else { Some(json!(may)) };
        assert_eq!(told.get(&key).cloned(), expected, "{label}");
    }
}

// L-12, G-23
#[tokio::test]
async fn every_filter_shows_what_it_says_page_by_page() {
    let house = House::new().await;
    let (admin, _) = seeded(&house).await;
    let all = ["disabled", "rotating", "org asker", "asker", "lead", "reader", "sender", "first admin key"];
    let filters: [(&str, &[&str]); 8] = [
        ("", &all),
        ("capability=send", &["disabled", "rotating", "lead", "reader", "sender", "first admin key"]),
        ("capability=state_write", &["org asker", "lead", "first admin key"]),
        ("capability=verify", &["org asker", "asker", "lead", "first admin key"]),
        ("capability=admin", &["lead", "first admin key"]),
        ("status=revoked,expired", &["revoked", "expired"]),
        ("status=rotating&capability=send", &["rotating"]),
        ("status=expired&capability=read", &[]),
    ];
    for (filter, wanted) in filters {
        for limit in [1, 3, 200] {
            let (items, complete) = walked(&admin, filter, limit).await;
            assert_eq!((labels(&items), complete), (wanted.to_vec(), BTreeSet::from([true])), "{filter} by {limit}");
        }
    }
    for (wrong, parameter) in [("capability=upload", "capability"), ("status=alive", "status"), ("topic=x", "topic")] {
        let problem = admin.get(&at(&admin, &format!("?{wrong}"))).await.problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{problem}");
    }
    let page = admin.get(&at(&admin, "?limit=1")).await.expect(200);
    let next = page.body["next"].as_str().unwrap();
    admin.get(&at(&admin, &format!("?capability=send&cursor={next}"))).await.problem(400, "invalid_cursor");
    let elsewhere = admin.at(&format!("/meshes/main/topics/secrets/access?cursor={next}"));
    admin.get(&elsewhere).await.problem(400, "invalid_cursor");
}

// A-1, G-2
#[tokio::test]
async fn an_admin_is_told_of_the_keys_that_it_covers_and_whether_these_are_all() {
    let house = House::new().await;
    let (admin, keys) = seeded(&house).await;
    let of_main = ["disabled", "rotating", "asker", "lead", "sender"];
    let askers: [(Value, &[&str], bool); 4] = [
        (json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" }), &of_main, false),
        (json!({ "mesh": "main", "capabilities": ["admin"], "topics": ["dep*"] }), &["lead"], false),
        (json!({ "capabilities": ["admin"], "topics": ["d*"] }), &["lead", "reader", "sender"], false),
        (
            json!({ "capabilities": ["admin"], "topics": "all" }),
            &["disabled", "rotating", "org asker", "asker", "lead", "reader", "sender", "first admin key"],
            true,
        ),
    ];
    for (wish, wanted, is_complete) in askers {
        let (own, by) = admin.issue(wish.clone()).await;
        let (items, complete) = walked(&by, "", 2).await;
        let others: Vec<_> = items.into_iter().filter(|item| item["key"]["id"] != own["id"]).collect();
        assert_eq!((labels(&others), complete), (wanted.to_vec(), BTreeSet::from([is_complete])), "{wish}");
        admin.act(&admin.at(&format!("/keys/{}/revoke", id(&own)))).await.expect(200);
    }
    let reader = admin.with_key(&keys["reader"].1);
    reader.get(&at(&reader, "")).await.problem(403, "insufficient_scope");
    let lead = admin.with_key(&keys["lead"].1);
    let beyond = lead.get(&lead.at("/meshes/main/topics/secrets/access")).await;
    assert_eq!(beyond.problem(403, "insufficient_scope")["denial"], "topic_out_of_scope");
}

#[tokio::test]
async fn only_a_topic_that_is_there_has_keys_that_reach_it() {
    let house = House::new().await;
    let (admin, _) = seeded(&house).await;
    for path in ["/meshes/main/topics/nowhere/access", "/meshes/nowhere/topics/deploys/access"] {
        admin.get(&admin.at(path)).await.problem(404, "not_found");
    }
    admin.act(&admin.at("/meshes/main/topics/deploys/archive")).await.expect(200);
    admin.act(&admin.at("/meshes/main/archive")).await.expect(200);
    assert_eq!(admin.get(&at(&admin, "")).await.expect(200).items().len(), 8);
}
