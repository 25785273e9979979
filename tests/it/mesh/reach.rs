//! Listings show what the key reaches; what is archived is read, and changed no more.

use serde_json::json;

use crate::{
    client::{Answer, Client},
    house::House,
};

async fn names(by: &Client, path: &str) -> Vec<String> {
    let (mut names, mut next) = (Vec::new(), String::new());
    loop {
        let page: Answer = by.get(&format!("{path}?limit=2{next}")).await.expect(200);
        names.extend(page.items().iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page.body["next"].as_str() else { return names };
        next = format!("&cursor={cursor}");
    }
}

// G-2, G-3, G-4, P-4
#[tokio::test]
async fn a_listing_shows_what_the_key_reaches_on_however_many_pages() {
    let house = House::new().await;
    let admin = house.admin();
    for name in ["ci", "ci.", "ci.a", "ci.b", "ci.c.d", "cj", "d", "e", "f"] {
        admin.post(&admin.at("/meshes/main/topics"), json!({ "name": name })).await.expect(201);
    }
    let cases = [
        (json!("all"), vec!["ci", "ci.", "ci.a", "ci.b", "ci.c.d", "cj", "d", "deploys", "e", "f", "secrets"]),
        (json!(["ci.*"]), vec!["ci.a", "ci.b", "ci.c.d"]),
        (json!(["ci*"]), vec!["ci.", "ci.a", "ci.b", "ci.c.d"]),
        (json!(["d", "secrets"]), vec!["d", "secrets"]),
        (json!(["d*"]), vec!["deploys"]),
        (json!(["nowhere.*"]), vec![]),
    ];
    for (topics, expected) in cases {
        for wish in [json!({ "mesh": "main" }), json!({})] {
            let mut wish = wish;
            wish["capabilities"] = json!(["read"]);
            wish["topics"] = topics.clone();
            let reader = admin.issue(wish).await.1;
            assert_eq!(names(&reader, "/v1/meshes/main/topics").await, expected, "{topics}");
        }
        let manager = admin.issue(json!({ "capabilities": ["admin"], "topics": topics })).await.1;
        assert_eq!(names(&manager, &manager.at("/meshes/main/topics")).await, expected, "{topics}");
    }
}

// G-4, G-5, G-6
#[tokio::test]
async fn each_capability_on_the_mesh_plane_does_its_own_and_nothing_else() {
    let house = House::new().await;
    let admin = house.admin();
    let topic = "/v1/meshes/main/topics/deploys";
    for capability in ["send", "read", "state_write", "verify", "admin"] {
        let by = admin.issue(json!({ "mesh": "main", "capabilities": [capability], "topics": ["deploys"] })).await.1;
        let can = |needed: &str| capability == needed || capability == "admin";
        let state = format!("{topic}/state/{capability}");
        let tries = [
            ("send", by.post(&format!("{topic}/messages"), json!({ "body": 1 })).await),
            ("read", by.get(&format!("{topic}/messages")).await),
            ("state_write", by.put(&state, json!({ "value": 1 })).await),
            ("read", by.get(&format!("{topic}/state")).await),
            ("state_write", by.delete(&state).await),
            ("read", by.get("/v1/meshes/main/topics").await),
            ("none", by.get("/v1/meshes/main/state").await),
        ];
        for (needed, answer) in tries {
            assert_eq!(answer.status < 300, needed != "none" && can(needed), "{capability}: {answer:?}");
            assert!(answer.status < 300 || answer.status == 403, "{answer:?}");
        }
    }
}

//
#[tokio::test]
async fn an_archived_topic_is_read_and_changed_no_more() {
    let house = House::new().await;
    let admin = house.admin();
    let (topic, manage) = ("/v1/meshes/main/topics/deploys", admin.at("/meshes/main/topics/deploys"));
    admin.post(&format!("{topic}/messages"), json!({ "body": 1 })).await.expect(201);
    admin.put(&format!("{topic}/state/x"), json!({ "value": 1 })).await.expect(201);
    admin.act(&format!("{manage}/archive")).await.expect(200);
    admin.post(&format!("{topic}/messages"), json!({ "body": 2 })).await.problem(409, "topic_archived");
    admin.put(&format!("{topic}/state/x"), json!({ "value": 2 })).await.problem(409, "topic_archived");
    admin.delete(&format!("{topic}/state/x")).await.problem(409, "topic_archived");
    for rest in ["messages", "state", "state/x"] {
        admin.get(&format!("{topic}/{rest}")).await.expect(200);
    }
    for (query, expected) in [("", 2), ("?archived=true", 1), ("?archived=false", 1)] {
        let page = admin.get(&format!("/v1/meshes/main/topics{query}")).await.expect(200);
        assert_eq!(page.items().len(), expected, "{query}");
    }
    admin.act(&format!("{manage}/unarchive")).await.expect(200);
    assert_eq!(admin.post(&format!("{topic}/messages"), json!({ "body": 3 })).await.expect(201).body["seq"], 2);
}

//
#[tokio::test]
async fn in_an_archived_mesh_nothing_is_done_or_read() {
    let house = House::new().await;
    let admin = house.admin();
    let paths = ["topics", "state", "topics/deploys/messages", "topics/deploys/state"];
    admin.act(&admin.at("/meshes/main/archive")).await.expect(200);
    for path in paths {
        admin.get(&format!("/v1/meshes/main/{path}")).await.problem(403, "mesh_archived");
    }
    admin.post("/v1/meshes/main/topics/deploys/messages", json!({ "body": 1 })).await.problem(403, "mesh_archived");
    let wish = json!({ "label": "x", "mesh": "main", "capabilities": ["read"], "topics": "all" });
    admin.post(&admin.at("/keys"), wish).await.problem(422, "invalid_input");
    assert!(admin.get(&admin.at("/meshes/main")).await.expect(200).body["archived_at"].is_string());
    admin.act(&admin.at("/meshes/main/unarchive")).await.expect(200);
    for path in paths {
        admin.get(&format!("/v1/meshes/main/{path}")).await.expect(200);
    }
}
