//! With a requirement, introspection and verify are one judgement.

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRng, TestRunner},
};
use serde_json::{Value, json};

use super::{Scene, introspect};
use crate::client::Client;

const CAPABILITIES: [&str; 5] = ["send", "read", "state_write", "admin", "verify"];
const MESHES: [Option<&str>; 3] = [None, Some("main"), Some("other")];
const TOPICS: [Option<&str>; 3] = [None, Some("deploys"), Some("secrets")];
const KEYS: usize = 24;

/// What a key is to hold, and what is to become of it.
fn keys() -> impl Strategy<Value = (Value, Option<&'static str>)> {
    let capabilities = proptest::sample::subsequence(CAPABILITIES.to_vec(), 1..=2);
    let topics =
        proptest::sample::select(vec![json!("all"), json!(["deploys"]), json!(["s*"]), json!(["d*", "secrets"])]);
    let addresses = proptest::sample::select(vec![json!(null), json!(null), json!(["127.0.0.0/8"])]);
    let mesh = proptest::sample::select(MESHES.to_vec());
    let end = proptest::sample::select(vec![None, None, None, Some("disable"), Some("revoke"), Some("rotate")]);
    (capabilities, topics, addresses, mesh, end).prop_map(|(capabilities, topics, addresses, mesh, end)| {
        let topics = if mesh == Some("other") { json!("all") } else { topics };
        let mut key = json!({ "capabilities": capabilities, "topics": topics, "mesh": mesh });
        if !addresses.is_null() {
            key["addresses"] = addresses;
        }
        (key, end)
    })
}

async fn verify(asker: &Client, key: &str, (capability, mesh, topic): (&str, Option<&str>, Option<&str>)) -> bool {
    let question = json!({ "key": key, "capability": capability, "mesh": mesh, "topic": topic });
    asker.post("/v1/verify", question).await.expect(200).body["allowed"] == true
}

#[tokio::test]
async fn introspection_of_a_requirement_agrees_with_verify() {
    let scene = Scene::new().await;
    let rng = TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut allowed, mut denied) = (0, 0);
    for _ in 0..KEYS {
        let (wanted, end) = keys().new_tree(&mut runner).unwrap().current();
        let (issued, key) = scene.admin.issue(wanted.clone()).await;
        if let Some(verb) = end {
            scene.act(issued["id"].as_str().unwrap(), verb).await;
        }
        for capability in CAPABILITIES {
            for (mesh, topic) in MESHES.into_iter().flat_map(|mesh| TOPICS.map(|topic| (mesh, topic))) {
                let more = [("mesh", mesh), ("topic", topic)];
                let pairs = [("token", key.secret()), ("capability", capability)].into_iter();
                let pairs: Vec<_> =
                    pairs.chain(more.into_iter().filter_map(|(name, value)| Some((name, value?)))).collect();
                let told = scene.asker.form("/v1/introspect", &pairs).await.expect(200).body;
                let may = verify(&scene.asker, key.secret(), (capability, mesh, topic)).await;
                assert_eq!(told["active"], may, "{wanted} {end:?}: {capability} in {mesh:?} on {topic:?}");
                *(if may { &mut allowed } else { &mut denied }) += 1;
                // What may do something is good, asked without a requirement.
                assert!(!may || introspect(&scene.asker, key.secret()).await.body["active"] == true);
            }
        }
    }
    assert!(allowed > 50 && denied > 50, "nothing is compared: {allowed} and {denied}");
}
