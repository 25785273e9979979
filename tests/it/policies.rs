//! Policies: what is handed out complies, whoever hands it out; keys that are there go on working.

mod agreement;
mod change;
mod host;
mod meshes;
mod races;
mod rules;
mod spread;
mod terminal;
mod unused;

use serde_json::{Value, json};

use super::client::{Answer, Client};

/// Sets rules of the org's policy.
pub async fn set(admin: &Client, rules: Value) -> Answer {
    admin.patch(&admin.at("/policy"), rules, "*").await.expect(200)
}

/// Sets rules of the policy of mesh `main`.
pub async fn set_of_mesh(admin: &Client, rules: Value) -> Answer {
    admin.patch(&admin.at("/meshes/main/policy"), rules, "*").await.expect(200)
}

/// Of a refusal by a policy, each rule with whose it is.
#[track_caller]
pub fn refused(answer: &Answer) -> Vec<(String, String)> {
    let problem = answer.problem(403, "policy_refused");
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_else(|| panic!("{item}")).to_owned();
    let items = problem["errors"].as_array().unwrap_or_else(|| panic!("{problem}"));
    for item in items {
        let detail = text(item, "detail");
        assert!(detail.contains(&text(item, "rule")) && detail.contains(&text(item, "from")), "{detail}");
    }
    items.iter().map(|item| (text(item, "rule"), text(item, "from"))).collect()
}

/// The same where one rule of the org stands against it.
#[track_caller]
pub fn refused_by(answer: &Answer, rule: &str) {
    assert_eq!(refused(answer), [(rule.to_owned(), "org".to_owned())]);
}

/// A wish that complies with every rule.
fn good() -> Value {
    json!({ "label": "good", "note": "kept there", "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] })
}

/// The same with something else in it.
#[expect(clippy::needless_pass_by_value, reason = "each is made for this call")]
fn but(changes: Value) -> Value {
    let mut wish = good();
    for (name, value) in changes.as_object().unwrap() {
        wish[name] = value.clone();
    }
    wish
}

/// A time that many days from now.
fn in_days(days: i64) -> String {
    let at = time::OffsetDateTime::now_utc() + time::Duration::days(days);
    at.format(&time::format_description::well_known::Rfc3339).unwrap()
}
