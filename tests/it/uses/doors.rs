//! Every decision about a known key counts once, wherever it was made; what is no use does not.

use proptest::{
    prelude::{Strategy as _, any, prop},
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use serde_json::json;

use super::{asker, count, counts, key, total, usage};
use crate::{forward::at_gate, house::House, metrics::counted};

const ORIGINS: [&str; 4] = ["hour", "day", "capability", "topic"];

// L-1, P-7
#[tokio::test]
async fn each_decision_counts_once_at_every_door() {
    let house = House::new().await;
    let admin = house.admin();
    let asker = asker(&admin).await;
    let asker_id = asker.get("/v1/whoami").await.expect(200).body["key"]["id"].as_str().unwrap().to_owned();
    let (id, holder) = key(&admin, json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] })).await;
    let messages = "/v1/meshes/main/topics/deploys/messages";
    for _ in 0..2 {
        holder.post(messages, json!({ "body": 1 })).await.expect(201);
    }
    holder.get(messages).await.problem(403, "insufficient_scope");
    holder.get("/v1/whoami").await.expect(200);
    let question = |capability: &str, topic: &str| json!({ "key": holder.secret(), "capability": capability, "mesh": "main", "topic": topic, "ip": "192.0.2.7" });
    for _ in 0..3 {
        asker.post("/v1/verify", question("send", "deploys")).await.expect(200);
    }
    asker.post("/v1/verify", question("send", "secrets")).await.expect(200);
    let items = json!({ "items": [question("send", "deploys"), question("read", "deploys")] });
    asker.post("/v1/verify/batch", items).await.expect(200);
    let token = ("token", holder.secret());
    asker.form("/v1/introspect", &[token]).await.expect(200);
    let more = [token, ("capability", "send"), ("mesh", "main"), ("topic", "secrets")];
    assert_eq!(asker.form("/v1/introspect", &more).await.expect(200).body, json!({ "active": false }));
    assert_eq!(at_gate(&house, "mesh/acme/main/send/deploys", &holder).await.status, 200);

    let of = async |by: &str| counts(&usage(&house, &admin, &id, &format!("by={by}")).await);
    let outcomes = [count("capability_missing", 0, 2), count("ok", 9, 0), count("topic_out_of_scope", 0, 2)];
    assert_eq!(of("outcome").await, outcomes);
    assert_eq!(of("capability").await, [count("-", 2, 0), count("read", 0, 2), count("send", 7, 2)]);
    assert_eq!(of("topic").await, [count("-", 2, 0), count("deploys", 7, 2), count("secrets", 0, 2)]);
    assert_eq!(of("address").await, [count("-", 2, 1), count("127.0.0.1", 3, 1), count("192.0.2.7", 4, 2)]);
    for by in ORIGINS {
        assert_eq!(total(&usage(&house, &admin, &id, &format!("by={by}")).await), (9, 4), "{by}");
    }
    let of_asker = counts(&usage(&house, &admin, &asker_id, "by=capability").await);
    assert_eq!(of_asker, [count("-", 1, 0), count("verify", 7, 0)]);
    for (door, allowed, denied) in [("verify", 4, 2), ("introspect", 1, 1), ("forward_auth", 1, 0)] {
        let decisions = |outcome: &str| format!("meshkey_decisions_total{{door=\"{door}\",outcome=\"{outcome}\"}}");
        let decided = [counted(&house, &decisions("allowed")), counted(&house, &decisions("denied"))];
        assert_eq!(decided, [allowed, denied], "{door}");
    }
    assert_eq!(counted(&house, "meshkey_uses_dropped_total"), 0);
    assert!(counted(&house, "meshkey_uses_written_total") >= 20);
}

#[tokio::test]
async fn a_dry_run_and_an_explanation_never_count() {
    let house = House::new().await;
    let root = house.admin();
    let (id, admin) = key(&root, json!({ "capabilities": ["admin"], "topics": "all" })).await;
    let (target, _) = key(&root, json!({ "capabilities": ["read"], "topics": "all" })).await;
    let wish = json!({ "label": "x", "capabilities": ["read"], "topics": "all" });
    for _ in 0..2 {
        admin.post(&admin.at("/keys?dry_run=true"), wish.clone()).await.expect(200);
        admin.act(&admin.at(&format!("/keys/{target}/revoke?dry_run=true"))).await.expect(200);
        admin.post("/v1/explain", json!({ "key": target, "capability": "send" })).await.expect(200);
    }
    // What cannot be tried is refused, so that nothing is done uncounted.
    admin.get(&admin.at("/keys?dry_run=true")).await.problem(422, "invalid_input");
    admin
        .post("/v1/meshes/main/topics/deploys/messages?dry_run=true", json!({ "body": 1 }))
        .await
        .problem(422, "invalid_input");
    assert_eq!(counts(&usage(&house, &root, &id, "by=outcome").await), []);
    assert_eq!(counts(&usage(&house, &root, &target, "by=outcome").await), []);
    assert!(house.has_used(&id).await, "that it was there is known all the same");
    admin.post(&admin.at("/keys?dry_run=false"), wish.clone()).await.expect(201);
    admin.get(&admin.at("/keys?limit=1")).await.expect(200);
    assert_eq!(counts(&usage(&house, &root, &id, "by=outcome").await), [count("ok", 2, 0)]);
    // Who may not try was denied: that counts.
    let (reader, holder) = key(&root, json!({ "capabilities": ["read"], "topics": "all" })).await;
    holder.post(&holder.at("/keys?dry_run=true"), wish).await.problem(403, "insufficient_scope");
    assert_eq!(counts(&usage(&house, &root, &reader, "by=outcome").await), [count("capability_missing", 0, 1)]);
}

/// Whatever is asked, by whatever it is told apart: it comes to what was asked.
#[tokio::test]
async fn the_sum_by_anything_is_what_was_asked() {
    let house = House::new().await;
    let admin = house.admin();
    let asker = asker(&admin).await;
    let mut runner = TestRunner::deterministic();
    let decisions = prop::collection::vec((0_u8..90, any::<u8>(), 0_usize..4), 1..250);
    for _ in 0..4 {
        let wishes = decisions.new_tree(&mut runner).unwrap().current();
        let (id, holder) =
            key(&admin, json!({ "mesh": "main", "capabilities": ["send"], "topics": ["t1*", "t2*"] })).await;
        let (mut allowed, mut denied) = (0, 0);
        for some in wishes.chunks(100) {
            let question = |(topic, address, capability): &(u8, u8, usize)| {
                let capability = ["send", "read", "send", "admin"][*capability];
                let ip = format!("198.51.100.{address}");
                json!({ "key": holder.secret(), "capability": capability, "topic": format!("t{topic}"), "mesh": "main", "ip": ip })
            };
            let items: Vec<_> = some.iter().map(question).collect();
            let answer = asker.post("/v1/verify/batch", json!({ "items": items })).await.expect(200);
            let yes = answer.items().iter().filter(|verdict| verdict["allowed"] == true).count() as u64;
            (allowed, denied) = (allowed + yes, denied + some.len() as u64 - yes);
            house.flush_uses().await;
        }
        for by in ["hour", "day", "capability", "topic", "outcome", "address"] {
            for limit in [1, 200] {
                let told = usage(&house, &admin, &id, &format!("by={by}&limit={limit}")).await;
                assert_eq!(total(&told), (allowed, denied), "{by}: {told}");
            }
        }
    }
}
