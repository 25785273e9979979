//! The audit: every change leaves one event, in its transaction, in a chain that shows every tampering.

mod append_only;
mod chain;
mod events;
mod export;
mod files;
mod filters;
mod on_host;
mod retention;

use std::path::Path;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    client::Client,
    house::House,
    tools::{id, one},
};

/// Archives all events that an org has, and takes them away.
pub async fn retain_all(house: &House, org: &str, archive: &Path) -> Value {
    let now = one(
        &house.sql("superuser").await,
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.USZ')",
    )
    .await;
    let archive = archive.to_str().unwrap();
    house.meshkey(&["audit", "retain", "--org", org, "--before", &now, "--archive", archive, "--json"])
}

/// A house whose `acme` has many events, some of them made at the same time, with texts that are hard to write.
async fn busy() -> House {
    let house = House::new().await;
    let admin = house.admin();
    let wish = json!({ "label": "é\u{1F600} \"\\", "note": "\u{a0}\u{2028}/", "capabilities": ["read"], "topics": "all", "addresses": ["::1", "10.0.0.0/8"] });
    let issued = join_all((0..8).map(|_| admin.issue(wish.clone()))).await;
    for (key, _) in issued {
        admin.post(&admin.at(&format!("/keys/{}/revoke", id(&key))), json!({ "reason": "r" })).await.expect(200);
    }
    house
}

/// What the service says of the chain.
async fn proof(admin: &Client) -> Value {
    admin.get(&admin.at("/audit/verify")).await.expect(200).body
}

/// Gives an org many events, of some size, which are shown and exported like others but prove nothing.
async fn fill(house: &House, events: u32, size: u32) {
    let db = house.sql("superuser").await;
    let insert = format!(
        "INSERT INTO audit_events (org_id, seq, id, at, actor_kind, action, subject_kind, subject_id, after, canonical, hash)
         SELECT h.org_id, h.seq + n, gen_random_uuid(), clock_timestamp(), 'local', 'org.edited', 'org', 'org_01m7xpg1j8emq8k9w39qsaekf4',
                jsonb_build_object('name', repeat('x', {size})), '', h.hash
         FROM audit_heads h JOIN orgs o ON o.id = h.org_id AND o.slug = 'acme', generate_series(1, {events}) n;
         UPDATE audit_heads h SET seq = seq + {events} FROM orgs o WHERE o.id = h.org_id AND o.slug = 'acme'"
    );
    db.batch_execute(&insert).await.unwrap();
}

/// Every line of an export.
async fn lines(admin: &Client, query: &str) -> Vec<String> {
    let answer = admin.get(&admin.at(&format!("/audit/export?{query}"))).await.expect(200);
    match &answer.body {
        Value::String(text) => text.lines().map(str::to_owned).collect(),
        Value::Null => Vec::new(),
        // A single line is JSON, and so it was taken for that.
        one => vec![one.to_string()],
    }
}
