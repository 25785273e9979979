//! Every door, one rule: over random keys and random questions the guard of our own routes, `verify`, `introspect`,
//! `forward-auth` and the guard within another's process answer what a small oracle says, which knows nothing of our code.

mod oracle;

use meshkey::{Guard, Requirement};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::json;

use self::oracle::{Key, Wanted, says};
use crate::{
    client::{Answer, Client},
    guard::{code, guard},
    house::House,
    tools::{id, until_heard},
};

const KEYS: usize = 40;
const MESHES: [Option<&str>; 3] = [None, Some("main"), Some("other")];
const CAPABILITIES: [&str; 5] = ["send", "read", "state_write", "verify", "issue_view"];
const TOPICS: [Option<&str>; 3] = [None, Some("deploys"), Some("secrets")];

/// Any key that an admin may issue.
fn keys() -> impl Strategy<Value = Key> {
    let capabilities = ["send", "read", "state_write", "admin", "verify", "issue_view"];
    let capabilities = proptest::sample::subsequence(capabilities.to_vec(), 1..=3);
    let topics: Vec<&[&str]> = vec![&[], &[], &["deploys"], &["s*"], &["dep*", "secrets"]];
    let addresses: Vec<&[&str]> = vec![&[], &[], &[], &["127.0.0.0/8"], &["192.0.2.0/24"]];
    let ends = vec![None, None, None, None, None, None, Some("disable"), Some("revoke"), Some("expire")];
    let (topics, addresses) = (proptest::sample::select(topics), proptest::sample::select(addresses));
    let (mesh, end) = (proptest::sample::select(MESHES.to_vec()), proptest::sample::select(ends));
    (mesh, capabilities, topics, addresses, end).prop_map(|(mesh, capabilities, topics, addresses, end)| Key {
        mesh,
        capabilities,
        topics,
        addresses,
        end,
    })
}

fn questions() -> Vec<Wanted> {
    let all = MESHES.into_iter().flat_map(|mesh| TOPICS.map(|topic| (mesh, topic)));
    all.flat_map(|(mesh, topic)| CAPABILITIES.map(|capability| Wanted { mesh, capability, topic })).collect()
}

async fn issued(house: &House, admin: &Client, key: &Key) -> Client {
    let topics = if key.topics.is_empty() { json!("all") } else { json!(key.topics) };
    let mut wish = json!({ "capabilities": key.capabilities, "topics": topics, "mesh": key.mesh, "label": "any" });
    if !key.addresses.is_empty() {
        wish["addresses"] = json!(key.addresses);
    }
    let (made, holder) = admin.issue(wish).await;
    match key.end {
        Some("expire") => {
            let db = house.sql("superuser").await;
            let id: meshkey::domain::KeyId = id(&made).parse().unwrap();
            let end = "UPDATE api_keys SET expires_at = clock_timestamp() WHERE id = $1";
            db.execute(end, &[&id.uuid()]).await.unwrap();
            until_heard(&db).await;
        }
        Some(verb) => drop(admin.act(&admin.at(&format!("/keys/{}/{verb}", id(&made)))).await.expect(200)),
        None => {}
    }
    holder
}

/// What our own routes say to a bearer, as the oracle's word for it; nothing where no route demands just this.
async fn own_routes(key: &Client, wanted: &Wanted) -> Option<String> {
    let mesh = wanted.mesh?;
    let answer = match (wanted.capability, wanted.topic) {
        ("read", Some(topic)) => key.get(&format!("/v1/meshes/{mesh}/topics/{topic}/messages")).await,
        ("send", Some(topic)) => {
            key.post(&format!("/v1/meshes/{mesh}/topics/{topic}/messages"), json!({ "body": 1 })).await
        }
        ("read", None) => key.get(&format!("/v1/meshes/{mesh}/state")).await,
        ("state_write", None) => key.put(&format!("/v1/meshes/{mesh}/state/x"), json!({ "value": 1 })).await,
        ("state_write", Some(topic)) => {
            key.put(&format!("/v1/meshes/{mesh}/topics/{topic}/state/x"), json!({ "value": 1 })).await
        }
        _ => return None,
    };
    Some(word(&answer))
}

/// What a bearer is told, as one word.
fn word(answer: &Answer) -> String {
    match (answer.status, answer.body["denial"].as_str()) {
        (200..=299, _) => "ok".to_owned(),
        (401, _) => "not accepted".to_owned(),
        (404, _) => "wrong_mesh".to_owned(),
        (403, Some(denial)) => denial.to_owned(),
        (403, None) => answer.body["code"].as_str().unwrap().to_owned(),
        other => panic!("{other:?}: {answer:?}"),
    }
}

/// The same for who is told no more than a bearer.
fn of_bearer(code: &str) -> &str {
    if ["unknown_key", "revoked", "expired", "disabled"].contains(&code) { "not accepted" } else { code }
}

fn requirement(wanted: &Wanted, address: &str) -> Requirement {
    let mut asked = Requirement::may(wanted.capability).from_address(address.parse().unwrap());
    if let Some(mesh) = wanted.mesh {
        asked = asked.in_mesh(mesh);
    }
    wanted.topic.map_or(asked.clone(), |topic| asked.on(topic))
}

/// What each door says, by its name.
async fn every_door(
    (asker, guard): (&Client, &Guard),
    key: &Client,
    wanted: &Wanted,
    address: Option<&str>,
) -> Vec<(&'static str, String, bool)> {
    let Wanted { mesh, capability, topic } = wanted;
    let question =
        json!({ "key": key.secret(), "capability": capability, "mesh": mesh, "topic": topic, "ip": address });
    let verdict = asker.post("/v1/verify", question).await.expect(200).body;
    let mut said = vec![("verify", verdict["code"].as_str().unwrap().to_owned(), true)];
    if let Some(address) = address {
        let told = code(guard, key.secret(), &requirement(wanted, address)).await;
        said.push(("within a process", told.to_owned(), true));
        if address == "127.0.0.1" {
            said.extend(own_routes(key, wanted).await.map(|word| ("our own routes", word, false)));
        }
    } else {
        let places = [("mesh", *mesh), ("topic", *topic)].into_iter();
        let places = places.filter_map(|(name, value)| Some((name, value?)));
        let pairs: Vec<_> = [("token", key.secret()), ("capability", capability)].into_iter().chain(places).collect();
        let told = asker.form("/v1/introspect", &pairs).await.expect(200).body;
        assert_eq!(told["active"], verdict["allowed"], "introspect: {wanted:?}: {verdict}");
    }
    if let (Some(mesh), None) = (mesh, address) {
        let topic = topic.map_or_else(String::new, |topic| format!("/{topic}"));
        let gate = format!("/v1/forward-auth/skipper/mesh/acme/{mesh}/{capability}{topic}");
        said.push(("forward-auth", word(&key.get(&gate).await), false));
    }
    said
}

#[tokio::test]
async fn every_door_answers_what_the_oracle_says() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    for topic in ["deploys", "secrets"] {
        admin.post(&admin.at("/meshes/other/topics"), json!({ "name": topic })).await.expect(201);
    }
    admin.post(&admin.at("/capabilities"), json!({ "name": "issue_view" })).await.expect(201);
    let asker = admin.issue(json!({ "capabilities": ["verify"], "topics": "all" })).await.1;
    let guard = guard(&house).await;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut seen = std::collections::BTreeMap::<String, u64>::new();
    for number in 0..KEYS {
        let key = keys().new_tree(&mut runner).unwrap().current();
        let holder = issued(&house, &admin, &key).await;
        let address = [None, Some("127.0.0.1"), Some("192.0.2.7")][number % 3];
        for wanted in questions() {
            let expected = says(&key, &wanted, address);
            for (door, told, is_in_full) in every_door((&asker, &guard), &holder, &wanted, address).await {
                let expected = if is_in_full { expected } else { of_bearer(expected) };
                assert_eq!(told, expected, "{door}: {key:?} {wanted:?} from {address:?}");
            }
            *seen.entry(expected.to_owned()).or_default() += 1;
        }
    }
    let kinds: Vec<&str> = seen.keys().map(String::as_str).collect();
    let all = [
        "capability_missing",
        "disabled",
        "expired",
        "ip_not_allowed",
        "ok",
        "revoked",
        "topic_out_of_scope",
        "wrong_mesh",
    ];
    assert_eq!(kinds, all, "{seen:?}");
}

#[test]
fn the_oracle_knows_what_it_says() {
    let key = Key { mesh: Some("main"), capabilities: vec!["send"], topics: &["dep*"], addresses: &[], end: None };
    let wanted = |mesh, capability, topic| Wanted { mesh, capability, topic };
    for (wanted, told) in [
        (wanted(Some("main"), "send", Some("deploys")), "ok"),
        (wanted(Some("main"), "send", None), "topic_out_of_scope"),
        (wanted(Some("main"), "read", Some("deploys")), "capability_missing"),
        (wanted(Some("other"), "send", Some("deploys")), "wrong_mesh"),
        (wanted(None, "send", Some("deploys")), "wrong_mesh"),
    ] {
        assert_eq!(says(&key, &wanted, None), told);
    }
}
