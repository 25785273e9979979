//! What becomes of a token that is handed in, and by whom.

use meshkey::service::fresh::hooks::Point;
use serde_json::{Value, json};

use super::{Scene, basic, challenges, is_active};
use crate::{
    client::{Answer, Client},
    house::House,
    tools::{count_events, id, percent},
};

async fn revoke(asker: &Client, token: &str) -> Answer {
    asker.form("/v1/revoke", &[("token", token)]).await
}

/// Done, or nothing to do: nobody can tell which.
#[track_caller]
fn ensure_done(answer: &Answer) {
    assert_eq!((answer.status, &answer.body), (200, &Value::Null), "{answer:?}");
    assert!(!answer.headers.contains_key("content-type"), "{answer:?}");
}

async fn is_alive(key: &Client) -> bool {
    let answer = key.get("/v1/whoami").await;
    assert!([200, 401].contains(&answer.status), "{answer:?}");
    answer.status == 200
}

async fn newest(admin: &Client) -> Value {
    admin.get(&admin.at("/audit?limit=1")).await.expect(200).items()[0].clone()
}

#[tokio::test]
async fn a_key_may_revoke_itself_however_it_is_shown() {
    let scene = Scene::new().await;
    let stranger = scene.house.stranger();
    for way in 0..3 {
        let (id, key) = scene.sender(json!({})).await;
        let secret = key.secret();
        let request = stranger.bare("POST", "/v1/revoke").form(&[("token", secret), ("token_type_hint", "nonsense")]);
        let (name, value) = match way {
            0 => ("Authorization", format!("Bearer {secret}")),
            1 => ("X-API-Key", secret.to_owned()),
            _ => ("Authorization", basic(&percent(&id), &percent(secret))),
        };
        ensure_done(&request.header(name, &value).send().await);
        assert!(!is_alive(&key).await);
        let event = newest(&scene.admin).await;
        assert_eq!(event["action"], "key.revoked");
        assert_eq!((&event["subject"]["id"], &event["actor"]["id"]), (&json!(id), &json!(id)));
        revoke(&key, secret).await.problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn an_admin_revokes_what_it_covers_and_takes_no_others_along() {
    let scene = Scene::new().await;
    let wanted = json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" });
    let (_, admin) = scene.admin.issue(wanted).await;
    let (issuer_id, issuer) = scene.sender(json!({ "capabilities": ["admin"], "topics": "all" })).await;
    let narrow = json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] });
    let (_, child) = issuer.issue(narrow).await;
    let before = count_events(&scene.admin).await;
    ensure_done(&revoke(&admin, issuer.secret()).await);
    assert!(!is_alive(&issuer).await && is_alive(&child).await);
    assert_eq!(count_events(&scene.admin).await, before + 1);
    assert_eq!(newest(&scene.admin).await["subject"]["id"], issuer_id);
    // It is dead already, which is no fault, and is not written down again.
    ensure_done(&revoke(&admin, issuer.secret()).await);
    assert_eq!(count_events(&scene.admin).await, before + 1);
}

#[tokio::test]
async fn who_has_no_say_in_a_live_key_is_told_so() {
    let scene = Scene::new().await;
    let (other_id, other) = scene.sender(json!({})).await;
    let (_, sender) = scene.sender(json!({})).await;
    let (_, some) = scene.sender(json!({ "capabilities": ["admin"], "topics": ["deploys"] })).await;
    let (_, wide) = scene.sender(json!({ "topics": "all" })).await;
    let (of_main, org_wide) =
        (scene.sender(json!({ "capabilities": ["admin"], "topics": "all" })).await.1, &scene.asker);
    let before = count_events(&scene.admin).await;
    for (asker, token) in [
        (&sender, &other),       // no admin
        (&scene.asker, &other),  // verify is no admin
        (&some, &wide),          // it reaches further
        (&of_main, org_wide),    // it acts for all of the org
        (&sender, &scene.admin), // an admin
    ] {
        let problem = revoke(asker, token.secret()).await.problem(400, "unauthorized_client");
        assert_eq!(problem["error"], "unauthorized_client");
        assert!(is_alive(token).await);
    }
    assert_eq!(count_events(&scene.admin).await, before);
    // Of what is dead nobody has to be told who may revoke it.
    scene.act(&other_id, "revoke").await;
    ensure_done(&revoke(&sender, other.secret()).await);
    ensure_done(&revoke(&some, other.secret()).await);
}

#[tokio::test]
async fn what_nobody_holds_or_may_know_of_is_answered_as_if_it_had_been_revoked() {
    let scene = Scene::new().await;
    let rival = scene.house.org("rival").admin;
    let wanted = json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" });
    let (_, of_main) = scene.admin.issue(wanted).await;
    let (_, sibling) = scene.sender(json!({ "mesh": "other", "topics": "all" })).await;
    let before = (count_events(&scene.admin).await, count_events(&rival).await);
    let unknown = revoke(&of_main, "no key at all").await;
    ensure_done(&unknown);
    for (asker, token) in [
        (&of_main, sibling.secret()),
        (&of_main, rival.secret()),
        (&rival, of_main.secret()),
        (&rival, scene.admin.secret()),
        (&scene.admin, "mshk_short"),
        (&scene.admin, "mshk_fdfCavTwmz1nOTpo6I1Ggd5LaT5mVabTvVuGpnCCgLK26SINr"),
    ] {
        assert_eq!(revoke(asker, token).await.face(), unknown.face());
    }
    for key in [&sibling, &rival, &of_main, &scene.admin] {
        assert!(is_alive(key).await);
    }
    assert_eq!((count_events(&scene.admin).await, count_events(&rival).await), before);
}

#[tokio::test]
async fn what_could_come_back_is_revoked_and_what_was_replaced_is_left() {
    let scene = Scene::new().await;
    let (id, key) = scene.sender(json!({})).await;
    scene.act(&id, "disable").await;
    ensure_done(&revoke(&scene.admin, key.secret()).await);
    scene.admin.act(&scene.admin.at(&format!("/keys/{id}/enable"))).await.problem(409, "already_revoked");

    let (id, old) = scene.sender(json!({})).await;
    let rotate = scene.admin.at(&format!("/keys/{id}/rotate"));
    let rotated = scene.admin.post(&rotate, json!({ "overlap": "1h" })).await.expect(200);
    let new = old.with_key(rotated.body["secret"].as_str().unwrap());
    scene.act(&id, "rotate/finish").await;
    ensure_done(&revoke(&scene.admin, old.secret()).await);
    assert!(is_alive(&new).await, "a dead secret kills no key");

    let rotated = scene.admin.post(&rotate, json!({ "overlap": "1h" })).await.expect(200);
    let newer = old.with_key(rotated.body["secret"].as_str().unwrap());
    ensure_done(&revoke(&scene.admin, new.secret()).await);
    assert!(!is_alive(&new).await && !is_alive(&newer).await, "either secret is the key");
}

#[tokio::test]
async fn a_request_that_means_nothing_revokes_nothing() {
    let scene = Scene::new().await;
    let (_, key) = scene.sender(json!({})).await;
    let token = ("token", key.secret());
    for pairs in [vec![], vec![("token", "")], vec![token, token]] {
        let problem = key.form("/v1/revoke", &pairs).await.problem(400, "invalid_request");
        assert_eq!(problem["error"], "invalid_request");
    }
    let by_json = key.raw("POST", "/v1/revoke").json(&json!({ "token": key.secret() })).send().await;
    by_json.problem(415, "unsupported_media_type");
    let stranger = scene.house.stranger();
    let refused = stranger.form("/v1/revoke", &[token]).await;
    refused.problem(401, "unauthenticated");
    assert_eq!(challenges(&refused), [r#"Bearer realm="meshkey""#, r#"Basic realm="meshkey""#]);
    let other = stranger.bare("POST", "/v1/revoke").header("Authorization", &basic(&scene.asker_id, key.secret()));
    other.form(&[token]).send().await.problem(401, "invalid_token");
    assert!(is_alive(&key).await);
}

#[tokio::test]
async fn every_process_knows_of_it_when_it_has_answered_and_a_repetition_waits_too() {
    let scene = Scene::new().await;
    let twin = scene.house.twin().await;
    let there = |client: &Client| twin.stranger().with_key(client.secret());
    let (_, key) = scene.sender(json!({})).await;
    assert!(is_active(&there(&scene.asker), &[("token", key.secret())]).await);
    assert!(is_alive(&there(&key)).await);
    ensure_done(&revoke(&scene.admin, key.secret()).await);
    assert!(!is_alive(&there(&key)).await);
    assert!(!is_active(&there(&scene.asker), &[("token", key.secret())]).await);
    ensure_done(&revoke(&there(&scene.admin), key.secret()).await);
}

#[tokio::test]
async fn what_cannot_be_confirmed_is_not_said_to_be_done() {
    let house = House::with(&[("MESHKEY_BOUND", "500ms")]).await;
    let admin = house.admin();
    let wanted = json!({ "capabilities": ["read"], "topics": "all" });
    let (key, holder) = admin.issue(wanted).await;
    let committed = house.fresh().memory.hooks().stop_at(Point::Committed);
    let cut = async {
        committed.reached().await;
        house.set_reachable(false).await;
        drop(committed);
    };
    let (answer, ()) = tokio::join!(revoke(&admin, holder.secret()), cut);
    let problem = answer.problem(503, "revocation_unconfirmed");
    assert_eq!((&problem["error"], answer.header("retry-after")), (&json!("temporarily_unavailable"), "1"));
    let unknown = revoke(&admin, holder.secret()).await;
    assert_eq!(unknown.problem(503, "store_unavailable")["error"], "temporarily_unavailable");
    house.set_reachable(true).await;
    ensure_done(&revoke(&admin, holder.secret()).await);
    let shown = admin.get(&admin.at(&format!("/keys/{}", id(&key)))).await.expect(200).body;
    assert_eq!(shown["status"], "revoked");
}
