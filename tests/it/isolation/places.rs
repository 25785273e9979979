//! Every place where a value can be put: in the path, in the query, in a header, in the body.

use std::fmt;

use serde_json::{Value, json};

use super::canaries::{Canaries, cursors, nobodys};
use crate::{
    client::Answer,
    promise::{Operation, PROMISE},
};

/// Where a value of theirs is put.
#[derive(Clone)]
enum At {
    Path(&'static str),
    /// In the path, where all else is theirs too.
    TheirPath(&'static str),
    Query(String),
    Header(&'static str),
    Body(&'static str),
}

/// An operation with a value in one place.
pub struct Place {
    pub operation: Operation,
    at: At,
    pub theirs: String,
    pub nobodys: String,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = match &self.at {
            At::Path(name) => format!("path {name}"),
            At::TheirPath(name) => format!("path {name} among theirs"),
            At::Query(name) => format!("query {name}"),
            At::Header(name) | At::Body(name) => (*name).to_owned(),
        };
        write!(out, "{} with {} in {at}", self.operation.id, self.theirs)
    }
}

/// The parameters of paths, and what of theirs can stand there.
fn in_paths(canaries: &Canaries) -> Vec<(&'static str, String)> {
    let mut values = vec![
        ("mesh", canaries.their_mesh.clone()),
        ("mesh", "zzcanary-mesh".to_owned()),
        ("topic", "zzcanary.topic".to_owned()),
        ("key", canaries.their_key.clone()),
        ("name", "zzcanary.state".to_owned()),
        ("gate", canaries.their_gate.clone()),
        ("gate", "zzcanary-gate".to_owned()),
        ("user", canaries.their_member.clone()),
        ("invitation", canaries.their_invitation.clone()),
    ];
    if canaries.their_org != canaries.our_org {
        values.push(("capability", "zzcanary.capability".to_owned()));
        values.extend([("org", canaries.their_org.clone()), ("org", "zzcanary-org".to_owned())]);
    }
    values
}

/// The parameters of queries, likewise. A topic's name is no secret to whoever says it.
fn in_queries(canaries: &Canaries) -> Vec<(&'static str, String)> {
    vec![
        ("mesh", canaries.their_mesh.clone()),
        ("mesh", "zzcanary-mesh".to_owned()),
        ("issued_by", canaries.their_key.clone()),
        ("actor", canaries.their_key.clone()),
        ("subject", canaries.their_key.clone()),
        ("subject", canaries.their_mesh.clone()),
        ("subject", canaries.their_gate.clone()),
        ("subject", canaries.their_member.clone()),
        ("subject", canaries.their_invitation.clone()),
        ("subject", format!("{}/zzcanary.topic", canaries.their_mesh)),
        ("topic", "zzcanary.topic".to_owned()),
        ("text", "zzcanary".to_owned()),
    ]
}

fn in_bodies(canaries: &Canaries) -> Vec<(&'static str, &'static str, String)> {
    vec![
        ("createGate", "/mesh", canaries.their_mesh.clone()),
        ("createGate", "/mesh", "zzcanary-mesh".to_owned()),
        ("createInvitation", "/mesh", canaries.their_mesh.clone()),
        ("createInvitation", "/mesh", "zzcanary-mesh".to_owned()),
        ("issueKey", "/mesh", canaries.their_mesh.clone()),
        ("issueKey", "/mesh", "zzcanary-mesh".to_owned()),
        ("issueKey", "/topics/0", "zzcanary.topic".to_owned()),
        ("editKey", "/topics/0", "zzcanary.topic".to_owned()),
        ("sendMessage", "/reply_to", canaries.their_message.clone()),
        ("explainKey", "/key", canaries.their_key.clone()),
        ("explainKey", "/mesh", canaries.their_mesh.clone()),
        ("explainKey", "/mesh", "zzcanary-mesh".to_owned()),
        ("verifyKey", "/key", canaries.their_secret.clone()),
        ("verifyKey", "/mesh", canaries.their_mesh.clone()),
        ("verifyKey", "/mesh", "zzcanary-mesh".to_owned()),
        ("verifyKeys", "/items/0/key", canaries.their_secret.clone()),
        ("verifyKeys", "/items/0/mesh", canaries.their_mesh.clone()),
    ]
}

/// The body of an operation as it succeeds for us.
fn body(id: &str) -> Option<Value> {
    Some(match id {
        "issueKey" => json!({ "label": "x", "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] }),
        "editKey" => json!({ "topics": ["deploys"] }),
        "sendMessage" => json!({ "body": 1, "reply_to": null }),
        "explainKey" => json!({ "key": null, "capability": "read", "mesh": "main" }),
        "verifyKey" => json!({ "key": "x", "capability": "read", "mesh": "main" }),
        "verifyKeys" => json!({ "items": [{ "key": "x", "capability": "read", "mesh": "main" }] }),
        "editOrg" | "editMesh" => json!({ "name": "New" }),
        "editTopic" | "editCapability" | "editGate" => json!({ "description": "new" }),
        "editMember" => json!({ "role": "viewer" }),
        "createInvitation" => json!({ "email": "new@example.com", "role": "viewer", "mesh": "main" }),
        "setWebhook" => json!({ "url": "https://hooks.example.org/" }),
        "createMesh" => json!({ "slug": "new" }),
        "createGate" => json!({ "mesh": "main", "name": "new", "methods": { "GET": "read" } }),
        "editPolicy" | "editMeshPolicy" => json!({ "longest_overlap": "7d" }),
        "spreadKeyEnds" | "spreadMeshKeyEnds" => json!({ "over_days": 30 }),
        "createTopic" | "declareCapability" => json!({ "name": "new" }),
        "putMeshState" | "putTopicState" => json!({ "value": 1 }),
        _ => return None,
    })
}

/// Every operation with every value of theirs in every place.
pub fn places(canaries: &Canaries) -> Vec<Place> {
    let mut all = Vec::new();
    for operation in PROMISE.guarded() {
        let mut put = |at: At, theirs: String| {
            let nobodys = nobodys(&theirs);
            all.push(Place { operation: operation.clone(), at, theirs, nobodys });
        };
        for (name, value) in in_paths(canaries).into_iter().filter(|(name, _)| operation.names(name)) {
            put(At::Path(name), value.clone());
            put(At::TheirPath(name), value);
        }
        for (name, value) in in_queries(canaries) {
            if operation.takes(&format!("query:{name}")) {
                put(At::Query(name.to_owned()), value);
            }
        }
        for (_, pointer, value) in in_bodies(canaries).into_iter().filter(|(id, ..)| *id == operation.id) {
            put(At::Body(pointer), value);
        }
        if operation.takes("header:If-Match") {
            put(At::Header("If-Match"), "\"vzzcanary\"".to_owned());
        }
    }
    all
}

/// Every list with each of their cursors, against one that was damaged.
pub async fn cursor_places(canaries: &Canaries) -> Vec<Place> {
    let cursors = cursors(canaries).await;
    let lists = PROMISE.guarded().filter(|operation| operation.takes("query:cursor"));
    let with = |operation: &Operation, cursor: &String| Place {
        operation: operation.clone(),
        at: At::Query("cursor".to_owned()),
        theirs: cursor.clone(),
        nobodys: format!("A{}", &cursor[1..]),
    };
    lists.flat_map(|operation| cursors.iter().map(move |cursor| with(operation, cursor))).collect()
}

impl Place {
    /// Asks, with this value in the place.
    pub async fn ask(&self, canaries: &Canaries, value: &str) -> Answer {
        let operation = &self.operation;
        let mut path = operation.path.clone();
        for (name, ours, theirs) in [
            ("org", canaries.our_org.as_str(), canaries.their_org.as_str()),
            ("mesh", "main", canaries.their_mesh.as_str()),
            ("topic", "deploys", "zzcanary.topic"),
            ("key", &canaries.our_key, &canaries.their_key),
            ("name", "ours", "zzcanary.state"),
            ("capability", "ours", "zzcanary.capability"),
            ("gate", "ours", &canaries.their_gate),
            ("user", "ours", &canaries.their_member),
            ("invitation", "ours", &canaries.their_invitation),
        ] {
            let stands = match &self.at {
                At::Path(at) | At::TheirPath(at) if *at == name => value,
                At::TheirPath(_) if name != "org" => theirs,
                _ => ours,
            };
            path = path.replace(&format!("{{{name}}}"), stands);
        }
        if let At::Query(name) = &self.at {
            path = format!("{path}?{}", serde_urlencoded::to_string([(name, value)]).unwrap());
        }
        let mut request = canaries.we.raw(&operation.method, &path);
        request = match &self.at {
            At::Header(name) => request.header(name, value),
            _ if operation.method == "patch" => request.header("If-Match", "*"),
            _ => request,
        };
        let Some(mut body) = body(&operation.id) else { return request.send().await };
        if let At::Body(pointer) = &self.at {
            *body.pointer_mut(pointer).unwrap_or_else(|| panic!("{self}")) = json!(value);
        }
        let media = operation.body.as_ref().map_or("application/json", |body| &body.media);
        request.body(media, body.to_string()).send().await
    }
}
