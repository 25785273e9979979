//! What is written down, and what is not.

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    members::made::member,
    promise::PROMISE,
    tools::{count_events, id},
};

async fn newest(admin: &Client) -> Value {
    admin.get(&admin.at("/audit?limit=1")).await.expect(200).items()[0].clone()
}

async fn run(by: &Client, method: &str, path: &str, body: &Value) -> Answer {
    let request = by.raw(method, path);
    let request = if method == "PATCH" { request.header("If-Match", "*") } else { request };
    if body.is_null() { request.send().await } else { request.json(body).send().await }
}

/// A change: its operation, what it asks, the action and the subject that it leaves.
type Change = (&'static str, &'static str, String, Value, &'static str, String);

/// The changes of a gate. Its id is in what is answered.
fn changes_of_a_gate(admin: &Client) -> [Change; 3] {
    let change = |id, method, path: &str, body, action| (id, method, admin.at(path), body, action, String::new());
    let new = json!({ "mesh": "main", "name": "gate", "methods": { "GET": "read" } });
    let other = json!({ "methods": { "PUT": "send" } });
    [
        change("createGate", "POST", "/gates", new, "gate.created"),
        change("editGate", "PATCH", "/gates/gate", other, "gate.edited"),
        change("deleteGate", "DELETE", "/gates/gate", Value::Null, "gate.deleted"),
    ]
}

/// Every other change that can be made over HTTP.
fn changes(admin: &Client, mesh: &str, key: &str) -> Vec<Change> {
    let topic = |name: &str| format!("{mesh}/{name}");
    let change = |id, method, path: String, body: Value, action, subject: String| {
        (id, method, admin.at(&path), body, action, subject)
    };
    let org = admin.at("").split('/').nth(3).unwrap().to_owned();
    let k = |verb: &str| format!("/keys/{key}{verb}");
    let none = Value::Null;
    let key = key.to_owned();
    let mesh = mesh.to_owned();
    vec![
        change("editOrg", "PATCH", String::new(), json!({ "name": "New" }), "org.edited", org),
        change("createMesh", "POST", "/meshes".into(), json!({ "slug": "new" }), "mesh.created", String::new()),
        change("editMesh", "PATCH", "/meshes/main".into(), json!({ "name": "New" }), "mesh.edited", mesh.clone()),
        change("archiveMesh", "POST", "/meshes/main/archive".into(), none.clone(), "mesh.archived", mesh.clone()),
        change("unarchiveMesh", "POST", "/meshes/main/unarchive".into(), none.clone(), "mesh.unarchived", mesh.clone()),
        change(
            "createTopic",
            "POST",
            "/meshes/main/topics".into(),
            json!({ "name": "new" }),
            "topic.created",
            topic("new"),
        ),
        change(
            "editTopic",
            "PATCH",
            "/meshes/main/topics/new".into(),
            json!({ "description": "d" }),
            "topic.edited",
            topic("new"),
        ),
        change(
            "archiveTopic",
            "POST",
            "/meshes/main/topics/new/archive".into(),
            none.clone(),
            "topic.archived",
            topic("new"),
        ),
        change(
            "unarchiveTopic",
            "POST",
            "/meshes/main/topics/new/unarchive".into(),
            none.clone(),
            "topic.unarchived",
            topic("new"),
        ),
        change(
            "issueKey",
            "POST",
            "/keys".into(),
            json!({ "label": "n", "capabilities": ["read"], "topics": "all" }),
            "key.issued",
            String::new(),
        ),
        change(
            "declareCapability",
            "POST",
            "/capabilities".into(),
            json!({ "name": "upload" }),
            "capability.declared",
            "upload".into(),
        ),
        change(
            "editCapability",
            "PATCH",
            "/capabilities/upload".into(),
            json!({ "description": "d" }),
            "capability.edited",
            "upload".into(),
        ),
        change(
            "retireCapability",
            "POST",
            "/capabilities/upload/retire".into(),
            none.clone(),
            "capability.retired",
            "upload".into(),
        ),
        change("editKey", "PATCH", k(""), json!({ "label": "edited" }), "key.edited", key.clone()),
        change("disableKey", "POST", k("/disable"), none.clone(), "key.disabled", key.clone()),
        change("enableKey", "POST", k("/enable"), none.clone(), "key.enabled", key.clone()),
        change("rotateKey", "POST", k("/rotate"), none.clone(), "key.rotated", key.clone()),
        change("finishRotation", "POST", k("/rotate/finish"), none.clone(), "key.rotation_finished", key.clone()),
        change("revokeKey", "POST", k("/revoke"), json!({ "reason": "r" }), "key.revoked", key),
    ]
}

/// The changes of a member.
fn changes_of_a_member(admin: &Client, user: &str) -> [Change; 2] {
    let change = |operation, method, body, action| {
        (operation, method, admin.at(&format!("/members/{user}")), body, action, user.to_owned())
    };
    [
        change("editMember", "PATCH", json!({ "role": "admin" }), "member.edited"),
        change("removeMember", "DELETE", Value::Null, "member.removed"),
    ]
}

/// The changes of an invitation.
fn changes_of_an_invitation(admin: &Client, open: &str) -> [Change; 3] {
    let change = |id, method, path: &str, body, action, of: &str| {
        (id, method, admin.at(&format!("/invitations{path}")), body, action, of.to_owned())
    };
    let new = json!({ "email": "finn@example.com", "role": "viewer" });
    let resend = format!("/{open}/resend");
    [
        change("createInvitation", "POST", "", new, "invitation.created", ""),
        change("resendInvitation", "POST", &resend, Value::Null, "invitation.resent", open),
        change("withdrawInvitation", "DELETE", &format!("/{open}"), Value::Null, "invitation.withdrawn", open),
    ]
}

/// The changes of policies.
fn changes_of_policies(admin: &Client, mesh: &str) -> [Change; 2] {
    let change =
        |id, path: &str, body, subject: &str| (id, "PATCH", admin.at(path), body, "policy.changed", subject.to_owned());
    let org = admin.at("").split('/').nth(3).unwrap().to_owned();
    [
        change("editMeshPolicy", "/meshes/main/policy", json!({ "longest_life": "10d" }), mesh),
        change("editPolicy", "/policy", json!({ "longest_overlap": "1h" }), &org),
    ]
}

/// The changes of the webhook.
fn changes_of_the_webhook(admin: &Client) -> [Change; 2] {
    let org = admin.at("").split('/').nth(3).unwrap().to_owned();
    let change = |id, method, body, action| (id, method, admin.at("/webhook"), body, action, org.clone());
    [
        change("setWebhook", "PUT", json!({ "url": "https://hooks.example.org/" }), "webhook.created"),
        change("removeWebhook", "DELETE", Value::Null, "webhook.removed"),
    ]
}

/// The changing operations that leave an event for each of many keys: see the tests of policies.
const OF_MANY: [&str; 2] = ["spreadKeyEnds", "spreadMeshKeyEnds"];

/// The changing operations that leave no event, because they are no changes of what the audit is about.
const UNCHAINED: [&str; 10] = [
    "deleteMeshState",
    "deleteTopicState",
    "explainKey",
    "giveTicket",
    "putMeshState",
    "putTopicState",
    "sendMessage",
    "testWebhook",
    "verifyKey",
    "verifyKeys",
];

// L-13, L-14, L-15, L-17, L-18, A-14, A-28, G-29
#[tokio::test]
async fn every_change_leaves_exactly_one_event_and_nothing_else_leaves_any() {
    let house = House::new().await;
    let admin = house.admin();
    let forever = json!({ "capabilities": ["admin"], "topics": "all", "expires_at": null });
    let (own, by) = admin.issue(forever).await;
    let key = id(&admin.issue(json!({ "mesh": "main", "capabilities": ["read"], "topics": "all" })).await.0);
    let mesh = house.acme().mesh.unwrap();
    let dana = member(&house, "dana", "member").await;
    let wish = json!({ "email": "erin@example.com", "role": "viewer" });
    let invitation = id(&admin.post(&admin.at("/invitations"), wish).await.expect(201).body);
    let mut operations: Vec<_> = [&UNCHAINED[..], &OF_MANY].concat();
    for (operation, method, path, body, action, subject) in changes(&by, &mesh, &key)
        .into_iter()
        .chain(changes_of_a_gate(&by))
        .chain(changes_of_a_member(&by, &dana))
        .chain(changes_of_an_invitation(&by, &invitation))
        .chain(changes_of_policies(&by, &mesh))
        .chain(changes_of_the_webhook(&by))
    {
        operations.push(operation);
        let before = count_events(&admin).await;
        if PROMISE.named(operation).takes("query:dry_run") {
            run(&by, method, &format!("{path}?dry_run=true"), &body).await.expect(200);
        }
        run(&by, method, &path, &json!({ "nonsense": 1 })).await.problem(422, "invalid_input");
        assert_eq!(count_events(&admin).await, before, "{operation}: a dry or refused change");
        let done = run(&by, method, &path, &body).await;
        assert!(done.status < 300, "{done:?}");
        assert_eq!(count_events(&admin).await, before + 1, "{operation}");
        let event = newest(&admin).await;
        assert_eq!(event["action"], action);
        assert_eq!(event["actor"], json!({ "kind": "key", "id": own["id"] }), "{operation}");
        assert_eq!(
            (&event["request_id"], &event["address"]),
            (&json!(done.header("x-request-id")), &json!("127.0.0.1"))
        );
        let subject = if subject.is_empty() { id(&done.body) } else { subject };
        assert_eq!(event["subject"], json!({ "kind": action.split('.').next().unwrap(), "id": subject }));
        let is_one_of = |words: &[&str]| words.iter().any(|word| action.ends_with(word));
        assert_eq!(event["before"].is_null(), is_one_of(&["created", "issued", "declared"]), "{event}");
        assert_eq!(event["after"].is_null(), is_one_of(&["retired", "deleted", "removed", "withdrawn"]), "{event}");
        assert_ne!(event["before"], event["after"], "{event}");
    }
    operations.sort_unstable();
    let mut changing: Vec<_> = PROMISE
        .guarded()
        .filter(|operation| operation.method != "get")
        .map(|operation| operation.id.as_str())
        .collect();
    changing.sort_unstable();
    assert_eq!(operations, changing, "an operation that changes something was not tried");
}

// L-15
#[tokio::test]
async fn messages_state_and_questions_leave_no_event() {
    let house = House::new().await;
    let admin = house.admin();
    let before = count_events(&admin).await;
    admin.post("/v1/meshes/main/topics/deploys/messages", json!({ "body": 1 })).await.expect(201);
    for place in ["", "/topics/deploys"] {
        let path = format!("/v1/meshes/main{place}/state/x");
        admin.put(&path, json!({ "value": 1 })).await.expect(201);
        admin.delete(&path).await.expect(204);
    }
    admin.post("/v1/verify", json!({ "key": "x", "capability": "read" })).await.expect(200);
    admin.post("/v1/explain", json!({ "capability": "read" })).await.expect(200);
    assert_eq!(count_events(&admin).await, before);
}

// A-16, L-13, L-20
#[tokio::test]
async fn what_is_done_on_the_host_is_written_down_as_local() {
    let house = House::new().await;
    let admin = house.admin();
    house.try_meshkey(&["org", "suspend", "acme"]);
    house.try_meshkey(&["org", "resume", "acme"]);
    house.meshkey(&["org", "key", "acme", "--json"]);
    let events = admin.get(&admin.at("/audit?actor=local&limit=200")).await.expect(200);
    let actions: Vec<_> = events.items().iter().rev().map(|event| event["action"].as_str().unwrap()).collect();
    let founding = ["org.created", "mesh.created", "topic.created", "topic.created", "key.issued"];
    assert_eq!(actions, [&founding[..], &["org.suspended", "org.resumed", "key.issued"]].concat());
    for event in events.items() {
        assert_eq!(event["actor"], json!({ "kind": "local", "id": null }));
    }
}

#[tokio::test]
async fn a_cascade_leaves_an_event_for_each_key() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, by) = admin.issue(json!({ "capabilities": ["admin"], "topics": "all" })).await;
    let mut line = vec![id(&key)];
    for _ in 0..3 {
        line.push(id(&by.issue(json!({ "capabilities": ["read"], "topics": "all" })).await.0));
    }
    let before = count_events(&admin).await;
    admin.post(&admin.at(&format!("/keys/{}/revoke", line[0])), json!({ "cascade": true })).await.expect(200);
    assert_eq!(count_events(&admin).await, before + 4);
    let events = admin.get(&admin.at("/audit?action=key.revoked")).await.expect(200);
    let mut subjects: Vec<_> =
        events.items().iter().map(|event| event["subject"]["id"].as_str().unwrap().to_owned()).collect();
    subjects.sort();
    line.sort();
    assert_eq!(subjects, line);
}
