//! State: values with versions, to be compared and set.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
};

const PLACES: [&str; 2] = ["/v1/meshes/main/state/x", "/v1/meshes/main/topics/deploys/state/x"];

async fn put(by: &Client, path: &str, condition: (&str, &str), value: &Value) -> Answer {
    by.raw("PUT", path).header(condition.0, condition.1).json(&json!({ "value": value })).send().await
}

/// Adds one under `If-Match`, until nobody was in between.
async fn increment(by: &Client, path: &str) {
    loop {
        let seen = by.get(path).await.expect(200);
        let next = json!(seen.body["value"].as_i64().unwrap() + 1);
        let answer = put(by, path, ("If-Match", &seen.etag()), &next).await;
        if answer.status == 200 {
            return;
        }
        answer.problem(412, "precondition_failed");
    }
}

#[tokio::test]
async fn twenty_increments_at_once_lose_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    for path in PLACES {
        admin.put(path, json!({ "value": 0 })).await.expect(201);
        join_all((0..20).map(|_| increment(&admin, path))).await;
        let shown = admin.get(path).await.expect(200).body;
        assert_eq!((&shown["value"], &shown["version"]), (&json!(20), &json!(21)));
    }
}

#[tokio::test]
async fn of_twenty_that_create_at_once_one_does() {
    let house = House::new().await;
    let admin = house.admin();
    for path in PLACES {
        let value = json!(1);
        let answers = join_all((0..20).map(|_| put(&admin, path, ("If-None-Match", "*"), &value))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        answers
            .iter()
            .filter(|answer| answer.status != 201)
            .for_each(|one| drop(one.problem(412, "precondition_failed")));
    }
}

#[tokio::test]
async fn a_version_goes_on_after_a_deletion() {
    let house = House::new().await;
    let admin = house.admin();
    for path in PLACES {
        admin.delete(path).await.problem(404, "not_found");
        put(&admin, path, ("If-Match", "*"), &json!(1)).await.problem(412, "precondition_failed");
        let first = admin.put(path, json!({ "value": 1 })).await.expect(201);
        assert_eq!(first.body["version"], 1);
        admin.put(path, json!({ "value": 2 })).await.expect(200);
        let stale = admin.raw("DELETE", path).header("If-Match", &first.etag()).send().await;
        stale.problem(412, "precondition_failed");
        admin.raw("DELETE", path).header("If-Match", "\"v2\"").send().await.expect(204);
        admin.get(path).await.problem(404, "not_found");
        admin.delete(path).await.problem(404, "not_found");
        let list = path.strip_suffix("/x").unwrap();
        assert!(admin.get(list).await.expect(200).items().is_empty());
        put(&admin, path, ("If-Match", &first.etag()), &json!(0)).await.problem(412, "precondition_failed");
        let again = put(&admin, path, ("If-None-Match", "*"), &json!(null)).await.expect(201).body;
        assert!(again["version"].as_i64().unwrap() > 2, "{again}");
        assert_eq!(admin.get(path).await.expect(200).body["value"], Value::Null, "null is a value");
    }
}

#[tokio::test]
async fn a_refused_change_leaves_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let db = house.sql("superuser").await;
    let before = crate::tools::dump(&db, "true").await;
    for path in PLACES {
        put(&admin, path, ("If-Match", "\"v1\""), &json!(1)).await.problem(412, "precondition_failed");
        admin.delete(path).await.problem(404, "not_found");
        put(&admin, path, ("If-None-Match", "\"v1\""), &json!(1)).await.problem(400, "invalid_request");
        admin.put(path, json!({ "value": 1, "version": 7 })).await.problem(422, "invalid_input");
        admin.put(path, json!({})).await.problem(422, "invalid_input");
    }
    assert_eq!(crate::tools::dump(&db, "true").await, before);
    for bad in ["X", "-x", "a%20b", "%00", "x%2Fy", &"x".repeat(65)] {
        let answer = admin.put(&format!("/v1/meshes/main/state/{bad}"), json!({ "value": 1 })).await;
        assert!([404, 422].contains(&answer.status), "{bad}: {answer:?}");
    }
}

#[tokio::test]
async fn the_state_of_a_topic_is_a_place_of_its_own() {
    let house = House::new().await;
    let admin = house.admin();
    for (number, path) in PLACES.iter().chain(&["/v1/meshes/main/topics/secrets/state/x"]).enumerate() {
        let body = admin.put(path, json!({ "value": number })).await.expect(201).body;
        let topic = path.split('/').nth(5).filter(|_| path.contains("topics"));
        assert_eq!(body["topic"], json!(topic));
    }
    for (number, path) in PLACES.iter().enumerate() {
        assert_eq!(admin.get(path).await.expect(200).body["value"], number);
        let page = admin.get(path.strip_suffix("/x").unwrap()).await.expect(200);
        assert_eq!(page.items().len(), 1);
    }
    let names: Vec<String> = (0..7).map(|number| format!("n{number}")).collect();
    for name in &names {
        admin.put(&format!("/v1/meshes/main/state/{name}"), json!({ "value": 1 })).await.expect(201);
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/meshes/main/state?limit=3".to_owned());
    loop {
        let page = admin.get(&path).await.expect(200);
        seen.extend(page.items().iter().map(|state| state["name"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("/v1/meshes/main/state?limit=3&cursor={next}");
    }
    assert_eq!(seen[..7], names);
}
