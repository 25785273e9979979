//! What is not understood is refused, says what it was, and changes nothing.

use meshkey::domain::{Secret, secret::Prefix};
use serde_json::{Value, json};

use super::scene::{Call, Scene, id};
use crate::{
    client::Answer,
    promise::PROMISE,
    tools::{dump, unsettled},
};

/// Whether one of the faults is about this place.
#[track_caller]
fn ensure_it_names(answer: &Answer, kind: &str, place: &str) {
    let problem = answer.problem(422, "invalid_input");
    let faults = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors: {answer:?}"));
    assert!(
        faults.iter().any(|fault| fault[kind].as_str().is_some_and(|named| named.starts_with(place))),
        "{kind} {place}: {answer:?}"
    );
}

async fn with_body(scene: &Scene, call: &Call, media: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = scene.admin.raw(&call.operation.method, &call.path);
    let request = if call.operation.method == "patch" { request.header("If-Match", "*") } else { request };
    request.body(media, body).send().await
}

// G-24
#[tokio::test]
async fn a_body_of_another_kind_too_long_or_not_understood_is_refused() {
    let scene = Scene::new().await;
    for operation in PROMISE.guarded() {
        let call = scene.call(operation).await;
        let media = operation.body.as_ref().map_or("application/json", |body| &body.media);
        if operation.body.is_some() {
            let answer = with_body(&scene, &call, "text/plain", "x").await;
            answer.problem(415, "unsupported_media_type");
            ensure_it_says_what_would_do(&answer, &operation.method, media);
        }
        if operation.method == "get" {
            for body in ["{}", "{not json"] {
                with_body(&scene, &call, media, body).await.problem(400, "invalid_request");
            }
            continue;
        }
        with_body(&scene, &call, media, "{not json").await.problem(400, "malformed_json");
        with_body(&scene, &call, media, vec![b' '; 65 * 1024]).await.problem(413, "payload_too_large");
        with_body(&scene, &call, media, "[1]").await.problem(422, "invalid_input");
        with_body(&scene, &call, media, "7").await.problem(422, "invalid_input");
        let mut strange = call.body.clone().unwrap_or_else(|| json!({}));
        strange["nonsense"] = json!(1);
        ensure_it_names(&with_body(&scene, &call, media, strange.to_string()).await, "pointer", "#/nonsense");
        call.succeeds_by(&scene.admin).await; // none of them has changed anything
    }
}

// What people write is shown to others and written down for good. The operations come from the document: a text that is to come is
// held by it too. Two ask about a key, and keep nothing.
#[tokio::test]
async fn no_text_takes_a_key() {
    let scene = Scene::new().await;
    let key = Secret::generate(&Prefix::default()).unwrap();
    let mut tried = Vec::new();
    for operation in PROMISE.guarded().filter(|operation| !["verifyKey", "explainKey"].contains(&&*operation.id)) {
        let Some(body) = &operation.body else { continue };
        for member in &body.texts {
            let call = scene.call(operation).await;
            for text in [key.reveal().to_owned(), format!("kept as {}", key.reveal())] {
                let mut wish = call.body.clone().unwrap();
                wish[member] = json!(text);
                let answer = with_body(&scene, &call, &body.media, wish.to_string()).await;
                ensure_it_names(&answer, "pointer", &format!("#/{member}"));
                assert!(!format!("{answer:?}").contains(key.reveal()), "{} tells it: {answer:?}", operation.id);
                if answer.body["detail"].as_str().unwrap().contains("this looks like a key") {
                    tried.push(format!("{} {member}", operation.id));
                }
            }
        }
    }
    for text in [
        "issueKey label",
        "issueKey note",
        "editKey note",
        "revokeKey reason",
        "editTopic description",
        "editMesh name",
    ] {
        assert!(tried.iter().any(|one| one == text), "{text}: {tried:?}");
    }
    let rows = dump(&scene.house.sql("superuser").await, "true").await;
    assert!(!rows.contains(key.reveal()), "it was written down");
}

#[tokio::test]
async fn a_list_is_not_taken_for_an_object() {
    let scene = Scene::new().await;
    let batch = json!({ "items": [["some text", "send", null, null, null]] });
    scene.admin.post("/v1/verify/batch", batch).await.problem(422, "invalid_input");
}

fn ensure_it_says_what_would_do(answer: &Answer, method: &str, media: &str) {
    match method {
        "post" => assert_eq!(answer.header("accept-post"), media),
        "patch" => assert!(answer.header("accept-patch").split(", ").any(|known| known == media)),
        _ => {}
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_understood_is_refused() {
    let scene = Scene::new().await;
    for operation in PROMISE.guarded() {
        let call = scene.call(operation).await;
        let mut odd = vec![("nonsense", "1", 422)];
        for (known, value, status) in
            [("limit", "0", 422), ("limit", "x", 422), ("dry_run", "maybe", 422), ("cursor", "x", 400)]
        {
            if operation.takes(&format!("query:{known}")) {
                odd.push((known, value, status));
            }
        }
        for (name, value, status) in odd {
            let path = format!("{}?{name}={value}", call.path);
            let answer = call.complete(scene.admin.raw(&operation.method, &path)).send().await;
            match status {
                400 => drop(answer.problem(400, "invalid_cursor")),
                _ => ensure_it_names(&answer, "parameter", name),
            }
        }
        call.succeeds_by(&scene.admin).await;
    }
}

#[tokio::test]
async fn a_patch_says_what_it_has_seen() {
    let scene = Scene::new().await;
    for operation in PROMISE.guarded().filter(|operation| operation.method == "patch") {
        let call = scene.call(operation).await;
        let before = scene.admin.get(&call.path).await.expect(200);
        let media = &operation.body.as_ref().unwrap().media;
        let patch = |header: Option<&str>| {
            let request = scene.admin.raw("PATCH", &call.path).body(media, call.body.clone().unwrap().to_string());
            header.into_iter().fold(request, |request, value| request.header("If-Match", value)).send()
        };
        patch(None).await.problem(428, "precondition_required");
        patch(Some("\"v999999\"")).await.problem(412, "precondition_failed");
        assert_eq!(scene.admin.get(&call.path).await.body, before.body, "{}", operation.id);
        let seen = patch(Some(&format!("\"v999999\", {}", before.etag()))).await.expect(200);
        assert_ne!(seen.etag(), before.etag());
        patch(Some(&before.etag())).await.problem(412, "precondition_failed");
    }
}

#[tokio::test]
async fn a_dry_run_tells_and_changes_nothing() {
    let scene = Scene::new().await;
    for operation in PROMISE.guarded().filter(|operation| operation.takes("query:dry_run")) {
        let call = scene.call(operation).await;
        let keys = || async { scene.admin.get(&scene.admin.at("/keys?limit=200")).await.expect(200).body };
        let before = without_uses(keys().await);
        let path = format!("{}?dry_run=true", call.path);
        let told = call.complete(scene.admin.raw(&operation.method, &path)).send().await.expect(200);
        assert_eq!(told.body["dry_run"], true, "{told:?}");
        assert_eq!(without_uses(keys().await), before, "{} was not dry", operation.id);
        call.succeeds_by(&scene.admin).await;
    }
}

/// The keys of a page without when they were used, which is written from time to time.
fn without_uses(mut page: Value) -> Vec<Value> {
    let mut keys = std::mem::take(page["items"].as_array_mut().unwrap());
    for key in &mut keys {
        let members = key.as_object_mut().unwrap();
        members.retain(|name, _| !name.starts_with("last_used"));
        for secret in members["secrets"].as_array_mut().unwrap() {
            secret.as_object_mut().unwrap().remove("last_used_at");
        }
    }
    keys
}

// G-35
#[tokio::test]
async fn an_idempotency_key_replays_the_first_answer_and_no_other() {
    let scene = Scene::new().await;
    for operation in PROMISE.guarded().filter(|operation| operation.takes("header:Idempotency-Key")) {
        let call = scene.call(operation).await;
        let media = &operation.body.as_ref().unwrap().media;
        let send = |body: &Value| {
            let request = scene.admin.raw(&operation.method, &call.path).header("Idempotency-Key", "\"once\"");
            request.body(media, body.to_string()).send()
        };
        let body = call.body.clone().unwrap();
        let (first, again) = (send(&body).await, send(&body).await);
        assert!(operation.successes.contains(&first.status), "{first:?}");
        let mut replayed = first.body.clone();
        for shown_once in ["secret", "link"] {
            if replayed.get(shown_once).is_some() {
                replayed[shown_once] = Value::Null;
            }
        }
        assert_eq!(
            (again.status, unsettled(again.body.clone())),
            (first.status, unsettled(replayed)),
            "{}",
            operation.id
        );
        let mut other = body.clone();
        match operation.id.as_str() {
            "rotateKey" => other["overlap"] = json!("2h"),
            "sendMessage" => other["body"] = json!("other"),
            "issueKey" => other["label"] = json!("other"),
            "createMesh" => other["name"] = json!("Other"),
            "createInvitation" => other["role"] = json!("viewer"),
            _ => other["description"] = json!("other"),
        }
        send(&other).await.problem(422, "idempotency_key_reused");
    }
}

//
#[tokio::test]
async fn a_fault_is_named_where_it_is() {
    let scene = Scene::new().await;
    let keys = scene.admin.at("/keys");
    let sound = json!({ "label": "l", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] });
    let faults = [
        ("label", json!("   "), "#/label"),
        ("label", json!("x".repeat(65)), "#/label"),
        ("label", json!("nul\u{0}"), "#/label"),
        ("note", json!("x".repeat(1001)), "#/note"),
        ("capabilities", json!([]), "#/capabilities"),
        ("capabilities", json!(["send", "sned"]), "#/capabilities"),
        ("topics", json!([]), "#/topics"),
        ("topics", json!(null), "#/topics"),
        ("topics", json!(["deploys", "nowhere"]), "#/topics"),
        ("topics", json!(["*"]), "#/topics"),
        ("expires_at", json!("2001-01-01T00:00:00Z"), "#/expires_at"),
        ("expires_at", json!("tomorrow"), "#/expires_at"),
        ("addresses", json!([]), "#/addresses"),
        ("addresses", json!(["10.0.0.0/33"]), "#/addresses"),
        ("mesh", json!("nowhere"), "#/mesh"),
    ];
    for (member, value, pointer) in faults {
        let mut wanted = sound.clone();
        wanted[member] = value;
        ensure_it_names(&scene.admin.post(&keys, wanted).await, "pointer", pointer);
    }
    for left_out in ["label", "capabilities", "topics"] {
        let mut wanted = sound.clone();
        wanted.as_object_mut().unwrap().remove(left_out);
        scene.admin.post(&keys, wanted).await.problem(422, "invalid_input");
    }
    let key = scene.admin.post(&keys, sound).await.expect(201);
    assert!(key.header("location").ends_with(&id(&key.body)));
}
