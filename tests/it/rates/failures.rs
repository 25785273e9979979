//! Who tries keys that nobody holds, from one address.

use serde_json::json;

use super::{unknown, wait};
use crate::{
    client::{Answer, Client},
    house::House,
    metrics::counted,
    tools::{eventually, id},
};

/// A house that answers three failures a minute of each address, behind a proxy that says whose it is.
async fn house() -> House {
    House::with(&[("MESHKEY_FAILED_AUTH_PER_MINUTE", "3"), ("MESHKEY_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")]).await
}

async fn whoami(key: &Client, from: &str) -> Answer {
    key.raw("GET", "/v1/whoami").header("x-forwarded-for", from).send().await
}

// G-26
#[tokio::test]
async fn a_flood_of_keys_that_nobody_holds_is_told_to_wait_and_is_in_no_good_keys_way() {
    let house = house().await;
    let (stranger, admin) = (house.stranger(), house.admin());
    let bad = [stranger.with_key(&unknown()), stranger.with_key("mshk_short"), stranger.with_key("x")];
    for number in 0..60 {
        let answer = whoami(&bad[number % 3], "192.0.2.1").await;
        if number < 3 {
            answer.problem(401, "invalid_token");
        } else {
            answer.problem(429, "too_many_failures");
            assert!((1..=20).contains(&wait(&answer)), "{answer:?}");
            assert!(!answer.headers.contains_key("www-authenticate") && !answer.headers.contains_key("ratelimit"));
        }
        whoami(&admin, "192.0.2.1").await.expect(200);
    }
    assert_eq!(counted(&house, "meshkey_failed_auth_total"), 60);
    assert_eq!(counted(&house, "meshkey_failed_auth_throttled_total"), 57);
    // Another address is another's, but not another half of what one customer has.
    whoami(&bad[0], "192.0.2.2").await.problem(401, "invalid_token");
    for (number, from) in ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"].into_iter().enumerate() {
        whoami(&bad[number % 3], from).await.problem(401, "invalid_token");
    }
    whoami(&bad[0], "2001:db8::4").await.problem(429, "too_many_failures");
    whoami(&bad[0], "2001:db8:0:1::4").await.problem(401, "invalid_token");
}

#[tokio::test]
async fn only_a_key_that_nobody_holds_is_a_failure() {
    let house = house().await;
    let admin = house.admin();
    let (key, revoked) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    let (_, narrow) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    for _ in 0..10 {
        whoami(&revoked, "192.0.2.1").await.problem(401, "invalid_token");
        whoami(&house.stranger(), "192.0.2.1").await.problem(401, "unauthenticated");
        let request = admin.raw("GET", "/v1/whoami").header("x-api-key", "x").header("x-forwarded-for", "192.0.2.1");
        request.send().await.problem(400, "invalid_request");
        let request = narrow.raw("GET", &admin.at("/audit")).header("x-forwarded-for", "192.0.2.1");
        request.send().await.problem(403, "insufficient_scope");
    }
    assert_eq!(counted(&house, "meshkey_failed_auth_total"), 0);
}

#[tokio::test]
async fn who_asks_about_a_key_that_nobody_holds_has_not_failed() {
    let house = house().await;
    let admin = house.admin();
    for _ in 0..10 {
        let question = json!({ "key": unknown(), "capability": "read" });
        let request = admin.raw("POST", "/v1/verify").header("x-forwarded-for", "192.0.2.1");
        assert_eq!(request.json(&question).send().await.expect(200).body["code"], "unknown_key");
        let request = admin.raw("POST", "/v1/introspect").header("x-forwarded-for", "192.0.2.1");
        assert_eq!(request.form(&[("token", &unknown())]).send().await.expect(200).body, json!({ "active": false }));
    }
    assert_eq!(counted(&house, "meshkey_failed_auth_total"), 0);
}

#[tokio::test]
async fn the_doors_of_oauth_say_it_to_their_clients() {
    let house = house().await;
    let (bad, secret) = (house.stranger().with_key(&unknown()), unknown());
    let ask = async |authorization: Option<&str>| {
        let request = match authorization {
            Some(basic) => house.stranger().bare("POST", "/v1/introspect").header("authorization", basic),
            None => bad.raw("POST", "/v1/introspect"),
        };
        request.header("x-forwarded-for", "192.0.2.1").form(&[("token", &secret)]).send().await
    };
    for authorization in [None, Some("Basic eDp5"), None] {
        ask(authorization).await.problem(401, "invalid_token");
    }
    for authorization in [None, Some("Basic eDp5")] {
        let answer = ask(authorization).await;
        let problem = answer.problem(429, "too_many_failures");
        assert_eq!(problem["error"], "temporarily_unavailable");
        assert!((1..=20).contains(&wait(&answer)));
    }
}

#[tokio::test]
async fn a_trusted_proxy_is_never_throttled_and_with_0_nobody_is() {
    let proxied = house().await;
    let bad = proxied.stranger().with_key(&unknown());
    for _ in 0..10 {
        bad.get("/v1/whoami").await.problem(401, "invalid_token");
        whoami(&bad, "10.1.2.3").await.problem(401, "invalid_token");
    }
    let off = House::with(&[("MESHKEY_FAILED_AUTH_PER_MINUTE", "0")]).await;
    let bad = off.stranger().with_key(&unknown());
    for _ in 0..100 {
        bad.get("/v1/whoami").await.problem(401, "invalid_token");
    }
    assert_eq!(counted(&off, "meshkey_failed_auth_total"), 100);
}

#[tokio::test]
async fn gateways_are_answered_as_ever_and_what_failed_there_counts_for_their_client() {
    let house = house().await;
    let bad = house.stranger().with_key(&unknown());
    let ask = async |from: &str| {
        eventually("a decision", async || {
            let request = bad.raw("GET", "/v1/forward-auth/nginx/mesh/acme/main/read/deploys");
            let request = request.header("x-original-method", "GET").header("x-original-uri", "/");
            Some(request.header("x-forwarded-for", from).send().await).filter(|answer| answer.status != 503)
        })
        .await
    };
    for _ in 0..10 {
        ask("192.0.2.1").await.problem(401, "invalid_token");
    }
    assert_eq!(counted(&house, "meshkey_failed_auth_total"), 10);
    whoami(&bad, "192.0.2.1").await.problem(429, "too_many_failures");
    whoami(&bad, "192.0.2.2").await.problem(401, "invalid_token");
}
