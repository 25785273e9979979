//! What each role may do, at an org and at a mesh.

use serde_json::{Value, json};

use super::Person;
use crate::{client::Client, house::House};

/// What is asked, and the roles in the whole org that may do it: to manage takes `admin`, and what viewers and members may is
/// done by keys of their own.
const MATRIX: [(&str, &str, &[&str]); 9] = [
    ("GET", "", &["admin", "owner"]),
    ("GET", "/meshes", &["admin", "owner"]),
    ("GET", "/meshes/main/topics", &["admin", "owner"]),
    ("GET", "/keys", &["admin", "owner"]),
    ("GET", "/audit", &["admin", "owner"]),
    ("GET", "/usage", &["admin", "owner"]),
    ("POST", "/keys", &["admin", "owner"]),
    ("POST", "/meshes", &["admin", "owner"]),
    ("POST", "/meshes/main/topics", &["admin", "owner"]),
];

fn body(path: &str, role: &str) -> Value {
    match path {
        "/keys" => json!({ "label": role, "capabilities": ["read"], "topics": "all" }),
        "/meshes" => json!({ "slug": role }),
        _ => json!({ "name": role }),
    }
}

async fn ask(client: &Client, method: &str, path: &str, role: &str) -> u16 {
    let request = client.raw(method, &client.at(path));
    let request = if method == "POST" { request.json(&body(path, role)) } else { request };
    request.send().await.status
}

//
#[tokio::test]
async fn each_role_of_an_org_does_what_it_may_and_no_more() {
    let house = House::new().await;
    for role in ["viewer", "member", "admin", "owner"] {
        let client = Person::in_org(&house, role, role).await.signed_in(&house).await;
        for (method, path, roles) in MATRIX {
            let expected = match (roles.contains(&role), method) {
                (false, _) => 403,
                (true, "POST") => 201,
                _ => 200,
            };
            assert_eq!(ask(&client, method, path, role).await, expected, "{role}: {method} {path}");
        }
    }
}

// A-1, G-2
#[tokio::test]
async fn who_is_something_in_one_mesh_is_nothing_elsewhere() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "yard" })).await.expect(201);
    let person = Person::new(&house, "Sam").await;
    person.becomes(&house, "acme", Some("main"), "admin").await;
    let client = person.signed_in(&house).await;
    let wide = json!({ "label": "wide", "capabilities": ["read"], "topics": "all" });
    let in_main = json!({ "label": "in main", "mesh": "main", "capabilities": ["read"], "topics": "all" });
    let in_yard = json!({ "label": "in yard", "mesh": "yard", "capabilities": ["read"], "topics": "all" });
    admin.post(&admin.at("/keys"), in_yard.clone()).await.expect(201);
    client.post(&client.at("/keys"), wide).await.problem(403, "exceeds_authority");
    client.post(&client.at("/keys"), in_yard.clone()).await.problem(422, "invalid_input");
    client.post(&client.at("/keys"), in_main).await.expect(201);
    assert_eq!(labels(&client).await, ["in main"]);
    assert_eq!(client.get(&client.at("/meshes")).await.expect(200).items().len(), 1);
    client.get(&client.at("/meshes/yard")).await.problem(404, "not_found");
    client.post(&client.at("/meshes"), json!({ "slug": "mine" })).await.problem(403, "insufficient_scope");
    let seen = client.get(&client.at("/audit")).await.expect(200).clone();
    assert!(seen.items().iter().all(|event| event["mesh"].is_string()), "{seen:?}");
    // In a second mesh it reads, and in the whole org it reads: it is an admin of the first alone.
    person.becomes(&house, "acme", Some("yard"), "viewer").await;
    assert_eq!(client.get(&client.at("/meshes")).await.expect(200).items().len(), 2);
    client.post(&client.at("/keys"), in_yard).await.problem(403, "exceeds_authority");
    client.get(&client.at("/audit")).await.problem(403, "insufficient_scope");
    client.get(&client.at("/audit?mesh=yard")).await.problem(403, "insufficient_scope");
    client.get(&client.at("/audit?mesh=main")).await.expect(200);
    client.get(&client.at("/usage?mesh=yard")).await.problem(403, "insufficient_scope");
    person.becomes(&house, "acme", None, "viewer").await;
    client.get(&client.at("/audit")).await.problem(403, "insufficient_scope");
    client.get(&client.at("/usage")).await.problem(403, "insufficient_scope");
    client.get(&client.at("/gates")).await.problem(403, "insufficient_scope");
    assert_eq!(labels(&client).await, ["in main"]);
}

async fn labels(client: &Client) -> Vec<String> {
    let keys = client.get(&client.at("/keys")).await.expect(200).clone();
    keys.items().iter().map(|key| key["label"].as_str().unwrap().to_owned()).collect()
}
