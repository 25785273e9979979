//! Dry runs: what a change would do, told before it is done.

use serde_json::Value;

use super::{
    super::Failure,
    answer::Answer,
    connection::Client,
    key::{Places, words},
    print::{facts, text},
    when::told,
};

/// Prints what a dry run found.
pub(super) async fn show(client: &Client, answer: &Answer) -> Result<(), Failure> {
    client.say("a dry run: nothing was changed");
    let places = Places::of(client, &[answer.value()?["key"].clone()]).await?;
    client.show(answer, "dry_run", |value| {
        let mut lines = words(&value["key"], Some(&places.name(&value["key"])));
        lines.push(String::new());
        lines.extend(told_of(&value["impact"]));
        lines
    })
}

/// What would change with it.
pub(super) fn told_of(impact: &Value) -> Vec<String> {
    let affected = impact["affected"].as_array().map(Vec::as_slice).unwrap_or_default();
    let others: Vec<String> = affected.iter().skip(1).map(|key| text(key, "label")).collect();
    let from = text(impact, "last_used_from");
    let used = told(&text(impact, "last_used_at"), "never");
    let used = if from.is_empty() { used } else { format!("{used} from {from}") };
    facts(&[
        ("impact", count(impact["keys"].as_u64().unwrap_or(1), "key")),
        ("also", others.join(", ")),
        ("used", used),
        ("gains", text(impact, "gains")),
        ("loses", text(impact, "loses")),
    ])
}

/// `1 key`, `2 keys`.
pub(super) fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
