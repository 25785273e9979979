//! The life of a gate, to the letter.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::made;
use crate::{
    client::{Answer, Client},
    house::House,
    tools::{id, unsettled, until_waiting},
};

async fn newest_event(admin: &Client) -> Value {
    admin.get(&admin.at("/audit?limit=1")).await.expect(200).items()[0].clone()
}

#[tokio::test]
async fn a_gate_is_made_shown_changed_and_deleted() {
    let house = House::new().await;
    let (admin, acme) = (house.admin(), house.acme());
    let all = admin.at("/gates");
    let wish = json!({ "mesh": "main", "name": "reports", "methods": { "POST": "send", "GET": "read" }, "topic": { "segment": 2 } });
    let answer = admin.post(&all, wish).await.expect(201);
    let (place, gate) = (answer.header("location").to_owned(), answer.body.clone());
    assert_eq!(place, format!("/v1/orgs/{}/gates/{}", acme.id, id(&gate)));
    let mut whole = json!({
        "id": gate["id"], "org": acme.id, "mesh": acme.mesh, "name": "reports", "description": "",
        "methods": { "GET": "read", "POST": "send" }, "topic": { "segment": 2 }, "deny_429": false,
        "created_at": gate["created_at"], "version": 1,
    });
    assert_eq!((&gate, answer.etag()), (&whole, "\"v1\"".to_owned()));
    for named in [place.clone(), admin.at("/gates/reports")] {
        let shown = admin.get(&named).await.expect(200);
        assert_eq!((&shown.body, shown.etag()), (&whole, "\"v1\"".to_owned()));
    }
    let event = newest_event(&admin).await;
    let facts = json!({
        "name": "reports", "description": "", "methods": { "GET": "read", "POST": "send" }, "topic": { "segment": 2 },
        "deny_429": false,
    });
    assert_eq!((&event["action"], &event["before"], &event["after"]), (&json!("gate.created"), &Value::Null, &facts));
    assert_eq!((&event["subject"]["id"], &event["mesh"]), (&gate["id"], &gate["mesh"]));

    let patch =
        json!({ "methods": { "POST": null, "*": "admin" }, "topic": { "fixed": "#deploys" }, "deny_429": true });
    let changed = admin.patch(&place, patch, "\"v1\"").await.expect(200);
    assert_eq!(changed.body["effective"], "everywhere");
    for (member, value) in [
        ("methods", json!({ "GET": "read", "*": "admin" })),
        ("topic", json!({ "fixed": "deploys" })),
        ("deny_429", json!(true)),
        ("version", json!(2)),
    ] {
        whole[member] = value;
    }
    assert_eq!((unsettled(changed.body.clone()), changed.etag()), (whole.clone(), "\"v2\"".to_owned()));
    let event = newest_event(&admin).await;
    let told =
        |methods: Value, topic: Value, deny: bool| json!({ "methods": methods, "topic": topic, "deny_429": deny });
    assert_eq!(event["action"], "gate.edited");
    assert_eq!(event["before"], told(json!({ "GET": "read", "POST": "send" }), json!({ "segment": 2 }), false));
    assert_eq!(event["after"], told(json!({ "GET": "read", "*": "admin" }), json!({ "fixed": "deploys" }), true));

    admin.patch(&place, json!({ "name": "x" }), "\"v1\"").await.problem(412, "precondition_failed");
    let cleared =
        admin.patch(&place, json!({ "topic": null, "name": "all", "description": "All" }), "\"v2\"").await.expect(200);
    assert_eq!((&cleared.body["topic"], &cleared.body["name"]), (&Value::Null, &json!("all")));
    let same = admin.patch(&place, json!({ "methods": {} }), "\"v3\"").await.expect(200);
    assert_eq!((&same.body["version"], &same.body["effective"]), (&json!(3), &json!("everywhere")));

    let deleted = admin.delete(&place).await.expect(200);
    assert_eq!(deleted.body["effective"], "everywhere");
    assert_eq!(unsettled(deleted.body.clone()), unsettled(same.body.clone()));
    assert_eq!(newest_event(&admin).await["action"], "gate.deleted");
    for gone in [admin.get(&place).await, admin.delete(&place).await, admin.patch(&place, json!({}), "*").await] {
        gone.problem(404, "not_found");
    }
}

#[tokio::test]
async fn gates_are_listed_by_name_in_pages() {
    let house = House::new().await;
    let admin = house.admin();
    for name in ["c", "a", "b"] {
        made(&admin, name, json!({ "GET": "read" }), Value::Null).await;
    }
    let all = admin.at("/gates");
    let names = |answer: &Answer| answer.items().iter().map(|gate| gate["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&admin.get(&all).await.expect(200)), ["a", "b", "c"]);
    let first = admin.get(&format!("{all}?limit=2")).await.expect(200);
    assert_eq!(names(&first), ["a", "b"]);
    let rest = admin.get(&format!("{all}?limit=2&cursor={}", first.body["next"].as_str().unwrap())).await.expect(200);
    assert_eq!((names(&rest), rest.body.get("next")), (vec![json!("c")], None));
    let cursor = first.body["next"].as_str().unwrap();
    admin.get(&admin.at(&format!("/capabilities?cursor={cursor}"))).await.problem(400, "invalid_cursor");
}

#[tokio::test]
async fn what_is_no_gate_is_refused_where_it_is_wrong() {
    let house = House::new().await;
    let admin = house.admin();
    let (all, sound) = (admin.at("/gates"), json!({ "mesh": "main", "name": "gate", "methods": { "GET": "read" } }));
    for (member, value, pointer) in [
        ("mesh", json!("nowhere"), "#/mesh"),
        ("name", json!("Gate"), "#/name"),
        ("methods", json!({}), "#/methods"),
        ("methods", json!({ "get": "read" }), "#/methods"),
        ("methods", json!({ "TRACE": "read" }), "#/methods"),
        ("methods", json!({ "GET": "raed" }), "#/methods"),
        ("methods", json!({ "GET": "Read" }), "#/methods/GET"),
        ("methods", json!({ "GET": null }), "#/methods/GET"),
        ("methods", json!(["GET"]), "#/methods"),
        ("topic", json!("deploys"), "#/topic"),
        ("topic", json!({}), "#/topic"),
        ("topic", json!({ "fixed": "ci.*" }), "#/topic"),
        ("topic", json!({ "segment": 0 }), "#/topic"),
        ("topic", json!({ "segment": 33 }), "#/topic"),
        ("topic", json!({ "fixed": "deploys", "segment": 2 }), "#/topic"),
        ("deny_429", json!("yes"), "#/deny_429"),
        ("org", json!("acme"), "#/org"),
    ] {
        let mut wish = sound.clone();
        wish[member] = value.clone();
        let problem = admin.post(&all, wish).await.problem(422, "invalid_input");
        let named = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(named.starts_with(pointer), "{member} {value}: {problem}");
    }
    let twice = r#"{"mesh": "main", "name": "gate", "methods": {"GET": "read", "GET": "send"}}"#;
    let problem = admin.raw("POST", &all).body("application/json", twice).send().await.problem(422, "invalid_input");
    assert_eq!(problem["detail"], "GET is there twice");
    let gate = admin.post(&all, sound.clone()).await.expect(201);
    admin.post(&all, sound).await.problem(409, "already_exists");
    made(&admin, "other", json!({ "GET": "read" }), Value::Null).await;
    let place = gate.header("location");
    admin.patch(place, json!({ "name": "other" }), "*").await.problem(409, "already_exists");
    let problem = admin.patch(place, json!({ "methods": { "GET": null } }), "*").await.problem(422, "invalid_input");
    assert_eq!(problem["errors"][0]["pointer"], "#/methods");
    admin.patch(place, json!({ "methods": { "GET": "uplaod" } }), "*").await.problem(422, "invalid_input");
    admin.patch(place, json!({ "mesh": "main" }), "*").await.problem(422, "invalid_input");
    assert_eq!(admin.get(place).await.expect(200).body, gate.body);
}

#[tokio::test]
async fn a_hundred_are_all_even_if_many_are_made_at_once() {
    let house = House::new().await;
    let admin = house.admin();
    for number in 0..96 {
        made(&admin, &format!("gate-{number}"), json!({ "GET": "read" }), Value::Null).await;
    }
    let wishes = (96..106)
        .map(|number| json!({ "mesh": "main", "name": format!("gate-{number}"), "methods": { "GET": "read" } }));
    let all = admin.at("/gates");
    let answers = join_all(wishes.map(|wish| admin.post(&all, wish))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 4);
    for answer in refused {
        answer.problem(409, "gate_limit_reached");
    }
    admin.delete(&admin.at("/gates/gate-0")).await.expect(200);
    super::made(&admin, "one-more", json!({ "GET": "read" }), Value::Null).await;
}

#[tokio::test]
async fn a_capability_that_a_gate_demands_is_not_retired() {
    let house = House::new().await;
    let admin = house.admin();
    let (declared, retire) = (admin.at("/capabilities"), admin.at("/capabilities/upload/retire"));
    admin.post(&declared, json!({ "name": "upload" })).await.expect(201);
    let gate = made(&admin, "files", json!({ "GET": "read", "PUT": "upload" }), Value::Null).await;
    let problem = admin.act(&retire).await.problem(409, "capability_in_use");
    assert_eq!(problem["detail"], "a gate demands the capability: change or delete that gate first");
    admin.patch(&admin.at("/gates/files"), json!({ "methods": { "PUT": "send" } }), "*").await.expect(200);
    admin.act(&retire).await.expect(200);
    let back = json!({ "methods": { "PUT": "upload" } });
    let path = admin.at(&format!("/gates/{gate}"));
    let problem = admin.patch(&path, back, "*").await.problem(422, "invalid_input");
    assert_eq!(problem["errors"][0]["pointer"], "#/methods");
}

/// Asks for something while somebody else holds the row of a capability in this way: it waits until that one is done.
async fn waits(house: &House, lock: &str, asking: impl Future<Output = Answer>) -> Answer {
    let (holder, watcher) = (house.sql("superuser").await, house.sql("superuser").await);
    holder.batch_execute(&format!("BEGIN; SELECT FROM capabilities FOR {lock}")).await.unwrap();
    let release = async {
        until_waiting(&watcher, 1).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    tokio::join!(asking, release).0
}

#[tokio::test]
async fn who_lets_a_gate_demand_a_capability_waits_for_who_retires_it() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/capabilities"), json!({ "name": "upload" })).await.expect(201);
    let wish = json!({ "mesh": "main", "name": "files", "methods": { "PUT": "upload" } });
    waits(&house, "UPDATE", admin.post(&admin.at("/gates"), wish)).await.expect(201);
    let more = json!({ "methods": { "POST": "upload" } });
    waits(&house, "UPDATE", admin.patch(&admin.at("/gates/files"), more, "*")).await.expect(200);
    let retire = admin.at("/capabilities/upload/retire");
    waits(&house, "KEY SHARE", admin.act(&retire)).await.problem(409, "capability_in_use");
}
