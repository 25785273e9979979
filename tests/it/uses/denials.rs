//! What was denied lately, and why: the latest, and each once.

use serde_json::{Value, json};

use super::{ask_about, asker, key};
use crate::{client::Client, forward::at_gate, house::House};

async fn denials(house: &House, by: &Client, key: &str) -> Vec<Value> {
    house.flush_uses().await;
    by.get(&by.at(&format!("/keys/{key}/denials"))).await.expect(200).items().to_vec()
}

#[tokio::test]
async fn a_denial_is_told_with_its_reason_and_the_same_again_is_counted() {
    let house = House::new().await;
    let admin = house.admin();
    let asker = asker(&admin).await;
    let (id, holder) = key(&admin, json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] })).await;
    assert_eq!(denials(&house, &admin, &id).await, Vec::<Value>::new());
    let question =
        json!({ "key": holder.secret(), "capability": "send", "mesh": "main", "topic": "secrets", "ip": "192.0.2.7" });
    for _ in 0..2 {
        asker.post("/v1/verify", question.clone()).await.expect(200);
    }
    house.flush_uses().await;
    asker.post("/v1/verify", question).await.expect(200);
    holder.get("/v1/meshes/main/topics/deploys/messages").await.problem(403, "insufficient_scope");
    let told = denials(&house, &admin, &id).await;
    let of = |denial: &Value, names: &[&str]| names.iter().map(|name| denial[*name].clone()).collect::<Vec<_>>();
    let names = ["code", "capability", "topic", "door", "address", "count"];
    assert_eq!(told.len(), 2, "{told:?}");
    let latest = ["capability_missing", "read", "deploys", "guard", "127.0.0.1"].map(|text| json!(text));
    assert_eq!(of(&told[0], &names), [&latest[..], &[json!(1)]].concat());
    let first = ["topic_out_of_scope", "send", "secrets", "verify", "192.0.2.7"].map(|text| json!(text));
    assert_eq!(of(&told[1], &names), [&first[..], &[json!(3)]].concat());
    assert_eq!(told[1]["detail"], "this key does not reach the topic 'secrets'");
    assert!(told[1]["first_at"].as_str() < told[1]["at"].as_str(), "{told:?}");
    // Whoever holds the key may look at itself, and at no other.
    assert_eq!(denials(&house, &holder, &id).await.len(), 2);
    let (other, _) = key(&admin, json!({ "capabilities": ["read"], "topics": "all" })).await;
    holder.get(&holder.at(&format!("/keys/{other}/denials"))).await.problem(403, "insufficient_scope");
    admin.act(&admin.at(&format!("/keys/{id}/revoke"))).await.expect(200);
    holder.get("/v1/whoami").await.expect(401);
    assert_eq!(denials(&house, &admin, &id).await[0]["code"], "revoked");
}

#[tokio::test]
async fn the_latest_twenty_are_kept() {
    let house = House::new().await;
    let admin = house.admin();
    let asker = asker(&admin).await;
    let (id, holder) = key(&admin, json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] })).await;
    let topics = |denials: &[Value]| {
        let mut topics: Vec<_> = denials.iter().map(|denial| denial["topic"].as_str().unwrap().to_owned()).collect();
        topics.sort();
        topics
    };
    let expected = |numbers: std::ops::Range<u32>| {
        let mut expected: Vec<_> = numbers.map(|number| format!("t{number}")).collect();
        expected.sort();
        expected
    };
    // One after the other: those of one question are of one moment.
    for topic in 0..25 {
        ask_about(&asker, &holder, topic..topic + 1, json!({})).await;
    }
    assert_eq!(topics(&denials(&house, &admin, &id).await), expected(5..25));
    ask_about(&asker, &holder, 30..35, json!({})).await;
    let told = topics(&denials(&house, &admin, &id).await);
    assert_eq!(told.len(), 20);
    assert!(expected(30..35).iter().all(|topic| told.contains(topic)), "{told:?}");
}

// G-3, G-38
#[tokio::test]
async fn of_what_another_tenant_guards_its_denials_tell_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let rival = house.org("rival").admin;
    rival.post(&rival.at("/meshes"), json!({ "slug": "vault" })).await.expect(201);
    admin.post(&admin.at("/meshes"), json!({ "slug": "sibling" })).await.expect(201);
    let (id, holder) = key(&admin, json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })).await;
    for gate in ["mesh/rival/vault/send/zz-project", "mesh/acme/sibling/send/zz-project"] {
        assert_eq!(at_gate(&house, gate, &holder).await.status, 403);
    }
    let told = denials(&house, &admin, &id).await;
    assert_eq!(told.iter().map(|denial| denial["count"].as_u64().unwrap()).sum::<u64>(), 2, "{told:?}");
    assert!(told.iter().all(|denial| denial["code"] == "wrong_mesh" && denial["capability"].is_null()), "{told:?}");
    admin.act(&admin.at(&format!("/keys/{id}/disable"))).await.expect(200);
    assert_eq!(at_gate(&house, "mesh/rival/vault/send/zz-project", &holder).await.status, 401);
    let told = denials(&house, &admin, &id).await;
    assert_eq!(told[0]["code"], "disabled", "{told:?}");
    let usage = super::usage(&house, &admin, &id, "by=topic").await;
    assert!(!format!("{told:?}{usage}").contains("zz-project"), "{told:?} {usage}");
}
