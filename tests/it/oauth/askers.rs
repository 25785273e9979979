//! Who may ask, how that is shown, and what a no looks like.

use serde_json::json;

use super::{Scene, basic, challenges, introspect};
use crate::{
    client::{Answer, Client},
    tools::percent,
};

const BEARER: &str = r#"Bearer realm="meshkey", error="invalid_token""#;
const BASIC: &str = r#"Basic realm="meshkey""#;

async fn with(stranger: &Client, name: &str, value: &str, token: &str) -> Answer {
    stranger.bare("POST", "/v1/introspect").header(name, value).form(&[("token", token)]).send().await
}

/// A refusal in all its parts.
#[track_caller]
fn ensure_refused(answer: &Answer, code: &str, wanted: &[&str]) {
    let problem = answer.problem(401, code);
    assert_eq!(problem["error"], "invalid_client", "{answer:?}");
    assert_eq!(challenges(answer), wanted, "{answer:?}");
}

#[tokio::test]
async fn a_key_is_shown_as_a_bearer_token_in_its_own_header_or_with_its_id() {
    let scene = Scene::new().await;
    let (stranger, secret, id) = (scene.house.stranger(), scene.asker.secret(), &scene.asker_id);
    let (_, key) = scene.sender(json!({})).await;
    let shown = [
        ("Authorization", format!("bearer {secret}")),
        ("X-API-Key", secret.to_owned()),
        ("Authorization", basic(id, secret)),
        ("Authorization", basic(id, secret).replacen("Basic", "bAsIc", 1)),
        ("Authorization", basic(&percent(id), &percent(secret))),
        ("Authorization", basic(&id.replace('_', "%5f"), &secret.replace('_', "%5F"))),
    ];
    for (name, value) in shown {
        let told = with(&stranger, name, &value, key.secret()).await.expect(200).body;
        assert_eq!(told["active"], true, "{name}: {}", value.split(' ').next().unwrap());
    }
}

#[tokio::test]
async fn who_shows_nothing_is_asked_for_either() {
    let scene = Scene::new().await;
    let stranger = scene.house.stranger();
    ensure_refused(&introspect(&stranger, "x").await, "unauthenticated", &[r#"Bearer realm="meshkey""#, BASIC]);
    // The body is not looked at before it is known who asks.
    let garbled = stranger.raw("POST", "/v1/introspect").body("text/plain", "{not json").send().await;
    assert_eq!(garbled.face(), introspect(&stranger, "x").await.face());
    let other = with(&stranger, "Authorization", "Digest x=y", "x").await;
    ensure_refused(&other, "unauthenticated", &[r#"Bearer realm="meshkey""#, BASIC]);
}

#[tokio::test]
async fn a_credential_that_is_none_is_refused_in_the_scheme_that_was_used() {
    let scene = Scene::new().await;
    let (stranger, secret, id) = (scene.house.stranger(), scene.asker.secret(), &scene.asker_id);
    let (other_id, other) = scene.sender(json!({ "capabilities": ["verify"], "topics": "all" })).await;
    for bearer in ["mshk_short", "x.y_z="] {
        let answer = with(&stranger, "Authorization", &format!("Bearer {bearer}"), "x").await;
        ensure_refused(&answer, "invalid_token", &[BEARER]);
    }
    let wrong = [
        basic(&other_id, secret),
        basic(id, other.secret()),
        basic("", secret),
        basic("acme", secret),
        basic(id, ""),
        basic(id, &format!("{secret}&x=y")),
        basic(secret, id),
        format!("Basic {secret}"),
        "Basic".to_owned(),
        basic(id, secret).trim_end_matches('=').to_owned() + "!",
    ];
    let first = with(&stranger, "Authorization", &wrong[0], "x").await;
    for value in wrong {
        let answer = with(&stranger, "Authorization", &value, "x").await;
        ensure_refused(&answer, "invalid_token", &[BASIC]);
        assert_eq!(answer.face(), first.face());
    }
    assert!(!scene.house.has_used(&other_id).await, "a claim that is not true is no use of a key");
    scene.act(&other_id, "revoke").await;
    let dead = with(&stranger, "Authorization", &basic(&other_id, other.secret()), "x").await;
    assert_eq!(dead.face(), first.face());
    // Elsewhere nobody shows a key so.
    let elsewhere = stranger.bare("GET", "/v1/whoami").header("Authorization", &basic(id, secret)).send().await;
    elsewhere.problem(401, "unauthenticated");
}

#[tokio::test]
async fn who_may_not_ask_is_refused_as_a_stranger_is_and_told_what_is_missing() {
    let scene = Scene::new().await;
    let stranger = scene.house.stranger();
    let (id, sender) = scene.sender(json!({})).await;
    let answer = introspect(&sender, scene.asker.secret()).await;
    let scope = r#"Bearer realm="meshkey", error="insufficient_scope", scope="verify""#;
    ensure_refused(&answer, "insufficient_scope", &[scope]);
    assert_eq!((&answer.body["capability"], &answer.body["denial"]), (&json!("verify"), &json!("capability_missing")));
    let answer = with(&stranger, "Authorization", &basic(&id, sender.secret()), "x").await;
    ensure_refused(&answer, "insufficient_scope", &[BASIC]);

    // Who is confined to topics asks about those.
    let confined = json!({ "mesh": "main", "capabilities": ["verify"], "topics": ["deploys"] });
    let (_, confined) = scene.admin.issue(confined).await;
    let answer = introspect(&confined, sender.secret()).await;
    ensure_refused(&answer, "insufficient_scope", &[r#"Bearer realm="meshkey", error="insufficient_scope""#]);
    let about = [("token", sender.secret()), ("capability", "send"), ("topic", "deploys")];
    assert_eq!(confined.form("/v1/introspect", &about).await.expect(200).body["active"], true);

    let elsewhere = json!({ "capabilities": ["verify"], "topics": "all", "addresses": ["192.0.2.1/32"] });
    let (_, elsewhere) = scene.admin.issue(elsewhere).await;
    ensure_refused(&introspect(&elsewhere, "x").await, "ip_not_allowed", &[BEARER]);

    let of_main = json!({ "mesh": "main", "capabilities": ["verify"], "topics": "all" });
    let (_, of_main) = scene.admin.issue(of_main).await;
    scene.admin.act(&scene.admin.at("/meshes/main/archive")).await.expect(200);
    ensure_refused(&introspect(&of_main, "x").await, "mesh_archived", &[BEARER]);
    scene.house.meshkey(&["org", "suspend", "acme"]);
    ensure_refused(&introspect(&scene.asker, "x").await, "org_suspended", &[BEARER]);
}
