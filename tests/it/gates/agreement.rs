//! A stored gate judges as `verify` does, for the requirement that it makes of the request: over keys, gates and requests that
//! nobody has chosen.

use std::collections::BTreeMap;

use meshkey::domain::{
    Gate, GateId, MeshId, OrgId,
    gate::{TopicFrom, Unruled},
    name::Description,
    path::canonical,
};
use proptest::{
    collection::{btree_map, btree_set, vec},
    option,
    prelude::*,
    sample::select,
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    tools::{eventually, id},
};

const MESHES: [&str; 2] = ["main", "other"];
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "get"];
const CAPABILITIES: [&str; 5] = ["send", "read", "state_write", "upload", "verify"];
const TOPICS: [&str; 4] = ["deploys", "secrets", "ci.web", "ci.api"];

fn keys() -> impl Strategy<Value = Value> {
    let owner = select(vec![json!(null), json!("main"), json!("other")]);
    let few = btree_set(select(CAPABILITIES.to_vec()), 1..=3).prop_map(|few| json!(few));
    let capabilities = prop_oneof![6 => few, 1 => Just(json!(["admin"]))];
    // A key of the whole org names topics of any mesh; patterns need none.
    let topics = btree_set(select(vec!["deploys", "secrets", "ci.*"]), 1..=2).prop_map(|some| json!(some));
    let topics = prop_oneof![Just(json!("all")), topics];
    (owner, capabilities, topics).prop_map(
        |(mesh, capabilities, topics)| json!({ "mesh": mesh, "capabilities": capabilities, "topics": topics }),
    )
}

fn gates() -> impl Strategy<Value = Value> {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "*"];
    let methods = btree_map(select(known.to_vec()), select(CAPABILITIES.to_vec()), 1..=4);
    let fixed = select(TOPICS.to_vec()).prop_map(|topic| json!({ "fixed": topic }));
    let segment = (1..=3).prop_map(|number| json!({ "segment": number }));
    let topic = prop_oneof![Just(json!(null)), fixed, segment];
    (select(MESHES.to_vec()), methods, topic)
        .prop_map(|(mesh, methods, topic)| json!({ "mesh": mesh, "methods": methods, "topic": topic }))
}

/// A method and a path.
fn requests() -> impl Strategy<Value = (String, String)> {
    let piece = prop_oneof![4 => select(TOPICS.to_vec()), 1 => select(vec!["x", "Deploys", "a%20b", "~"])];
    let path = (vec(piece, 0..=4), option::weighted(0.2, Just("/"))).prop_map(|(pieces, end)| {
        format!("/{}{}", pieces.join("/"), end.filter(|_| !pieces.is_empty()).unwrap_or_default())
    });
    (select(METHODS.to_vec()).prop_map(str::to_owned), path)
}

fn some<T>(many: usize, runner: &mut TestRunner, strategy: &impl Strategy<Value = T>) -> Vec<T> {
    (0..many).map(|_| strategy.new_tree(runner).unwrap().current()).collect()
}

/// The gate, as the domain has it.
fn gate(wish: &Value) -> Gate {
    Gate {
        id: GateId::new(),
        org: OrgId::new(),
        mesh: MeshId::new(),
        name: "gate".parse().unwrap(),
        description: Description::default(),
        methods: serde_json::from_value(wish["methods"].clone()).unwrap(),
        topic: serde_json::from_value::<Option<TopicFrom>>(wish["topic"].clone()).unwrap(),
        deny_429: false,
        created_at: time::OffsetDateTime::UNIX_EPOCH,
        version: 1,
    }
}

/// What `verify` says of the key for what the gate demands; or why it demands nothing.
async fn verdict(admin: &Client, key: &Client, wish: &Value, (method, path): &(String, String)) -> String {
    match gate(wish).demands(method, canonical(path).unwrap()) {
        Err(Unruled::Method) => "method_not_in_gate".to_owned(),
        Err(Unruled::Topic) => "topic_not_in_path".to_owned(),
        Ok((capability, topic)) => {
            let topic = topic.map(|topic| topic.to_string());
            let question =
                json!({ "key": key.secret(), "mesh": wish["mesh"], "capability": capability, "topic": topic });
            let answer = admin.post("/v1/verify", question).await.expect(200);
            answer.body["code"].as_str().unwrap().to_owned()
        }
    }
}

/// Asks as nginx does, until it was decided; over the connection over which `verify` is asked.
async fn passing(key: &Client, stored: &str, (method, path): &(String, String)) -> Answer {
    eventually("a decision", async || {
        let request = key.raw("GET", &format!("/v1/forward-auth/nginx/{stored}"));
        let said = request.header("X-Original-Method", method).header("X-Original-URI", path).send().await;
        (said.status != 503).then_some(said)
    })
    .await
}

/// What was said in a word: `ok`, or the denial, or the code.
fn word(said: &Answer) -> String {
    if said.status == 200 {
        return "ok".to_owned();
    }
    said.body["denial"].as_str().or(said.body["code"].as_str()).unwrap().to_owned()
}

#[tokio::test]
async fn a_stored_gate_says_what_verify_says_of_its_demand() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    for topic in ["deploys", "secrets"] {
        admin.post(&admin.at("/meshes/other/topics"), json!({ "name": topic })).await.expect(201);
    }
    admin.post(&admin.at("/capabilities"), json!({ "name": "upload" })).await.expect(201);
    let mut runner = TestRunner::deterministic();
    let mut holders = Vec::new();
    for wish in some(16, &mut runner, &keys()) {
        holders.push((wish["mesh"].clone(), admin.issue(wish.clone()).await.1));
    }
    let mut counts = BTreeMap::<String, u64>::new();
    for (number, wish) in some(12, &mut runner, &gates()).into_iter().enumerate() {
        let mut new = wish.clone();
        new["name"] = json!(format!("gate-{number}"));
        let stored = id(&admin.post(&admin.at("/gates"), new).await.expect(201).body);
        for request in some(8, &mut runner, &requests()) {
            for (mesh, key) in &holders {
                // To a key of another mesh the gate says nothing else.
                let is_elsewhere = !mesh.is_null() && *mesh != wish["mesh"];
                let wanted =
                    if is_elsewhere { "wrong_mesh".to_owned() } else { verdict(&admin, key, &wish, &request).await };
                let said = passing(key, &stored, &request).await;
                assert_eq!(word(&said), wanted, "{wish} {request:?}: {said:?}");
                *counts.entry(wanted).or_default() += 1;
            }
        }
    }
    let kinds: Vec<_> = counts.keys().map(String::as_str).collect();
    let all =
        ["capability_missing", "method_not_in_gate", "ok", "topic_not_in_path", "topic_out_of_scope", "wrong_mesh"];
    assert_eq!(kinds, all, "{counts:?}");
}
