//! The same request again gets the first answer again, and nothing is done twice.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    tools::{count_events, dump, id, one, unsettled},
};

async fn once(by: &Client, path: &str, key: &str, body: &Value) -> Answer {
    by.raw("POST", path).header("Idempotency-Key", key).json(body).send().await
}

fn is_replay(answer: &Answer) -> bool {
    answer.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

/// What can be made once: where, how, with which status, and in which table.
async fn makings(house: &House) -> Vec<(String, Value, u16, &'static str)> {
    let admin = house.admin();
    let wish = json!({ "label": "made once", "capabilities": ["read"], "topics": "all" });
    let key = id(&admin.issue(wish.clone()).await.0);
    vec![
        (admin.at("/keys"), wish, 201, "api_keys"),
        (admin.at(&format!("/keys/{key}/rotate")), json!({ "overlap": "1h" }), 200, "key_secrets"),
        (admin.at("/meshes"), json!({ "slug": "once" }), 201, "meshes"),
        (admin.at("/meshes/main/topics"), json!({ "name": "once" }), 201, "topics"),
        (admin.at("/gates"), json!({ "mesh": "main", "name": "once", "methods": { "GET": "read" } }), 201, "gates"),
        ("/v1/meshes/main/topics/deploys/messages".to_owned(), json!({ "body": { "n": 1 } }), 201, "messages"),
    ]
}

// G-35, T-6
#[tokio::test]
async fn of_fifty_equal_posts_at_once_one_is_done_and_all_have_its_answer() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    for (path, body, status, table) in makings(&house).await {
        let count = format!("SELECT count(*) FROM {table}");
        let (before, events): (i64, i64) = (one(&db, &count).await.parse().unwrap(), count_events(&admin).await);
        let answers = join_all((0..50).map(|_| once(&admin, &path, "\"fifty\"", &body))).await;
        assert_eq!(one(&db, &count).await.parse::<i64>().unwrap(), before + 1, "{path}");
        assert_eq!(count_events(&admin).await, events + i64::from(table != "messages"), "{path}");
        let first: Vec<_> = answers.iter().filter(|answer| !is_replay(answer)).collect();
        assert_eq!(first.len(), 1, "{path}");
        let mut expected = unsettled(first[0].body.clone());
        if expected.get("secret").is_some() {
            assert!(expected["secret"].is_string(), "the first shows it");
            expected["secret"] = Value::Null;
        }
        for answer in &answers {
            assert_eq!(answer.status, status, "{answer:?}");
            let headers = |answer: &Answer| ["location", "etag"].map(|name| answer.headers.get(name).cloned());
            assert_eq!(headers(answer), headers(first[0]));
            assert!(!is_replay(answer) || unsettled(answer.body.clone()) == expected, "{answer:?}");
        }
        once(&admin, &path, "\"fifty\"", &json!({ "name": "other" })).await.expect(422);
    }
}

// G-35
#[tokio::test]
async fn another_body_is_refused_and_another_caller_or_route_is_independent() {
    let house = House::new().await;
    let (admin, other) = (house.admin(), house.admin());
    let other = other.issue(json!({ "capabilities": ["admin"], "topics": "all" })).await.1;
    let paths = ["deploys", "secrets"].map(|topic| format!("/v1/meshes/main/topics/{topic}/messages"));
    let body = json!({ "body": "x" });
    let first = once(&admin, &paths[0], "k", &body).await.expect(201);
    once(&admin, &paths[0], "k", &json!({ "body": "y" })).await.problem(422, "idempotency_key_reused");
    for (by, path) in [(&other, &paths[0]), (&admin, &paths[1])] {
        let answer = once(by, path, "k", &body).await.expect(201);
        assert!(!is_replay(&answer) && answer.body["id"] != first.body["id"]);
    }
    let by_slug = once(&admin, &paths[0], "\"k\"", &body).await.expect(201);
    assert!(is_replay(&by_slug), "quoted and bare are the same key");
}

// G-29
#[tokio::test]
async fn a_request_that_failed_leaves_no_trace_and_can_be_tried_again() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let topics = admin.at("/meshes/main/topics");
    let keys = admin.at("/keys");
    let wish = json!({ "label": "l", "mesh": "main", "capabilities": ["send"], "topics": ["later"] });
    let before = dump(&db, "true").await;
    once(&admin, &keys, "k", &wish).await.problem(422, "invalid_input");
    once(&admin, &topics, "k", &json!({ "name": "deploys" })).await.problem(409, "already_exists");
    once(
        &admin,
        &format!("{keys}?dry_run=true"),
        "k",
        &json!({ "label": "dry", "capabilities": ["read"], "topics": "all" }),
    )
    .await
    .expect(200);
    assert_eq!(dump(&db, "true").await, before);
    admin.post(&topics, json!({ "name": "later" })).await.expect(201);
    assert!(!is_replay(&once(&admin, &keys, "k", &wish).await.expect(201)));
}

// K-5
#[tokio::test]
async fn a_dead_key_gets_no_first_answer_again() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, holder) = admin.issue(json!({ "capabilities": ["send"], "topics": "all" })).await;
    let path = "/v1/meshes/main/topics/deploys/messages";
    once(&holder, path, "k", &json!({ "body": 1 })).await.expect(201);
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    once(&holder, path, "k", &json!({ "body": 1 })).await.problem(401, "invalid_token");
    let narrow = admin.issue(json!({ "capabilities": ["send"], "topics": "all" })).await;
    once(&narrow.1, path, "k", &json!({ "body": 1 })).await.expect(201);
    let edit = admin.at(&format!("/keys/{}", id(&narrow.0)));
    admin.patch(&edit, json!({ "topics": ["secrets"] }), "*").await.expect(200);
    once(&narrow.1, path, "k", &json!({ "body": 1 })).await.problem(403, "insufficient_scope");
}

#[tokio::test]
async fn after_a_day_the_same_key_is_a_new_one() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let path = "/v1/meshes/main/topics/deploys/messages";
    let first = once(&admin, path, "k", &json!({ "body": 1 })).await.expect(201);
    let age = |hours: &str| format!("UPDATE idempotency SET created_at = now() - interval '{hours}'");
    db.batch_execute(&age("23 hours 59 minutes")).await.unwrap();
    assert!(is_replay(&once(&admin, path, "k", &json!({ "body": 1 })).await));
    db.batch_execute(&age("24 hours 1 second")).await.unwrap();
    let second = once(&admin, path, "k", &json!({ "body": 2 })).await.expect(201);
    assert!(!is_replay(&second) && second.body["id"] != first.body["id"]);
    assert!(is_replay(&once(&admin, path, "k", &json!({ "body": 2 })).await));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let house = House::new().await;
    let admin = house.admin();
    let path = "/v1/meshes/main/topics/deploys/messages";
    for odd in ["", "\"\"", "\"open", "two words", "tab\tbed", &"x".repeat(256)] {
        let answer = once(&admin, path, odd, &json!({ "body": 1 })).await;
        assert!(answer.status == 400, "{odd:?}: {answer:?}");
    }
    let twice = admin.raw("POST", path).header("Idempotency-Key", "a").header("Idempotency-Key", "b");
    twice.json(&json!({ "body": 1 })).send().await.problem(400, "invalid_request");
    once(&admin, path, &"x".repeat(255), &json!({ "body": 1 })).await.expect(201);
    assert_eq!(one(&house.sql("superuser").await, "SELECT count(*) FROM messages").await, "1");
}
