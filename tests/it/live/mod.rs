//! What is sent is heard as it comes: once, in its order, and by nobody who may not.

mod at_once;
mod autobahn;
mod ends;
mod frames;
mod listener;
mod peers;
mod slow;
mod socket;
mod stream;
mod talker;
mod tickets;

use serde_json::{Value, json};

use self::listener::Listener;
use crate::client::{Answer, Client};

const STREAM: &str = "/v1/meshes/main/topics/deploys/stream";
const PEERS: &str = "/v1/meshes/main/peers";
const SOCKET: &str = "/v1/meshes/main/ws";
const MESSAGES: &str = "/v1/meshes/main/topics/deploys/messages";

/// Sends to `deploys`.
async fn send(by: &Client, body: Value) -> Answer {
    by.post(MESSAGES, json!({ "body": body })).await.expect(201)
}

/// A key that may read and send there, and listens.
async fn listening(admin: &Client) -> (Value, Listener) {
    let (key, reader) = reader(admin).await;
    (key, Listener::open(&reader, STREAM).await)
}

/// A key that may read and send there.
async fn reader(admin: &Client) -> (Value, Client) {
    admin.issue(json!({ "mesh": "main", "capabilities": ["read", "send"], "topics": ["deploys"] })).await
}
