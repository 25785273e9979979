//! A gate is its org's: to whom it does not concern it looks like one that is not there, and strangers learn nothing of it.

use serde_json::{Value, json};

use super::{asked, at_nginx, face, made, question, word};
use crate::{
    client::Client,
    contract::scene::nobodys,
    forward::{PAIRS, decided},
    house::House,
    metrics::counted,
};

// A-13, G-38
#[tokio::test]
async fn a_gate_that_is_anothers_deleted_or_never_there_is_the_same_to_the_byte() {
    let house = House::new().await;
    let (admin, rival) = (house.admin(), house.org("rival").admin);
    rival.post(&rival.at("/meshes"), json!({ "slug": "main" })).await.expect(201);
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    let methods = json!({ "GET": "read" });
    let own = made(&admin, "own", methods.clone(), json!({ "segment": 2 })).await;
    let theirs = made(&rival, "own", methods.clone(), Value::Null).await;
    let deleted = made(&admin, "deleted", methods, Value::Null).await;
    admin.delete(&admin.at(&format!("/gates/{deleted}"))).await.expect(200);
    // It is remembered here under its org, and found under no other.
    assert_eq!(word(&at_nginx(&house, &theirs, &rival, ("GET", "/")).await), "ok");
    let (_, sibling) = admin.issue(json!({ "mesh": "other", "capabilities": ["admin"], "topics": "all" })).await;
    let (_, local) = admin.issue(json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" })).await;
    let mut asked_in_vain = 0;
    for (dialect, ..) in PAIRS.into_iter().filter(|(dialect, ..)| *dialect != "skipper") {
        for (key, gates) in [
            (&admin, vec![&theirs, &deleted]),
            (&local, vec![&theirs, &deleted]),
            (&rival, vec![&own, &deleted]),
            (&sibling, vec![&own, &theirs, &deleted]),
        ] {
            // A method that is not named and a path without its topic are not told of either.
            for request in [("GET", "/x/deploys"), ("DELETE", "/x/deploys"), ("GET", "/x")] {
                let nothing = asked(&house, dialect, &nobodys("gate"), key, request).await;
                let problem = nothing.problem(403, "insufficient_scope");
                assert_eq!(problem["denial"], "wrong_mesh");
                for gate in &gates {
                    let said = asked(&house, dialect, gate, key, request).await;
                    assert_eq!(face(&said), face(&nothing), "{dialect} {request:?}");
                    asked_in_vain += 1;
                }
                asked_in_vain += 1;
            }
        }
    }
    assert_eq!(counted(&house, "meshkey_forward_auth_denials_total{code=\"wrong_mesh\"}"), asked_in_vain);
    assert_eq!(counted(&house, "meshkey_forward_auth_misconfigured_total"), 0, "a client can raise an alarm");
}

#[tokio::test]
async fn whose_key_is_not_accepted_learns_of_no_gate() {
    let house = House::new().await;
    let admin = house.admin();
    let gate = made(&admin, "gate", json!({ "GET": "read" }), Value::Null).await;
    let (key, dead) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    admin.act(&admin.at(&format!("/keys/{}/revoke", crate::tools::id(&key)))).await.expect(200);
    for request in [("GET", "/"), ("DELETE", "/")] {
        let (method, path, lines) = question("nginx", &gate, request.0, request.1);
        let stranger = decided(&house, &method, &path, &lines).await;
        stranger.problem(401, "unauthenticated");
        let refused = at_nginx(&house, &gate, &dead, request).await;
        refused.problem(401, "invalid_token");
        let (_, nowhere, _) = question("nginx", &nobodys("gate"), "GET", "/");
        assert_eq!(face(&decided(&house, &method, &nowhere, &lines).await), face(&stranger));
        assert_eq!(face(&at_nginx(&house, &nobodys("gate"), &dead, request).await), face(&refused));
    }
}

#[tokio::test]
async fn only_an_admin_of_the_whole_org_has_to_do_with_gates() {
    let house = House::new().await;
    let admin = house.admin();
    let gate = made(&admin, "gate", json!({ "GET": "read" }), Value::Null).await;
    let (all, one) = (admin.at("/gates"), admin.at(&format!("/gates/{gate}")));
    let wish = json!({ "mesh": "main", "name": "more", "methods": { "GET": "read" } });
    let refused = async |wanted: Value, denial: &str| {
        let (_, key): (Value, Client) = admin.issue(wanted).await;
        for answer in [
            key.get(&all).await,
            key.post(&all, wish.clone()).await,
            key.get(&one).await,
            key.patch(&one, json!({ "name": "mine" }), "*").await,
            key.delete(&one).await,
        ] {
            assert_eq!(answer.problem(403, "insufficient_scope")["denial"], denial, "{answer:?}");
        }
    };
    refused(json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" }), "wrong_mesh").await;
    refused(json!({ "capabilities": ["admin"], "topics": ["deploys"] }), "topic_out_of_scope").await;
    refused(
        json!({ "capabilities": ["send", "read", "state_write", "verify"], "topics": "all" }),
        "capability_missing",
    )
    .await;
    assert_eq!(admin.get(&one).await.expect(200).body["version"], 1);
    assert_eq!(admin.get(&all).await.expect(200).items().len(), 1);
}

#[tokio::test]
async fn what_is_switched_off_is_told_before_what_the_gate_says() {
    let house = House::new().await;
    let admin = house.admin();
    let gate = made(&admin, "gate", json!({ "GET": "read" }), json!({ "segment": 2 })).await;
    let near = json!({ "capabilities": ["read"], "topics": "all", "addresses": ["192.0.2.0/24"] });
    let (_, near) = admin.issue(near).await;
    let all = [("GET", "/x/deploys"), ("GET", "/x"), ("DELETE", "/x/deploys")];
    for request in all {
        assert_eq!(word(&at_nginx(&house, &gate, &near, request).await), "ip_not_allowed");
    }
    admin.act(&admin.at("/meshes/main/archive")).await.expect(200);
    for request in all {
        assert_eq!(word(&at_nginx(&house, &gate, &admin, request).await), "mesh_archived");
    }
    let wish = json!({ "mesh": "main", "name": "late", "methods": { "GET": "read" } });
    let problem = admin.post(&admin.at("/gates"), wish).await.problem(422, "invalid_input");
    assert_eq!(problem["errors"][0]["pointer"], "#/mesh");
}
