//! A key in words.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{
    super::Failure,
    ask::Ask,
    connection::Client,
    pages::Much,
    print::{facts, text},
    when::told,
};
use crate::domain::Rate;

/// Topics in words: `all topics`, `#deploys, #ci.*`.
pub(in super::super) fn topics(value: &Value) -> String {
    match value.as_array() {
        Some(patterns) => {
            let named: Vec<String> = patterns.iter().filter_map(Value::as_str).map(|name| format!("#{name}")).collect();
            named.join(", ")
        }
        None if value.is_null() => String::new(),
        None => "all topics".to_owned(),
    }
}

/// What meshes are called.
#[derive(Default)]
pub(in super::super) struct Places(BTreeMap<String, String>);

impl Places {
    /// Asks, if it matters; who may not see the meshes sees their ids.
    pub(in super::super) async fn of(client: &Client, keys: &[Value]) -> Result<Self, Failure> {
        let is_in_mesh = |key: &Value| !key["owner"]["mesh"].is_null();
        if !client.flags.is_table() || !keys.iter().any(is_in_mesh) {
            return Ok(Self::default());
        }
        let org = client.org().await?;
        let meshes = match client.pages(&Ask::get(&["v1", "orgs", &org, "meshes"]), Much::ALL).await {
            Ok(found) => found.items,
            Err(Failure::Refused { .. }) => Vec::new(),
            Err(failure) => return Err(failure),
        };
        let read = meshes.iter().filter_map(|mesh| serde_json::from_str::<Value>(mesh.get()).ok());
        Ok(Self(read.map(|mesh| (text(&mesh, "id"), text(&mesh, "slug"))).collect()))
    }

    /// Whom a key acts for: a mesh by its slug, or the whole org.
    pub(in super::super) fn name(&self, key: &Value) -> String {
        let mesh = text(key, "owner.mesh");
        if mesh.is_empty() { "whole org".to_owned() } else { self.0.get(&mesh).cloned().unwrap_or(mesh) }
    }
}

/// A key, fact by fact. `place` is what whom it acts for is called.
pub(in super::super) fn words(key: &Value, place: Option<&str>) -> Vec<String> {
    let place = place.map_or_else(|| Places::default().name(key), str::to_owned);
    let addresses = text(key, "addresses");
    let end = to_the_second(&text(key, "expires_at"));
    let expires = if end.is_empty() { "never".to_owned() } else { format!("{end}  ({})", told(&end, "")) };
    facts(&[
        ("key", format!("{}  {}", text(key, "label"), text(key, "id"))),
        ("status", status(key)),
        ("can", text(key, "capabilities")),
        ("where", place),
        ("bound to", text(key, "user")),
        ("topics", topics(&key["topics"])),
        ("from", if addresses.is_empty() { "any address".to_owned() } else { addresses }),
        ("rate", rate(&key["rate"])),
        ("expires", expires),
        ("last used", last_use(key)),
        ("issued", issued(key)),
        ("secrets", secrets(key)),
        ("note", text(key, "note").replace('\n', " ")),
    ])
}

/// A key without a rate says nothing of it.
fn rate(rate: &Value) -> String {
    serde_json::from_value::<Rate>(rate.clone()).map_or_else(|_| String::new(), Rate::in_words)
}

/// An RFC 3339 time without what nobody reads.
fn to_the_second(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}

fn status(key: &Value) -> String {
    let status = text(key, "status");
    if status != "revoked" {
        return status;
    }
    let reason = text(key, "revoke_reason");
    let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
    format!("revoked {}{reason}", told(&text(key, "revoked_at"), ""))
}

/// A summary in a verdict says nothing of its uses.
fn last_use(key: &Value) -> String {
    if key.get("last_used_at").is_none() {
        return String::new();
    }
    let from = text(key, "last_used_from");
    let used = told(&text(key, "last_used_at"), "never");
    if from.is_empty() { used } else { format!("{used} from {from}") }
}

fn issued(key: &Value) -> String {
    let by = text(key, "issued_by.id");
    let by = if by.is_empty() { text(key, "issued_by.kind") } else { by };
    if by.is_empty() { by } else { format!("{} by {by}", told(&text(key, "created_at"), "")) }
}

fn secrets(key: &Value) -> String {
    let all = key["secrets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |secret: &Value| {
        let dies = text(secret, "dies_at");
        let dies = if dies.is_empty() { dies } else { format!(", dies {}", told(&dies, "")) };
        let used = told(&text(secret, "last_used_at"), "never");
        format!("{}. {}… (used {used}{dies})", text(secret, "number"), text(secret, "hint"))
    };
    all.iter().map(one).collect::<Vec<_>>().join("; ")
}
