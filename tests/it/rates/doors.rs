//! What each door answers, to the letter.

use serde_json::json;

use super::{burst, fields, once_a_minute, rated, wait};
use crate::{house::House, metrics::counted};

// G-25
#[tokio::test]
async fn our_own_routes_let_the_burst_in_and_say_what_is_left_and_when_there_is_more() {
    let house = House::new().await;
    let (_, key) = rated(&house.admin(), once_a_minute(4)).await;
    let paths = ["/v1/whoami", "/v1/meshes/main/topics", "/v1/meshes/main/state", "/v1/meshes/main/topics/x/messages"];
    for (path, left) in paths.into_iter().zip([3, 2, 1, 0]) {
        let answer = key.get(path).await;
        assert_eq!(answer.status, if left == 0 { 404 } else { 200 }, "{path}");
        let [most, window, remaining, next] = fields(&answer);
        assert_eq!((most, window, remaining), (4, 240, left), "{path}");
        assert!((1..=60).contains(&next), "{path} {next}");
    }
    for path in paths {
        let answer = key.get(path).await;
        let problem = answer.problem(429, "rate_limited");
        assert_eq!(problem["detail"], "this key is used more often than once a minute, 4 at once");
        let [most, window, remaining, next] = fields(&answer);
        assert_eq!((most, window, remaining), (4, 240, 0), "{path}");
        assert!((1..=60).contains(&next) && wait(&answer) == next, "{path} {next}");
        assert!(!answer.headers.contains_key("www-authenticate"));
    }
    assert_eq!(counted(&house, "meshkey_guard_denials_total{code=\"rate_limited\"}"), 4);
}

#[tokio::test]
async fn a_key_without_a_rate_is_told_of_none() {
    let house = House::new().await;
    let (_, key) = rated(&house.admin(), json!(null)).await;
    for _ in 0..100 {
        let answer = key.get("/v1/whoami").await.expect(200);
        assert!(answer.headers.keys().all(|name| !name.as_str().contains("ratelimit")), "{answer:?}");
    }
}

// G-37
#[tokio::test]
async fn a_verdict_says_what_is_left_and_the_asker_is_another_key() {
    let house = House::new().await;
    let admin = house.admin();
    let (id, key) = rated(&admin, once_a_minute(3)).await;
    let question = json!({ "key": key.secret(), "capability": "read", "topic": "deploys" });
    for remaining in [2, 1, 0] {
        let verdict = admin.post("/v1/verify", question.clone()).await.expect(200).body;
        assert_eq!((&verdict["allowed"], &verdict["code"]), (&json!(true), &json!("ok")));
        assert_eq!(verdict["rate"], json!({ "per_minute": 1, "burst": 3, "remaining": remaining }));
        assert!(verdict.get("retry_after").is_none());
    }
    let answer = admin.post("/v1/verify", question.clone()).await.expect(200);
    let verdict = &answer.body;
    assert_eq!((&verdict["allowed"], &verdict["code"]), (&json!(false), &json!("rate_limited")));
    assert_eq!(verdict["detail"], "this key is used more often than once a minute, 3 at once");
    assert_eq!(verdict["rate"], json!({ "per_minute": 1, "burst": 3, "remaining": 0 }));
    assert_eq!(verdict["key"]["id"], id.as_str());
    assert!((1..=60).contains(&verdict["retry_after"].as_u64().unwrap()), "{verdict}");
    assert!(!answer.headers.contains_key("ratelimit"), "the asker has no rate");
    // Another reason is told first.
    let wrong = json!({ "key": key.secret(), "capability": "send", "topic": "deploys" });
    let verdict = admin.post("/v1/verify", wrong).await.expect(200).body;
    assert_eq!((&verdict["code"], &verdict["rate"]["remaining"]), (&json!("capability_missing"), &json!(0)));
    key.get("/v1/whoami").await.problem(429, "rate_limited");
    assert_eq!(counted(&house, "meshkey_verify_denials_total{code=\"rate_limited\"}"), 1);
}

#[tokio::test]
async fn each_question_of_a_batch_is_a_use_in_its_order() {
    let house = House::new().await;
    let admin = house.admin();
    let ((_, one), (_, other)) = (rated(&admin, once_a_minute(2)).await, rated(&admin, once_a_minute(1)).await);
    let ask = |key: &str, capability: &str| json!({ "key": key, "capability": capability, "topic": "deploys" });
    let (one, other) = (one.secret(), other.secret());
    let items = [
        ask(one, "read"),
        ask(one, "send"),
        ask(other, "read"),
        ask(one, "read"),
        ask(one, "read"),
        ask(other, "read"),
        ask(&super::unknown(), "read"),
    ];
    let body = admin.post("/v1/verify/batch", json!({ "items": items })).await.expect(200).body;
    let told: Vec<_> = body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["code"].clone(), one["rate"]["remaining"].clone()))
        .collect();
    let wanted = [
        ("ok", json!(1)),
        ("capability_missing", json!(1)),
        ("ok", json!(0)),
        ("ok", json!(0)),
        ("rate_limited", json!(0)),
        ("rate_limited", json!(0)),
        ("unknown_key", json!(null)),
    ];
    assert_eq!(told, wanted.map(|(code, left)| (json!(code), left)));
}

#[tokio::test]
async fn an_asker_with_a_rate_is_refused_like_any_caller() {
    let house = House::new().await;
    let admin = house.admin();
    let wish = json!({ "capabilities": ["verify"], "topics": "all", "rate": once_a_minute(2) });
    let (_, asker) = admin.issue(wish).await;
    let question = json!({ "key": admin.secret(), "capability": "read", "topic": "deploys" });
    assert_eq!(fields(&asker.post("/v1/verify", question.clone()).await.expect(200))[2], 1);
    assert_eq!(fields(&asker.form("/v1/introspect", &[("token", admin.secret())]).await.expect(200))[2], 0);
    asker.post("/v1/verify", question).await.problem(429, "rate_limited");
    let answer = asker.form("/v1/introspect", &[("token", admin.secret())]).await;
    let problem = answer.problem(429, "rate_limited");
    assert_eq!(problem["error"], "temporarily_unavailable");
    assert!((1..=60).contains(&wait(&answer)));
}

#[tokio::test]
async fn introspection_knows_no_other_no_than_inactive() {
    let house = House::new().await;
    let admin = house.admin();
    let (_, key) = rated(&admin, once_a_minute(2)).await;
    let ask = async || admin.form("/v1/introspect", &[("token", key.secret())]).await.expect(200).body;
    for _ in 0..2 {
        assert_eq!(ask().await["active"], true);
    }
    assert_eq!(ask().await, json!({ "active": false }));
    assert_eq!(burst(&key).await, 0);
}
