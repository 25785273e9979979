//! The audit is found by what one knows of it, and holds nothing that must not be read.

use serde_json::{Value, json};

use crate::{
    client::Client,
    house::House,
    tools::{hex, id, texts},
};

async fn seqs(by: &Client, query: &str) -> Vec<i64> {
    let (mut seqs, mut next) = (Vec::new(), String::new());
    loop {
        let page = by.get(&by.at(&format!("/audit?limit=2&{query}{next}"))).await.expect(200);
        seqs.extend(page.items().iter().map(|event| event["seq"].as_i64().unwrap()));
        let Some(cursor) = page.body["next"].as_str() else { return seqs };
        next = format!("&cursor={cursor}");
    }
}

fn matching(all: &[Value], is_wanted: impl Fn(&Value) -> bool) -> Vec<i64> {
    all.iter().filter(|event| is_wanted(event)).map(|event| event["seq"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn each_filter_finds_exactly_its_events() {
    let house = House::new().await;
    let admin = house.admin();
    let (own, by) = admin.issue(json!({ "capabilities": ["admin"], "topics": "all" })).await;
    admin.post(&admin.at("/meshes"), json!({ "slug": "side" })).await.expect(201);
    for (mesh, by) in [("main", &by), ("side", &admin), ("main", &admin), ("side", &by)] {
        let key = by.issue(json!({ "mesh": mesh, "capabilities": ["read"], "topics": "all" })).await.0;
        by.act(&by.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    }
    let all = admin.get(&admin.at("/audit?limit=200")).await.expect(200);
    let all = all.items();
    let main = all.iter().find(|event| event["action"] == "mesh.created" && event["after"]["slug"] == "main").unwrap();
    let (main, one) = (main["subject"]["id"].clone(), all[3]["subject"]["id"].as_str().unwrap());
    let at = all[4]["at"].as_str().unwrap();
    let cases: Vec<(String, Vec<i64>)> = vec![
        (String::new(), matching(all, |_| true)),
        (format!("actor={}", id(&own)), matching(all, |event| event["actor"]["id"] == own["id"])),
        ("actor=local".to_owned(), matching(all, |event| event["actor"]["kind"] == "local")),
        ("action=key.revoked".to_owned(), matching(all, |event| event["action"] == "key.revoked")),
        (format!("subject={one}"), matching(all, |event| event["subject"]["id"] == one)),
        ("mesh=main".to_owned(), matching(all, |event| event["mesh"] == main)),
        (format!("since={at}"), matching(all, |event| event["seq"].as_i64() >= all[4]["seq"].as_i64())),
        (format!("until={at}"), matching(all, |event| event["seq"].as_i64() < all[4]["seq"].as_i64())),
        (
            format!("mesh=main&action=key.issued&actor={}", id(&own)),
            matching(all, |event| {
                event["mesh"] == main && event["action"] == "key.issued" && event["actor"]["id"] == own["id"]
            }),
        ),
    ];
    for (query, expected) in cases {
        assert!(!expected.is_empty(), "{query} finds nothing: nothing is proved");
        assert_eq!(seqs(&admin, &query).await, expected, "{query}");
    }
    for bad in ["actor=x", "action=key.eaten", "since=yesterday", "until=1", "mesh=nowhere"] {
        admin.get(&admin.at(&format!("/audit?{bad}"))).await.problem(422, "invalid_input");
    }
    let meshs = admin.issue(json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" })).await.1;
    let seen = seqs(&meshs, "").await;
    assert_eq!(seen[1..], matching(all, |event| event["mesh"] == main));
    meshs.get(&meshs.at("/audit?mesh=side")).await.problem(422, "invalid_input");
}

// K-15, L-14
#[tokio::test]
async fn no_event_holds_a_secret_a_hint_or_a_hash() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, old) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    let path = admin.at(&format!("/keys/{}", id(&key)));
    let new = admin.act(&format!("{path}/rotate")).await.expect(200).body;
    admin.act(&format!("{path}/revoke")).await.expect(200);
    let db = house.sql("superuser").await;
    let events =
        texts(&db, "SELECT id, action, subject_id, before, after, convert_from(canonical, 'UTF8') FROM audit_events")
            .await;
    let events = events.join("\n");
    for secret in [old.secret(), new["secret"].as_str().unwrap()] {
        assert!(!events.contains(&secret[5..13]), "the body of a secret, or its hint");
        let hash = secret.parse::<meshkey::domain::Secret>().ok().unwrap().hash();
        let hex = hex(hash.as_bytes());
        assert!(!events.contains(&hex));
    }
}
