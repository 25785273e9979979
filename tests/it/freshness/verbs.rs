//! Every change that takes something away waits, and so does every repetition of it; what takes nothing away is told
//! everywhere too, and waits for nobody who does not answer.

use meshkey::service::fresh::hooks::{Point, Stop};
use serde_json::{Value, json};

use super::{Held, SILENT, Two, accepts, holder, told};
use crate::{client::Answer, tools::id};

/// Stops the beats of the slow one.
async fn deafen(two: &Two) -> Stop {
    let stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    two.other.sql("superuser").await.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    stop.reached().await;
    stop
}

/// Asks the other for something: it must not be answered before the slow one knows. Gives the answer.
async fn waited(two: &Two, method: &str, path: &str, body: Option<Value>) -> Answer {
    let stop = deafen(two).await;
    let committed = two.other.fresh().memory.hooks().count_at(Point::Committed);
    let admin = two.other.admin();
    let request = admin.raw(method, path).header("Idempotency-Key", "\"the-same\"").header("If-Match", "*");
    let request = match (method, &body) {
        (_, None) => request,
        ("PATCH", Some(body)) => request.body("application/merge-patch+json", body.to_string()),
        (_, Some(body)) => request.json(body),
    };
    let mut asking = tokio::spawn(request.send());
    tokio::select! {
        () = committed.reached() => {}
        answer = &mut asking => panic!("it waits for nobody: {answer:?}"),
    }
    assert!(!asking.is_finished(), "{method} {path} is answered before everybody knows");
    drop(stop);
    let answer = asking.await.unwrap();
    assert_eq!(told(&answer), (&json!("everywhere"), 2, 0), "{answer:?}");
    answer
}

fn of(two: &Two, key: &Held, verb: &str) -> String {
    two.other.admin().at(&format!("/keys/{}{verb}", key.id))
}

// F14
#[tokio::test]
async fn revoking_and_disabling_wait_and_so_do_their_repetitions() {
    let two = Two::new().await;
    for (verb, code) in [("/disable", "already_disabled"), ("/revoke", "already_revoked")] {
        let key = two.remembered().await;
        waited(&two, "POST", &of(&two, &key, verb), None).await.expect(200);
        assert!(!accepts(&two.slow, &key.secret).await);
        waited(&two, "POST", &of(&two, &key, verb), None).await.problem(409, code);
    }
}

// F14
#[tokio::test]
async fn changing_a_gate_and_deleting_it_wait_and_so_do_their_repetitions() {
    let two = Two::new().await;
    let admin = two.other.admin();
    let wish = json!({ "mesh": "main", "name": "gate", "methods": { "GET": "read" } });
    admin.post(&admin.at("/gates"), wish).await.expect(201);
    let path = admin.at("/gates/gate");
    for _ in 0..2 {
        let wish = json!({ "methods": { "GET": "admin" } });
        let changed = waited(&two, "PATCH", &path, Some(wish)).await.expect(200);
        assert_eq!(changed.body["version"], 2);
    }
    waited(&two, "DELETE", &path, None).await.expect(200);
    // One whose answer was lost is sent again: that it is not there is said only when it is nowhere.
    let stop = deafen(&two).await;
    let committed = two.other.fresh().memory.hooks().count_at(Point::Committed);
    let again = tokio::spawn(admin.raw("DELETE", &path).send());
    committed.reached().await;
    assert!(!again.is_finished(), "it is answered before everybody knows");
    drop(stop);
    again.await.unwrap().problem(404, "not_found");
}

// F14, H9
#[tokio::test]
async fn a_rotation_without_overlap_its_replay_and_its_early_end_wait() {
    let two = Two::new().await;
    let key = two.remembered().await;
    let none = json!({ "overlap": "0s" });
    let first = waited(&two, "POST", &of(&two, &key, "/rotate"), Some(none.clone())).await.expect(200).clone();
    assert!(!accepts(&two.slow, &key.secret).await && first.body["secret"].is_string());
    let replay = waited(&two, "POST", &of(&two, &key, "/rotate"), Some(none)).await.expect(200).clone();
    assert_eq!((&replay.body["secret"], replay.header("idempotent-replayed")), (&Value::Null, "true"));

    let key = two.remembered().await;
    let admin = two.other.admin();
    admin.act(&of(&two, &key, "/rotate")).await.expect(200);
    assert!(accepts(&two.slow, &key.secret).await);
    waited(&two, "POST", &of(&two, &key, "/rotate/finish"), None).await.expect(200);
    assert!(!accepts(&two.slow, &key.secret).await);
    waited(&two, "POST", &of(&two, &key, "/rotate/finish"), None).await.problem(409, "not_rotating");
}

// F14
#[tokio::test]
async fn narrowing_waits_whatever_is_narrowed_and_so_does_an_edit_that_changes_nothing() {
    let two = Two::new().await;
    let admin = two.other.admin();
    let wish = json!({ "capabilities": ["read", "send"], "topics": ["deploys", "secrets"], "mesh": "main" });
    let (key, _) = admin.issue(wish).await;
    let key = Held { id: id(&key), secret: key["secret"].as_str().unwrap().to_owned() };
    let edits = [
        json!({ "capabilities": ["read"] }),
        json!({ "topics": ["deploys"] }),
        json!({ "addresses": ["192.0.2.0/24"] }),
        json!({ "rate": { "per_minute": 60, "burst": 10 } }),
        json!({ "rate": { "per_minute": 60, "burst": 9 } }),
        json!({ "expires_at": "2026-12-31T00:00:00Z" }),
        json!({ "expires_at": "2026-12-31T00:00:00Z" }),
    ];
    let secrets = "/v1/meshes/main/topics/secrets/messages";
    holder(&two.slow, &key.secret).get(secrets).await.expect(200);
    for edit in edits {
        waited(&two, "PATCH", &of(&two, &key, ""), Some(edit)).await.expect(200);
    }
    assert_eq!(holder(&two.slow, &key.secret).get(secrets).await.status, 403);
}

// F14
#[tokio::test]
async fn archiving_and_suspending_wait() {
    let two = Two::new().await;
    let admin = two.other.admin();
    let (key, _) = admin.issue(json!({ "capabilities": ["read"], "topics": "all", "mesh": "main" })).await;
    let secret = key["secret"].as_str().unwrap();
    assert!(accepts(&two.slow, secret).await);
    waited(&two, "POST", &admin.at("/meshes/main/archive"), None).await.expect(200);
    assert!(!accepts(&two.slow, secret).await);
    waited(&two, "POST", &admin.at("/meshes/main/archive"), None).await.problem(409, "already_archived");
    admin.act(&admin.at("/meshes/main/unarchive")).await.expect(200);
    assert!(accepts(&two.slow, secret).await);

    let suspended = two.other.meshkey(&["org", "suspend", "acme", "--json"]);
    assert!(!accepts(&two.slow, secret).await && !accepts(&two.other, secret).await);
    assert_eq!((&suspended["effective"], &suspended["acknowledged"]), (&json!("everywhere"), &json!(2)));
    let again = two.other.try_meshkey(&["org", "suspend", "acme"]);
    let words = String::from_utf8(again.stderr).unwrap();
    assert!(again.status.code() == Some(6) && words.contains("effective everywhere"), "{words}");
    two.other.meshkey(&["org", "resume", "acme", "--json"]);
    assert!(accepts(&two.slow, secret).await);
}

#[tokio::test]
async fn narrowing_waits_for_who_does_not_answer_until_it_trusts_nothing() {
    let two = Two::with(&SILENT).await;
    let (key, admin) = (two.remembered().await, two.other.admin());
    let _stop = deafen(&two).await;
    let edit = json!({ "addresses": ["192.0.2.0/24"] });
    let answer = admin.patch(&of(&two, &key, ""), edit, "*").await.expect(200).clone();
    assert_eq!(told(&answer), (&json!("everywhere"), 1, 1), "{answer:?}");
}

#[tokio::test]
async fn what_a_gate_is_and_that_it_is_not_waits_for_who_does_not_answer_until_it_trusts_nothing() {
    let two = Two::with(&SILENT).await;
    let admin = two.other.admin();
    let wish = json!({ "mesh": "main", "name": "gate", "methods": { "GET": "read" } });
    admin.post(&admin.at("/gates"), wish).await.expect(201);
    let path = admin.at("/gates/gate");
    let _stop = deafen(&two).await;
    let changed = admin.patch(&path, json!({ "methods": { "GET": "admin" } }), "*").await.expect(200);
    let deleted = admin.delete(&path).await.expect(200);
    for answer in [changed, deleted] {
        let (effective, acknowledged, _) = told(&answer);
        assert_eq!((effective, acknowledged), (&json!("everywhere"), 1), "{answer:?}");
    }
}

#[tokio::test]
async fn what_takes_nothing_away_waits_for_nobody_who_does_not_answer() {
    let two = Two::new().await;
    let (key, admin) = (two.remembered().await, two.other.admin());
    let stop = deafen(&two).await;
    let edit = json!({ "label": "another name" });
    let answer = admin.patch(&of(&two, &key, ""), edit, "*").await.expect(200).clone();
    assert!(answer.body.get("effective").is_none(), "{answer:?}");
    drop(stop);
}
