//! Each capability opens exactly the doors that `security` names, and no other.

use serde_json::{Value, json};

use super::scene::{CAPABILITIES, Call, Scene, id};
use crate::{client::Client, promise::PROMISE};

/// Asks with every single capability: first those that must not do, then those that must. Since the call succeeds at the
/// end on the ground that was prepared before, none of the refused ones has changed anything.
async fn opens_exactly(scene: &Scene, holders: &[(&str, Client)], of_the_org: bool) {
    for operation in PROMISE.guarded() {
        let needed = operation.capability();
        let in_reach = of_the_org || operation.reach != "org";
        let may = |held: &str| in_reach && needed.is_none_or(|needed| held == needed || held == "admin");
        let place = if in_reach { scene.place(operation).await } else { scene.main_place() };
        let call = Call::new(operation, &place);
        for (held, client) in holders.iter().filter(|(held, _)| !may(held)) {
            let answer = call.by(client).await;
            let problem = answer.problem(403, "insufficient_scope");
            let garbled = call.garbled_by(client).await;
            assert_eq!(garbled.face(), answer.face(), "{held} at {}", operation.id);
            if in_reach {
                ensure_it_names(&problem, answer.header("www-authenticate"), needed.unwrap());
            }
        }
        let mut call = Some(call);
        for (_, client) in holders.iter().filter(|(held, _)| may(held)) {
            let ready = match call.take() {
                Some(first) => first,
                None => scene.call(operation).await,
            };
            ready.succeeds_by(client).await;
        }
    }
}

/// The refusal says which capability was missing (P-5).
fn ensure_it_names(problem: &Value, challenge: &str, needed: &str) {
    assert_eq!((&problem["denial"], &problem["capability"]), (&json!("capability_missing"), &json!(needed)));
    let wanted = format!(r#"Bearer realm="meshkey", error="insufficient_scope", scope="{needed}""#);
    assert_eq!(challenge, wanted);
}

// G-1, G-2, G-5, G-6, T-4
#[tokio::test]
async fn each_capability_of_an_orgs_key_opens_exactly_its_doors() {
    let scene = Scene::new().await;
    let mut holders = Vec::new();
    for capability in CAPABILITIES {
        holders.push((capability, scene.org_holder(&[capability], json!("all")).await));
    }
    opens_exactly(&scene, &holders, true).await;
}

// A-1, G-2, G-5
#[tokio::test]
async fn each_capability_of_a_meshs_key_opens_its_doors_within_the_mesh() {
    let scene = Scene::new().await;
    let mut holders = Vec::new();
    for capability in CAPABILITIES {
        holders.push((capability, scene.holder(&[capability], json!("all")).await));
    }
    opens_exactly(&scene, &holders, false).await;
}

#[tokio::test]
async fn a_key_without_admin_may_look_at_rotate_and_revoke_itself() {
    let scene = Scene::new().await;
    for operation in PROMISE.guarded().filter(|operation| operation.is_open_to_itself()) {
        let wanted = json!({ "mesh": scene.main, "capabilities": ["send"], "topics": ["deploys"] });
        let (key, mut holder) = scene.admin.issue(wanted).await;
        if operation.id == "finishRotation" {
            let rotated = holder.act(&holder.at(&format!("/keys/{}/rotate", id(&key)))).await.expect(200);
            let finish = holder.at(&format!("/keys/{}/rotate/finish", id(&key)));
            holder.act(&finish).await.problem(403, "exceeds_authority"); // the older secret
            holder = holder.with_key(rotated.body["secret"].as_str().unwrap());
        }
        let mut place = scene.main_place();
        place.key = id(&key);
        let call = Call::new(operation, &place);
        call.by(&scene.holder(&["send"], json!(["deploys"])).await).await.problem(403, "insufficient_scope");
        call.succeeds_by(&holder).await;
    }
}

// A-2
#[tokio::test]
async fn a_holder_without_admin_takes_no_others_along() {
    let scene = Scene::new().await;
    let (key, holder) = scene.admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    let revoke = holder.at(&format!("/keys/{}/revoke", id(&key)));
    holder.post(&revoke, json!({ "cascade": true })).await.problem(403, "insufficient_scope");
    holder.act(&revoke).await.expect(200);
}
