//! What is a use, and of what: of the key, whichever secret shows it and whatever is done to it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{burst, fields, once_a_minute, rated};
use crate::{
    client::Client,
    house::House,
    tools::{eventually, id},
};

// P-2
#[tokio::test]
async fn two_secrets_share_the_rate_and_a_rotation_gives_nothing_back() {
    let house = House::new().await;
    let (id, old) = rated(&house.admin(), once_a_minute(4)).await;
    old.get("/v1/whoami").await.expect(200);
    let rotated = house.admin().act(&old.at(&format!("/keys/{id}/rotate"))).await.expect(200).body;
    assert_eq!(rotated["rate"], once_a_minute(4));
    let new = old.with_key(rotated["secret"].as_str().unwrap());
    assert_eq!(fields(&new.get("/v1/whoami").await.expect(200))[2], 2);
    assert_eq!(fields(&old.get("/v1/whoami").await.expect(200))[2], 1);
    assert_eq!((burst(&new).await, burst(&old).await), (1, 0));
    house.admin().act(&old.at(&format!("/keys/{id}/rotate/finish"))).await.expect(200);
    assert_eq!(burst(&new).await, 0);
}

async fn edit(admin: &Client, id: &str, patch: Value) -> Value {
    admin.patch(&admin.at(&format!("/keys/{id}")), patch, "*").await.expect(200).body
}

#[tokio::test]
async fn no_edit_gives_anything_back() {
    let house = House::new().await;
    let admin = house.admin();
    let (id, key) = rated(&admin, once_a_minute(3)).await;
    key.get("/v1/whoami").await.expect(200);
    edit(&admin, &id, json!({ "label": "another" })).await;
    assert_eq!(fields(&key.get("/v1/whoami").await.expect(200))[2], 1);
    for verb in ["disable", "enable"] {
        admin.act(&admin.at(&format!("/keys/{id}/{verb}"))).await.expect(200);
    }
    assert_eq!(burst(&key).await, 1);
    // A wider one has what was used already, a narrower one is used up, and so it stays.
    edit(&admin, &id, json!({ "rate": once_a_minute(5) })).await;
    assert_eq!(burst(&key).await, 2);
    edit(&admin, &id, json!({ "rate": once_a_minute(2) })).await;
    assert_eq!(burst(&key).await, 0);
    edit(&admin, &id, json!({ "rate": null })).await;
    for _ in 0..10 {
        assert!(!key.get("/v1/whoami").await.expect(200).headers.contains_key("ratelimit"));
    }
    edit(&admin, &id, json!({ "rate": once_a_minute(2) })).await;
    assert_eq!(burst(&key).await, 0);
}

#[tokio::test]
async fn what_is_refused_for_another_reason_takes_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let (id, key) = rated(&admin, once_a_minute(2)).await;
    for _ in 0..5 {
        key.post("/v1/meshes/main/topics/deploys/messages", json!({ "body": 1 }))
            .await
            .problem(403, "insufficient_scope");
        key.get("/v1/orgs/rival").await.problem(404, "not_found");
        let question = json!({ "key": key.secret(), "capability": "send", "topic": "deploys" });
        assert_eq!(admin.post("/v1/verify", question).await.expect(200).body["code"], "capability_missing");
    }
    admin.act(&admin.at(&format!("/keys/{id}/disable"))).await.expect(200);
    for _ in 0..5 {
        key.get("/v1/whoami").await.problem(401, "invalid_token");
    }
    admin.act(&admin.at(&format!("/keys/{id}/enable"))).await.expect(200);
    assert_eq!(burst(&key).await, 2);
    // What was let in was used, whatever became of it.
    let (_, key) = rated(&admin, once_a_minute(2)).await;
    key.get("/v1/meshes/main/topics?limit=0").await.problem(422, "invalid_input");
    assert_eq!(burst(&key).await, 1);
}

#[tokio::test]
async fn dry_runs_and_explanations_take_nothing_and_are_let_in_when_nothing_is_left() {
    let house = House::new().await;
    let wish = json!({ "capabilities": ["admin"], "topics": "all", "rate": once_a_minute(1) });
    let (key, admin) = house.admin().issue(wish).await;
    let (_, target) =
        house.admin().issue(json!({ "capabilities": ["read"], "topics": "all", "rate": once_a_minute(1) })).await;
    let own = admin.at(&format!("/keys/{}", id(&key)));
    let wish = json!({ "label": "child", "capabilities": ["read"], "topics": "all" });
    let tries = async |left: u64| {
        for _ in 0..3 {
            let dry = admin.post(&admin.at("/keys?dry_run=true"), wish.clone()).await.expect(200);
            assert_eq!((fields(&dry)[2], &dry.body["key"]["rate"]), (left, &once_a_minute(1)));
            assert_eq!(fields(&admin.act(&format!("{own}/revoke?dry_run=true")).await.expect(200))[2], left);
            let question = json!({ "key": id(&key), "capability": "read", "topic": "deploys" });
            let explained = admin.post("/v1/explain", question).await.expect(200);
            assert_eq!(fields(&explained)[2], left);
            let last = explained.body["rules"].as_array().unwrap().last().unwrap().clone();
            let detail = "this key may be used once a minute, 1 at once; what is left of that is not looked at here";
            assert_eq!(last, json!({ "rule": "rate_limited", "passed": true, "detail": detail }));
        }
    };
    tries(1).await;
    // It is what is said, and not that something is said.
    assert_eq!(fields(&admin.post(&admin.at("/keys?dry_run=false"), wish.clone()).await.expect(201))[2], 0);
    tries(0).await;
    // Where nothing can be tried, who says so is refused, and learns nothing.
    admin.get("/v1/whoami?dry_run=true").await.problem(422, "invalid_input");
    admin.get("/v1/whoami").await.problem(429, "rate_limited");
    assert_eq!(burst(&target).await, 1);
}

#[tokio::test]
async fn of_many_at_once_the_burst_is_let_in() {
    for settings in [&[][..], &[("MESHKEY_CACHE_KEYS", "0")]] {
        let house = House::with(settings).await;
        let (_, key) = rated(&house.admin(), once_a_minute(5)).await;
        let answers = join_all((0..30).map(|_| key.get("/v1/whoami"))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 5, "{settings:?}");
        assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status)));
    }
}

#[tokio::test]
async fn each_replica_counts_for_itself() {
    let house = House::new().await;
    let twin = house.twin().await;
    let (_, key) = rated(&house.admin(), once_a_minute(3)).await;
    let there = twin.stranger().with_key(key.secret());
    assert_eq!((burst(&key).await, burst(&there).await), (3, 3));
    assert_eq!((burst(&key).await, burst(&there).await), (0, 0));
}

#[tokio::test]
async fn after_as_long_as_was_said_one_is_let_in_and_the_next_is_not() {
    let house = House::new().await;
    let (_, key) = rated(&house.admin(), json!({ "per_minute": 60, "burst": 1 })).await;
    let started = Instant::now();
    let mut passed = 0;
    let refused = loop {
        match key.get("/v1/whoami").await {
            answer if answer.status == 200 => passed += 1,
            refused => break refused,
        }
    };
    refused.problem(429, "rate_limited");
    assert_eq!(super::wait(&refused), 1);
    let let_in = async || Some(key.get("/v1/whoami").await).filter(|answer| answer.status == 200);
    eventually("a use that has come back", let_in).await;
    // What was refused has not put it off, and none came back early.
    assert!(started.elapsed() >= Duration::from_secs(passed), "{:?} for {passed}", started.elapsed());
}
