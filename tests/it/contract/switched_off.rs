//! A suspended org, an archived mesh, a database out of reach: every door says so, and works again afterwards.

use serde_json::json;

use super::scene::{Call, Scene};
use crate::{client::Client, promise::PROMISE};

/// A call of every guarded operation, prepared while everything still works.
async fn every_call(scene: &Scene) -> Vec<Call> {
    let mut calls = Vec::new();
    for operation in PROMISE.guarded() {
        calls.push(scene.call(operation).await);
    }
    calls
}

async fn all_refused(calls: &[Call], client: &Client, status: u16, code: &str) {
    for call in calls {
        call.by(client).await.problem(status, code);
        call.garbled_by(client).await.problem(status, code);
    }
}

//
#[tokio::test]
async fn keys_of_a_suspended_org_are_refused_until_it_is_resumed() {
    let scene = Scene::new().await;
    let calls = every_call(&scene).await;
    let other = scene.house.org("rival").admin;
    scene.house.meshkey(&["org", "suspend", "acme"]);
    all_refused(&calls, &scene.admin, 403, "org_suspended").await;
    other.get("/v1/whoami").await.expect(200);
    scene.house.meshkey(&["org", "resume", "acme"]);
    scene.admin.get("/v1/whoami").await.expect(200);
}

//
#[tokio::test]
async fn keys_of_an_archived_mesh_are_refused_until_it_is_taken_back() {
    let scene = Scene::new().await;
    let calls = every_call(&scene).await;
    let holder = scene.holder(&["admin"], json!("all")).await;
    let verb = |verb: &str| scene.admin.at(&format!("/meshes/main/{verb}"));
    scene.admin.act(&verb("archive")).await.expect(200);
    all_refused(&calls, &holder, 403, "mesh_archived").await;
    scene.admin.act(&verb("unarchive")).await.expect(200);
    holder.get("/v1/whoami").await.expect(200);
}

#[tokio::test]
async fn nobody_works_in_an_archived_mesh() {
    let scene = Scene::new().await;
    let mut calls = every_call(&scene).await;
    calls.retain(|call| call.operation.path.starts_with("/v1/meshes/"));
    assert!(!calls.is_empty());
    scene.admin.act(&scene.admin.at("/meshes/main/archive")).await.expect(200);
    all_refused(&calls, &scene.admin, 403, "mesh_archived").await;
}

// G-12
#[tokio::test]
async fn a_store_out_of_reach_is_said_and_never_taken_for_a_bad_key() {
    let scene = Scene::new().await;
    let calls = every_call(&scene).await;
    scene.house.set_reachable(false).await;
    for call in &calls {
        let answer = call.by(&scene.admin).await;
        answer.problem(503, "store_unavailable");
    }
    let stranger = scene.house.stranger();
    stranger.get("/livez").await.expect(200);
    stranger.get("/readyz").await.problem(503, "store_unavailable");
    stranger.get("/v1/whoami").await.problem(401, "unauthenticated");
    scene.house.set_reachable(true).await;
    stranger.get("/readyz").await.expect(200);
    scene.admin.get("/v1/whoami").await.expect(200);
}
