//! Verify: every answer that it has, one at a time and a hundred at once.

use serde_json::{Value, json};

use super::{client::Client, house::House};

/// Asks whether the key may do that on `#deploys` in mesh `main`; `more` changes the question.
fn question(key: &str, more: &Value) -> Value {
    let mut question = json!({ "key": key, "capability": "send", "mesh": "main", "topic": "deploys" });
    question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    question
}

async fn code(asker: &Client, key: &str, more: Value) -> String {
    let answer = asker.post("/v1/verify", question(key, &more)).await.expect(200);
    let verdict = &answer.body;
    let end = answer.headers.get("x-meshkey-key-expires-at").map(|end| end.to_str().unwrap());
    assert_eq!(end, verdict["key"]["expires_at"].as_str(), "{answer:?}");
    assert_eq!(verdict["allowed"], verdict["code"] == "ok", "{verdict}");
    assert_eq!(verdict["key"].is_null(), verdict["code"] == "unknown_key", "{verdict}");
    assert!(!verdict.to_string().contains(key) && !verdict["detail"].as_str().unwrap().is_empty());
    verdict["code"].as_str().unwrap().to_owned()
}

async fn sender(admin: &Client) -> (String, Client) {
    let (key, holder) = admin.issue(json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] })).await;
    (key["id"].as_str().unwrap().to_owned(), holder)
}

#[tokio::test]
async fn every_reason_is_told_to_who_may_ask() {
    // P-5, P-9
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    let (_, asker) = admin.issue(json!({ "capabilities": ["verify"], "topics": "all" })).await;
    let (id, key) = sender(&admin).await;
    let key = key.secret();
    assert_eq!(code(&asker, key, json!({})).await, "ok");
    assert_eq!(code(&asker, key, json!({ "capability": "read" })).await, "capability_missing");
    assert_eq!(code(&asker, key, json!({ "topic": "secrets" })).await, "topic_out_of_scope");
    assert_eq!(code(&asker, key, json!({ "topic": null })).await, "topic_out_of_scope");
    assert_eq!(code(&asker, key, json!({ "mesh": "other" })).await, "wrong_mesh");
    // Left out, it is about the whole org, for which a mesh's key does not act.
    assert_eq!(code(&asker, key, json!({ "mesh": null })).await, "wrong_mesh");
    assert_eq!(code(&asker, "no key at all", json!({})).await, "unknown_key");
    assert_eq!(code(&asker, house.org("rival").admin.secret(), json!({})).await, "unknown_key");

    let archive = |verb: &str| admin.at(&format!("/meshes/main/{verb}"));
    admin.act(&archive("archive")).await.expect(200);
    assert_eq!(code(&asker, key, json!({})).await, "mesh_archived");
    assert_eq!(code(&asker, admin.secret(), json!({})).await, "mesh_archived");
    admin.act(&archive("unarchive")).await.expect(200);

    let verb = |verb: &str| admin.at(&format!("/keys/{id}/{verb}"));
    admin.act(&verb("disable")).await.expect(200);
    assert_eq!(code(&asker, key, json!({})).await, "disabled");
    let end = "UPDATE api_keys SET expires_at = clock_timestamp() WHERE id = $1";
    let uuid = id.parse::<meshkey::domain::KeyId>().unwrap().uuid();
    let db = house.sql("superuser").await;
    db.execute(end, &[&uuid]).await.unwrap();
    crate::tools::until_heard(&db).await;
    assert_eq!(code(&asker, key, json!({})).await, "expired");
    admin.act(&verb("revoke")).await.expect(200);
    assert_eq!(code(&asker, key, json!({})).await, "revoked");
}

#[tokio::test]
async fn a_batch_has_up_to_a_hundred_questions_and_answers_in_their_order() {
    let house = House::new().await;
    let admin = house.admin();
    let (_, key) = sender(&admin).await;
    let of = |count: usize| -> Value {
        let ask = |number: usize| match number % 4 {
            0 => question(key.secret(), &json!({})),
            1 => question("nothing", &json!({})),
            2 => question(key.secret(), &json!({ "capability": "read" })),
            _ => question(admin.secret(), &json!({ "topic": "secrets" })),
        };
        json!({ "items": (0..count).map(ask).collect::<Vec<_>>() })
    };
    let answer = admin.post("/v1/verify/batch", of(100)).await.expect(200);
    assert_eq!(answer.items().len(), 100);
    for (number, verdict) in answer.items().iter().enumerate() {
        assert_eq!(verdict["code"], ["ok", "unknown_key", "capability_missing", "ok"][number % 4], "{number}");
    }
    for count in [0, 101] {
        let problem = admin.post("/v1/verify/batch", of(count)).await.problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["pointer"], "#/items");
    }
    let mut wrong = of(3);
    wrong["items"][2]["mesh"] = json!("nowhere");
    let problem = admin.post("/v1/verify/batch", wrong).await.problem(422, "invalid_input");
    assert_eq!(problem["errors"][0]["pointer"], "#/items/2/mesh");
    let mut wrong = of(3);
    wrong["items"][1]["capability"] = json!("upload");
    let problem = admin.post("/v1/verify/batch", wrong).await.problem(422, "invalid_input");
    assert_eq!(problem["errors"][0]["pointer"], "#/items/1/capability");
}

#[tokio::test]
async fn an_asker_learns_of_nothing_beyond_its_own_reach() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    let verify = |topics: Value| json!({ "mesh": "main", "capabilities": ["verify"], "topics": topics });
    let (_, asker) = admin.issue(verify(json!("all"))).await;
    let (_, confined) = admin.issue(verify(json!(["deploys"]))).await;
    let (_, sibling) = admin.issue(json!({ "mesh": "other", "capabilities": ["send"], "topics": "all" })).await;
    let (_, key) = sender(&admin).await;
    assert_eq!(code(&asker, sibling.secret(), json!({})).await, "unknown_key");
    // An org-wide key acts in this mesh too.
    assert_eq!(code(&asker, admin.secret(), json!({})).await, "ok");
    asker.post("/v1/verify", question(key.secret(), &json!({ "mesh": "other" }))).await.problem(422, "invalid_input");
    assert_eq!(code(&confined, key.secret(), json!({})).await, "ok");
    for topic in [json!("secrets"), json!(null)] {
        let body = question(key.secret(), &json!({ "topic": topic }));
        let problem = confined.post("/v1/verify", body).await.problem(403, "insufficient_scope");
        assert_eq!(problem["denial"], "topic_out_of_scope");
    }
    // Who may verify may do nothing else.
    asker.get("/v1/meshes/main/topics").await.problem(403, "insufficient_scope");
}
