//! The door for gateways: exact answers, the same judgement as at `verify`, and gateways as their makers ship them, set up as
//! the pages for them say.

mod agreement;
mod answers;
pub mod gateways;
mod hostile;
pub mod wire;

use std::time::Duration;

use serde_json::Value;

use self::wire::{Line, Said};
use crate::{client::Client, house::House, tools::eventually};

/// The pair of headers of each dialect.
pub const PAIRS: [(&str, &str, &str); 8] = [
    ("nginx", "X-Original-Method", "X-Original-URI"),
    ("ingress-nginx", "X-Original-Method", "X-Original-URL"),
    ("traefik", "X-Forwarded-Method", "X-Forwarded-Uri"),
    ("caddy", "X-Forwarded-Method", "X-Forwarded-Uri"),
    ("haproxy", "X-Original-Method", "X-Original-URI"),
    ("apisix", "X-Forwarded-Method", "X-Forwarded-Uri"),
    ("skipper", "", ""),
    ("envoy", "", ""),
];
/// What every answer says of who passes, but for the id of the request.
pub const IDENTITY: [&str; 6] = [
    "x-meshkey-key",
    "x-meshkey-org",
    "x-meshkey-mesh",
    "x-meshkey-user",
    "x-meshkey-capabilities",
    "x-meshkey-topics",
];

/// The path for a gate, `mesh/acme/main/…`, in this dialect, and the lines that tell of the request.
fn question(dialect: &str, gate: &str, target: &str) -> (String, Vec<Line>) {
    let (_, method, uri) = PAIRS.into_iter().find(|(known, ..)| *known == dialect).unwrap();
    let mut path = format!("/v1/forward-auth/{dialect}/{gate}");
    let lines = match dialect {
        "skipper" => vec![],
        "envoy" => {
            let has_topic = gate.split('/').count() > 4;
            path = format!("{path}{}{target}", if has_topic { "" } else { "/-" });
            vec![]
        }
        "ingress-nginx" => vec![line(method, "GET"), line(uri, &format!("https://example.com{target}"))],
        _ => vec![line(method, "GET"), line(uri, target)],
    };
    (path, lines)
}

pub fn line(name: &str, value: &str) -> Line {
    (name.to_owned(), value.to_owned())
}

/// Shows this key.
pub fn bearer(key: &Client) -> Line {
    line("Authorization", &format!("Bearer {}", key.secret()))
}

/// Asks until it was decided: on a busy machine that may take longer than a gateway waits.
pub async fn decided(house: &House, method: &str, path: &str, lines: &[Line]) -> Said {
    let address = house.stranger().base().strip_prefix("http://").unwrap().to_owned();
    eventually("a decision", async || {
        let said = wire::ask(&address, method, path, lines).await;
        said.hold(method, path);
        (said.status != 503).then_some(said)
    })
    .await
}

/// Asks as nginx does whether this key may pass.
pub(crate) async fn at_gate(house: &House, gate: &str, key: &Client) -> Said {
    let (path, mut lines) = question("nginx", gate, "/");
    lines.push(bearer(key));
    decided(house, "GET", &path, &lines).await
}

/// A key of mesh `main`.
async fn key(admin: &Client, capability: &str, topics: Value) -> (String, Client) {
    let wish = serde_json::json!({ "mesh": "main", "capabilities": [capability], "topics": topics });
    let (key, holder) = admin.issue(wish).await;
    (crate::tools::id(&key), holder)
}

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);
