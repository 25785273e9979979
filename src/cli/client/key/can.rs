//! `meshkey key can` and `meshkey key explain`: questions about a key by its name; no secret is needed.

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde_json::{Map, Value, json};

use super::{
    super::{
        super::{Failure, Outcome},
        ask::Ask,
        complete,
        connection::Client,
        print::{Table, text},
    },
    verify::verdict,
};

/// Ask whether a key may do something.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey key can ci send deploys && echo yes\n  \
meshkey key explain ci read deploys\n\n\
Exits with 0 for yes and 10 for no.")]
pub(super) struct Can {
    /// Which key
    #[arg(value_name = "KEY", add = ArgValueCandidates::new(complete::keys))]
    key: String,
    /// What it is to do
    #[arg(value_name = "CAPABILITY", add = ArgValueCandidates::new(complete::capabilities))]
    capability: String,
    /// On which topic; without one, what belongs to no topic
    #[arg(value_name = "TOPIC", add = ArgValueCandidates::new(complete::topics))]
    topic: Option<String>,
    /// From which address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
}

impl Can {
    /// Asks.
    pub(super) async fn run(&self, client: &Client, in_full: bool) -> Result<Outcome, Failure> {
        let mut question = Map::new();
        question.insert("key".into(), json!(client.key_id(&self.key).await?));
        question.insert("capability".into(), json!(self.capability));
        let mesh = client.flags.named_mesh();
        for (name, value) in [("mesh", mesh.as_deref()), ("topic", self.topic.as_deref()), ("ip", self.ip.as_deref())] {
            question.extend(value.map(|value| (name.to_owned(), json!(value))));
        }
        let ask = Ask::post(&["v1", "explain"], &Value::Object(question));
        let Some(answer) = client.act(&ask).await? else { return Ok(Outcome::Done) };
        if !(in_full && client.flags.is_table()) {
            return verdict(client, &answer);
        }
        client.show(&answer, "code", explained)?;
        Ok(if answer.value()?["allowed"] == true { Outcome::Done } else { Outcome::No })
    }
}

fn explained(value: &Value) -> Vec<String> {
    let answered = if value["allowed"] == true { "yes" } else { "no" };
    let mut lines = vec![format!("{answered}   {}: {}", text(value, "code"), text(value, "detail")), String::new()];
    let mut rules = Table::new(&["RULE", "", ""]);
    for rule in value["rules"].as_array().into_iter().flatten() {
        let passed = if rule["passed"] == true { "passed" } else { "stops" };
        rules.row(vec![text(rule, "rule"), passed.to_owned(), text(rule, "detail")]);
    }
    lines.extend(rules.lines());
    let changes = value["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !changes.is_empty() {
        lines.extend([String::new(), "what would allow it:".to_owned()]);
    }
    for change in changes {
        lines.push(format!("  {}: {}", text(change, "action"), text(change, "detail")));
        lines.extend(command(change, &value["key"]).map(|command| format!("    {command}")));
    }
    lines
}

/// What to type, where one command does it.
fn command(change: &Value, key: &Value) -> Option<String> {
    let id = text(key, "id");
    match text(change, "action").as_str() {
        "edit_key" => Some(format!("meshkey key edit {id}{} --widen", flags(&change["patch"]))),
        "enable_key" => Some(format!("meshkey key enable {id}")),
        _ => None,
    }
}

fn flags(patch: &Value) -> String {
    let list = |member: &str| {
        let items = patch[member].as_array().into_iter().flatten().filter_map(Value::as_str);
        Some(items.map(quoted_if_needed).collect::<Vec<_>>().join(",")).filter(|list| !list.is_empty())
    };
    let is_all = |member: &str, value: &Value| patch.get(member) == Some(value);
    let end = patch.get("expires_at").map(|end| end.as_str().unwrap_or("never").to_owned());
    let flags = [
        list("capabilities").map(|list| format!(" --cap {list}")),
        list("topics").map(|list| format!(" --topic {list}")),
        is_all("topics", &json!("all")).then(|| " --all-topics".to_owned()),
        list("addresses").map(|list| format!(" --ip {list}")),
        is_all("addresses", &Value::Null).then(|| " --any-ip".to_owned()),
        end.map(|end| format!(" --expires {end}")),
    ];
    flags.into_iter().flatten().collect()
}

/// A pattern would be another's business: the shell's.
fn quoted_if_needed(name: &str) -> String {
    if name.contains('*') { format!("'{name}'") } else { name.to_owned() }
}
