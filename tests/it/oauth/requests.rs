//! What is understood of a request, and what is not.

use serde_json::json;

use super::{Scene, basic, is_active};
use crate::client::Answer;

/// A refusal of the request itself.
#[track_caller]
fn ensure_invalid(answer: &Answer, status: u16, code: &str) {
    let problem = answer.problem(status, code);
    assert_eq!(problem["error"], "invalid_request", "{answer:?}");
    assert!(problem["errors"].is_null() && !problem["error_description"].as_str().unwrap().is_empty(), "{answer:?}");
}

#[tokio::test]
async fn a_token_is_there_once_and_what_is_not_known_is_ignored() {
    let scene = Scene::new().await;
    let (_, key) = scene.sender(json!({})).await;
    let token = ("token", key.secret());
    for pairs in [
        vec![],
        vec![("token", "")],
        vec![token, token],
        vec![token, ("token", "")],
        vec![token, ("token_type_hint", "access_token"), ("token_type_hint", "access_token")],
        vec![token, ("capability", "send"), ("capability", "send")],
    ] {
        ensure_invalid(&scene.asker.form("/v1/introspect", &pairs).await, 400, "invalid_request");
    }
    for pairs in [
        vec![token, ("token_type_hint", "refresh_token")],
        vec![("token_type_hint", "nonsense"), token],
        vec![token, ("client_id", "someone"), ("client_secret", "x"), ("nonsense", "1"), ("nonsense", "2")],
    ] {
        assert!(is_active(&scene.asker, &pairs).await, "{:?}", &pairs[1..]);
    }
}

#[tokio::test]
async fn a_requirement_that_means_nothing_is_refused() {
    let scene = Scene::new().await;
    let (_, key) = scene.sender(json!({})).await;
    for more in [
        vec![("capability", "sned")],
        vec![("capability", "Send!")],
        vec![("capability", "send"), ("mesh", "nowhere")],
        vec![("capability", "send"), ("mesh", "a\0b")],
        vec![("capability", "send"), ("topic", "No Topic")],
        vec![("mesh", "main")],
        vec![("topic", "deploys")],
    ] {
        let pairs: Vec<_> = [("token", key.secret())].into_iter().chain(more).collect();
        ensure_invalid(&scene.asker.form("/v1/introspect", &pairs).await, 400, "invalid_request");
    }
    // A key in a wrong place is not said again.
    let pairs = [("token", "x"), ("capability", key.secret())];
    ensure_invalid(&scene.asker.form("/v1/introspect", &pairs).await, 400, "invalid_request");
}

#[tokio::test]
async fn another_kind_of_request_is_refused_in_the_words_of_oauth() {
    let scene = Scene::new().await;
    let ask = |method: &str, path: &str| scene.asker.raw(method, path);
    let json = ask("POST", "/v1/introspect").json(&json!({ "token": "x" })).send().await;
    ensure_invalid(&json, 415, "unsupported_media_type");
    assert_eq!(json.header("accept-post"), "application/x-www-form-urlencoded");
    ensure_invalid(&ask("POST", "/v1/introspect").send().await, 415, "unsupported_media_type");
    let long = [("token", "x".repeat(65 * 1024))];
    let long = serde_urlencoded::to_string(long).unwrap();
    let long = ask("POST", "/v1/introspect").body("application/x-www-form-urlencoded; charset=utf-8", long);
    ensure_invalid(&long.send().await, 413, "payload_too_large");
    let got = ask("GET", "/v1/introspect").send().await;
    ensure_invalid(&got, 405, "method_not_allowed");
    assert_eq!(got.header("allow"), "POST");
    for query in ["nonsense=1", "token=x"] {
        let answer = ask("POST", &format!("/v1/introspect?{query}")).form(&[("token", "x")]).send().await;
        ensure_invalid(&answer, 400, "invalid_request");
    }
    let secret = scene.asker.secret();
    for first in [format!("Bearer {secret}"), basic(&scene.asker_id, secret)] {
        let both = scene.house.stranger().bare("POST", "/v1/introspect").header("X-API-Key", secret);
        let both = both.header("Authorization", &first).form(&[("token", "x")]).send().await;
        ensure_invalid(&both, 400, "invalid_request");
    }
}

#[tokio::test]
async fn what_cannot_be_decided_is_not_said_to_be_inactive() {
    let scene = Scene::new().await;
    let (_, key) = scene.sender(json!({})).await;
    scene.house.set_reachable(false).await;
    let answer = super::introspect(&scene.asker, key.secret()).await;
    let problem = answer.problem(503, "store_unavailable");
    assert_eq!((&problem["error"], answer.header("retry-after")), (&json!("temporarily_unavailable"), "1"));
    scene.house.set_reachable(true).await;
}
