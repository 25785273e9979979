//! A key that is confined to topics does nothing elsewhere: `x-reach` says for each operation what that means.

use serde_json::{Value, json};

use super::scene::{Call, Scene};
use crate::{
    client::{Answer, Client},
    promise::{Operation, PROMISE},
};

/// The operations that ask nothing of a place and show, or allow, only what the key reaches: what each does for a key
/// that is confined to `secrets` when it is asked about `deploys`.
fn ensure_only_what_is_covered(operation: &Operation, answer: &Answer, target: &str) {
    match operation.id.as_str() {
        "showOrg" | "listMeshes" | "showMesh" | "listCapabilities" | "showCapability" | "whoAmI" | "explainKey"
        | "showPolicy" | "showMeshPolicy" => {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        "openSocket" => assert_eq!(answer.status, 101, "{answer:?}"),
        "giveTicket" => assert_eq!(answer.status, 201, "{answer:?}"),
        "listPeers" => assert_eq!(answer.items(), [] as [Value; 0]),
        "listTopics" | "readTopics" => assert_eq!(names(answer), ["secrets"]),
        "listKeys" => assert!(answer.items().iter().all(|key| key["id"] != target), "{answer:?}"),
        "createTopic" | "verifyKey" | "verifyKeys" => ensure_the_topic_is_named(answer),
        "issueKey" => drop(answer.problem(403, "exceeds_authority")),
        _ if operation.names("key") => drop(answer.problem(404, "not_found")),
        unknown => panic!("say what {unknown} means for a key that is confined to topics"),
    }
}

#[track_caller]
fn ensure_the_topic_is_named(answer: &Answer) {
    let problem = answer.problem(403, "insufficient_scope");
    assert_eq!(problem["denial"], "topic_out_of_scope", "{answer:?}");
}

fn names(answer: &Answer) -> Vec<&Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.items().iter().map(|item| &item["name"]).collect()
}

/// What the key asks, and about which key.
async fn asked(scene: &Scene, operation: &Operation) -> (Call, String) {
    let place = scene.place(operation).await;
    (Call::new(operation, &place), place.key)
}

async fn confined(scene: &Scene, operation: &Operation) -> Client {
    scene.org_holder(&[operation.capability().unwrap_or("read")], json!(["secrets"])).await
}

// G-2, G-3, G-4, A-10, P-5
#[tokio::test]
async fn a_key_confined_to_another_topic_is_refused_or_sees_only_its_own() {
    let scene = Scene::new().await;
    for operation in PROMISE.guarded() {
        let holder = confined(&scene, operation).await;
        let (call, target) = asked(&scene, operation).await;
        let answer = call.by(&holder).await;
        if operation.reach == "within" && !operation.topics_all || operation.reach.is_empty() {
            ensure_only_what_is_covered(operation, &answer, &target);
        } else {
            ensure_the_topic_is_named(&answer);
        }
    }
}

// G-5, A-11
#[tokio::test]
async fn a_key_confined_to_a_topic_does_there_what_it_may() {
    let scene = Scene::new().await;
    for operation in PROMISE.guarded().filter(|operation| operation.reach == "topic") {
        let place = scene.place(operation).await;
        let topic = json!([format!("#{}", place.topic)]);
        let holder = scene.holder(&[operation.capability().unwrap()], topic).await;
        Call::new(operation, &place).succeeds_by(&holder).await;
    }
}

// P-4
#[tokio::test]
async fn a_prefix_reaches_what_begins_so_and_is_longer() {
    let scene = Scene::new().await;
    let admin = scene.holder(&["admin"], json!(["ci.*"])).await;
    let topics = admin.at("/meshes/main/topics");
    for (name, status) in [("ci.web", 201), ("ci.", 403), ("ci", 403), ("cix", 403)] {
        admin.post(&topics, json!({ "name": name })).await.expect(status);
    }
}
