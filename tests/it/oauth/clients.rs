//! Libraries that others wrote, as they are: what they send is understood, and what they are told satisfies them.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::Scene;
use crate::{house::House, libraries, login, persons::Person};

const URL: &str = "https://keys.example.org";

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/oauth/clients")
}

/// Runs a program that is told `asked`, and gives what it has found.
fn run(mut program: Command, asked: &Value) -> Value {
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a client is told: a gateway's key, one that it is asked about, and one that is neither.
async fn asked(scene: &Scene) -> Value {
    let (key_id, key) = scene.sender(json!({ "label": "ci" })).await;
    let (_, other) = scene.sender(json!({ "capabilities": ["verify"], "topics": "all" })).await;
    json!({
        "base": scene.admin.base(),
        "url": URL,
        "id": scene.asker_id,
        "secret": scene.asker.secret(),
        "key": key.secret(),
        "key_id": key_id,
        "other": other.secret(),
    })
}

#[tokio::test]
async fn authlib_asks_revokes_and_guards() {
    let fetched = libraries::of_pip("authlib-1.9.9", &sources().join("requirements.txt"));
    let Some(place) = fetched else { return };
    let scene = Scene::new().await;
    let mut python = Command::new("python3");
    python.arg("-B").arg(sources().join("authlib_asks.py")).env("PYTHONPATH", place);
    // The test speaks to the service without TLS.
    python.env("AUTHLIB_INSECURE_TRANSPORT", "1").env("NO_PROXY", "*");
    let told = run(python, &asked(&scene).await);
    let expected = json!({
        "active": true,
        "scope": "send topic:deploys",
        "may": true,
        "may_not": false,
        "nothing": { "active": false },
        "send": "yes",
        "read": "insufficient_scope",
        "wrong_pair": [401, "invalid_client", r#"Basic realm="meshkey""#],
        "not_ours": [400, "unauthorized_client"],
        "revoked": [200, null],
        "again": [200, null],
        "dead": { "active": false },
        "refused": "invalid_token",
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn oauth4webapi_signs_a_terminal_in() {
    let fetched = libraries::of_npm("oauth4webapi-3.8.8", &sources());
    let Some(place) = fetched else { return };
    let house = House::with(&[("MESHKEY_PUBLIC_URL", URL)]).await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut node = Command::new("node");
    node.arg(sources().join("oauth4webapi_signs_in.mjs")).arg(place).arg(URL).arg(house.stranger().base());
    let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let begun = next();
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(600), &json!(5)));
    assert_eq!(begun["verification_uri"], format!("{URL}/device"));
    assert_eq!(next(), json!(["authorization_pending", "slow_down"]));
    let mut browser = login::visitor(&house, &dana).await;
    login::approve_code(&mut browser, begun["user_code"].as_str().unwrap(), &[]).await.expect(200);
    login::rested(&house).await;
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    assert_eq!(next(), json!({ "scope": "send", "token_type": "bearer", "again": "invalid_grant", "accepted": 200 }));
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn oauth4webapi_finds_asks_and_revokes() {
    let fetched = libraries::of_npm("oauth4webapi-3.8.8", &sources());
    let Some(place) = fetched else { return };
    let scene = Scene::on(House::with(&[("MESHKEY_PUBLIC_URL", URL)]).await).await;
    let mut node = Command::new("node");
    node.arg(sources().join("oauth4webapi_asks.mjs")).arg(place);
    let asked = asked(&scene).await;
    let mut told = run(node, &asked);
    let key = told["key"].take();
    assert_eq!((&key["active"], &key["scope"]), (&json!(true), &json!("send topic:deploys")));
    assert_eq!((&key["client_id"], &key["label"]), (&asked["key_id"], &json!("ci")));
    let challenged = |status: u16, schemes: &[&str]| json!(["WWWAuthenticateChallengeError", status, schemes]);
    let expected = json!({
        "issuer": URL,
        "servers": [URL],
        "key": null,
        "may": true,
        "may_not": false,
        "nothing": { "active": false },
        "wrong_pair": challenged(401, &["basic"]),
        "nobody": challenged(401, &["bearer", "basic"]),
        "not_ours": ["ResponseBodyError", "unauthorized_client"],
        "revoked": "done",
        "again": "done",
        "unknown": "done",
        "dead": { "active": false },
    });
    assert_eq!(told, expected);
}
