//! Who is not known is refused, at every door, before anything that was sent is looked at.

use serde_json::json;

use super::scene::{Call, Scene};
use crate::{
    client::{Answer, Client},
    promise::PROMISE,
};

/// Sends the call as it should be, garbled, and bare; every answer must be the same. Gives it.
async fn refused_alike(call: &Call, client: &Client) -> Answer {
    let answer = call.by(client).await;
    assert_eq!(call.garbled_by(client).await.face(), answer.face(), "{}", call.operation.id);
    let bare = client.raw(&call.operation.method, &call.path).send().await;
    assert_eq!(bare.face(), answer.face(), "{}", call.operation.id);
    answer
}

// G-1, G-7, G-8, T-5
#[tokio::test]
async fn a_stranger_is_asked_for_a_key_whatever_they_send() {
    let scene = Scene::new().await;
    for operation in PROMISE.guarded() {
        let call = scene.call(operation).await;
        let answer = refused_alike(&call, &scene.house.stranger()).await;
        answer.problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="meshkey""#, "{}", operation.id);
    }
}

// G-10, G-13, G-16
#[tokio::test]
async fn unknown_malformed_revoked_expired_and_disabled_keys_are_refused_alike() {
    let scene = Scene::new().await;
    let dead = dead_keys(&scene).await;
    for operation in PROMISE.guarded() {
        let call = scene.call(operation).await;
        let first = refused_alike(&call, &dead[0].1).await;
        first.problem(401, "invalid_token");
        let challenge = first.header("www-authenticate");
        assert!(challenge.starts_with(r#"Bearer realm="meshkey", error="invalid_token""#), "{challenge}");
        for (what, client) in &dead {
            let answer = refused_alike(&call, client).await;
            assert_eq!(answer.face(), first.face(), "{what} key, {}", operation.id);
        }
    }
}

#[tokio::test]
async fn a_key_is_dead_when_its_revocation_has_answered() {
    let scene = Scene::new().await;
    let whoami = PROMISE.named("whoAmI");
    let call = scene.call(whoami).await;
    let (key, holder) = scene.admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    call.succeeds_by(&holder).await;
    let revoke = scene.admin.at(&format!("/keys/{}/revoke", key["id"].as_str().unwrap()));
    scene.admin.act(&revoke).await.expect(200);
    call.by(&holder).await.problem(401, "invalid_token");
    scene.admin.act(&revoke).await.problem(409, "already_revoked");
}

/// A key in every state in which it is not accepted, each of which could do everything if it were.
async fn dead_keys(scene: &Scene) -> Vec<(&'static str, Client)> {
    let mut keys = vec![
        ("malformed", scene.admin.with_key("mshk_short")),
        ("mistyped", scene.admin.with_key(&mistyped(scene.admin.secret()))),
        ("foreign", scene.admin.with_key("some-other.token_of=")),
        ("unknown", scene.admin.with_key(&unknown_key())),
    ];
    for what in ["revoked", "disabled", "expired", "rotated"] {
        let wanted = json!({ "label": what, "capabilities": ["admin"], "topics": "all" });
        let (key, client) = scene.admin.issue(wanted).await;
        end(scene, what, key["id"].as_str().unwrap()).await;
        keys.push((what, client));
    }
    keys
}

async fn end(scene: &Scene, how: &str, key: &str) {
    let verb = |verb: &str| scene.admin.at(&format!("/keys/{key}/{verb}"));
    match how {
        "revoked" => drop(scene.admin.act(&verb("revoke")).await.expect(200)),
        "disabled" => drop(scene.admin.act(&verb("disable")).await.expect(200)),
        "rotated" => drop(scene.admin.post(&verb("rotate"), json!({ "overlap": "0s" })).await.expect(200)),
        // The clock of the database has reached this very instant when the next request is judged.
        _ => {
            let expire = "UPDATE api_keys SET expires_at = clock_timestamp() WHERE label = 'expired'";
            let db = scene.house.sql("superuser").await;
            assert_eq!(db.execute(expire, &[]).await.unwrap(), 1);
            crate::tools::until_heard(&db).await;
        }
    }
}

/// A whole key with a true checksum, that nobody was given.
fn unknown_key() -> String {
    let body = format!("mshk_{}", "7".repeat(43));
    let mut sum = crc32fast::hash(body.as_bytes());
    let mut digits = Vec::new();
    for _ in 0..6 {
        digits.push(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(sum % 62) as usize]);
        sum /= 62;
    }
    digits.reverse();
    body + &String::from_utf8(digits).unwrap()
}

fn mistyped(secret: &str) -> String {
    let last = if secret.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &secret[..secret.len() - 1])
}
