//! The door for gateways judges as `verify` does: the same code for every key and every question.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    metrics::counted,
    tools::{eventually, id, until_heard},
};

/// Who holds what, and is in which state.
async fn keys(house: &House, admin: &Client) -> Vec<Client> {
    let mut keys = Vec::new();
    for mesh in [json!(null), json!("main"), json!("other")] {
        for capabilities in [json!(["send"]), json!(["read", "verify"]), json!(["admin"])] {
            for topics in [json!("all"), json!(["deploys"]), json!(["dep*", "secrets"])] {
                let wish = json!({ "mesh": mesh, "capabilities": capabilities, "topics": topics, "label": "grid" });
                keys.push(admin.issue(wish).await.1);
            }
        }
    }
    for verb in ["disable", "revoke", "expire"] {
        let wish = json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"], "label": verb });
        let (key, holder) = admin.issue(wish).await;
        if verb != "expire" {
            admin.act(&admin.at(&format!("/keys/{}/{verb}", id(&key)))).await.expect(200);
        }
        keys.push(holder);
    }
    let db = house.sql("superuser").await;
    db.batch_execute("UPDATE api_keys SET expires_at = clock_timestamp() WHERE label = 'expire'").await.unwrap();
    until_heard(&db).await;
    let near = json!({ "capabilities": ["send"], "topics": "all", "addresses": ["127.0.0.0/8"] });
    keys.push(admin.issue(near).await.1);
    keys
}

/// Where, what, and on which topic.
fn requirements() -> Vec<(&'static str, &'static str, Option<&'static str>)> {
    let mut all = Vec::new();
    for mesh in ["main", "other", "gone"] {
        for capability in ["send", "read", "admin"] {
            all.extend(
                [None, Some("deploys"), Some("secrets"), Some("nothing")].map(|topic| (mesh, capability, topic)),
            );
        }
    }
    all
}

/// What a gateway is told for each code of `verify`.
fn answer_to(code: &str) -> (u16, &str) {
    match code {
        "ok" => (200, ""),
        "unknown_key" | "revoked" | "expired" | "disabled" => (401, "invalid_token"),
        "wrong_mesh" | "capability_missing" | "topic_out_of_scope" => (403, "insufficient_scope"),
        other => (403, other),
    }
}

/// Asks as Skipper does, until it was decided.
async fn passing(key: &Client, gate: &str) -> Answer {
    eventually("a decision", async || {
        let said = key.get(&format!("/v1/forward-auth/skipper/{gate}")).await;
        (said.status != 503).then_some(said)
    })
    .await
}

#[tokio::test]
async fn a_gateway_is_told_what_verify_says_of_every_key_and_question() {
    let house = House::new().await;
    let admin = house.admin();
    for slug in ["other", "gone"] {
        admin.post(&admin.at("/meshes"), json!({ "slug": slug })).await.expect(201);
    }
    for topic in ["deploys", "secrets"] {
        admin.post(&admin.at("/meshes/other/topics"), json!({ "name": topic })).await.expect(201);
    }
    let keys = keys(&house, &admin).await;
    admin.act(&admin.at("/meshes/gone/archive")).await.expect(200);
    let mut counts = BTreeMap::<String, u64>::new();
    let mut hidden = 0;
    for key in &keys {
        let ask = |(mesh, capability, topic)| json!({ "key": key.secret(), "mesh": mesh, "capability": capability, "topic": topic });
        let questions: Vec<Value> = requirements().into_iter().map(ask).collect();
        let verdicts = admin.post("/v1/verify/batch", json!({ "items": questions })).await.expect(200);
        for ((mesh, capability, topic), verdict) in requirements().into_iter().zip(verdicts.items()) {
            let topic = topic.map_or_else(String::new, |topic| format!("/{topic}"));
            let gate = format!("mesh/acme/{mesh}/{capability}{topic}");
            // Of a sibling mesh, a bearer does not even learn that it is archived.
            let is_hidden = mesh == "gone" && !verdict["key"]["owner"]["mesh"].is_null();
            let code = verdict["code"].as_str().unwrap();
            let code = if is_hidden && code == "mesh_archived" { "wrong_mesh" } else { code };
            let said = passing(key, &gate).await;
            let (status, wanted) = answer_to(code);
            assert_eq!(said.status, status, "{gate}: {verdict}\n{said:?}");
            if status == 200 {
                assert_eq!(said.header("x-meshkey-key"), verdict["key"]["id"], "{gate}");
                continue;
            }
            let problem = said.problem(status, wanted);
            if wanted == "insufficient_scope" {
                assert_eq!(problem["denial"], code, "{gate}");
            }
            hidden += u64::from(code != verdict["code"]);
            *counts.entry(code.to_owned()).or_default() += 1;
        }
    }
    assert!(counts.len() >= 8, "the grid has too few kinds of no: {counts:?}");
    // What the log and the metrics are told is the very reason, where the answer is one for all.
    for (code, count) in counts {
        let of = |door: &str| counted(&house, &format!("meshkey_{door}_denials_total{{code=\"{code}\"}}"));
        let told_otherwise = match code.as_str() {
            "wrong_mesh" => count - hidden,
            "mesh_archived" => count + hidden,
            _ => count,
        };
        assert_eq!((of("forward_auth"), of("verify")), (count, told_otherwise), "{code}");
    }
}
