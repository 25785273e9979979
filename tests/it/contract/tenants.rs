//! What belongs to another tenant, or to a mesh that the key is not of, is answered like what does not exist.

use serde_json::json;

use super::scene::{Call, Place, Scene, nobodys};
use crate::{
    client::{Answer, Client},
    promise::{Operation, PROMISE},
};

/// Asks there and elsewhere, where nothing is: both answers are the same to the byte. Gives it.
async fn same_as_nothing(operation: &Operation, there: &Place, nowhere: &Place, client: &Client) -> Answer {
    let answer = Call::new(operation, there).by(client).await;
    let nothing = Call::new(operation, nowhere).by(client).await;
    assert_eq!(answer.face(), nothing.face(), "{} tells that it exists", operation.id);
    answer
}

// G-2, G-38
#[tokio::test]
async fn a_sibling_mesh_does_not_exist() {
    let scene = Scene::new().await;
    let (sibling, _) = scene.sibling().await;
    for operation in PROMISE.guarded().filter(|operation| operation.names("mesh") || operation.names("key")) {
        let there = scene.place(operation).await;
        let mut nowhere = Place { key: nobodys("key"), ..there.clone() };
        if operation.names("mesh") {
            nowhere = Place { mesh: nobodys("mesh"), ..there.clone() };
        }
        let answer = same_as_nothing(operation, &there, &nowhere, &sibling).await;
        if operation.reach != "org" {
            answer.problem(404, "not_found");
        }
    }
}

// G-3
#[tokio::test]
async fn a_meshs_admin_sees_its_mesh_in_every_list_and_no_other() {
    let scene = Scene::new().await;
    let (sibling, mesh) = scene.sibling().await;
    scene.holder(&["read"], json!("all")).await;
    let meshes = sibling.get(&sibling.at("/meshes")).await.expect(200);
    assert!(meshes.items().len() == 1 && meshes.items()[0]["id"] == mesh, "{meshes:?}");
    let keys = sibling.get(&sibling.at("/keys")).await.expect(200);
    assert!(keys.items().len() == 1 && keys.items()[0]["owner"]["mesh"] == mesh, "{keys:?}");
    let events = sibling.get(&sibling.at("/audit")).await.expect(200);
    assert!(!events.items().is_empty() && events.items().iter().all(|event| event["mesh"] == mesh), "{events:?}");
}

//
#[tokio::test]
async fn another_tenant_does_not_exist() {
    let scene = Scene::new().await;
    let rival = scene.house.org("rival").admin;
    let placed = |operation: &Operation| ["org", "mesh"].iter().any(|parameter| operation.names(parameter));
    for operation in PROMISE.guarded().filter(|operation| placed(operation)) {
        let there = scene.place(operation).await;
        let nowhere = if operation.names("org") {
            Place { org: nobodys("org"), ..there.clone() }
        } else {
            Place { mesh: nobodys("mesh"), ..there.clone() }
        };
        same_as_nothing(operation, &there, &nowhere, &rival).await.problem(404, "not_found");
        if operation.names("org") {
            let by_slug = Place { org: "acme".to_owned(), ..there.clone() };
            same_as_nothing(operation, &by_slug, &nowhere, &rival).await.problem(404, "not_found");
        }
        Call::new(operation, &there).succeeds_by(&scene.admin).await; // nothing was touched
    }
}

#[tokio::test]
async fn nothing_of_another_tenant_is_found_in_ones_own_org() {
    let scene = Scene::new().await;
    let rival = scene.house.org("rival");
    for operation in PROMISE.guarded().filter(|operation| operation.names("org")) {
        let there = Place { org: rival.id.clone(), ..scene.place(operation).await };
        let nowhere = match (operation.names("mesh"), operation.names("key")) {
            (true, _) => Place { mesh: nobodys("mesh"), ..there.clone() },
            (_, true) => Place { key: nobodys("key"), ..there.clone() },
            _ if operation.names("gate") => Place { gate: nobodys("gate"), ..there.clone() },
            _ if operation.names("invitation") => Place { invitation: nobodys("inv"), ..there.clone() },
            _ if operation.names("user") => Place { user: nobodys("user"), ..there.clone() },
            _ => continue,
        };
        same_as_nothing(operation, &there, &nowhere, &rival.admin).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn nothing_is_told_about_another_tenants_keys() {
    let scene = Scene::new().await;
    let rival = scene.house.org("rival").admin;
    let question = json!({ "key": scene.admin.secret(), "capability": "read" });
    let verdict = rival.post("/v1/verify", question.clone()).await.expect(200);
    assert_eq!((&verdict.body["code"], &verdict.body["key"]), (&json!("unknown_key"), &json!(null)));
    let batch = rival.post("/v1/verify/batch", json!({ "items": [question.clone()] })).await.expect(200);
    assert_eq!(batch.items()[0]["code"], "unknown_key");

    let asked_at = |mesh: &str| {
        let mut question = question.clone();
        question["mesh"] = json!(mesh);
        rival.post("/v1/verify", question)
    };
    let (theirs, nobodys) = (asked_at(&scene.main).await, asked_at(&nobodys("mesh")).await);
    theirs.problem(422, "invalid_input");
    assert_eq!(theirs.face().replace(&scene.main, ""), nobodys.face().replace(&super::scene::nobodys("mesh"), ""));
}
