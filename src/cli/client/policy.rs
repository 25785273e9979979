//! `meshkey policy`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    super::{Failure, Outcome, rules::patch},
    ask::Ask,
    connection::Client,
    flags::ClientFlags,
    impact::count,
    pages::Much,
    print::{Table, facts, text},
    when::told,
};
use crate::domain::policy::Rule;

/// Look at and change what keys have to be like that are handed out, in the org or in a mesh of it.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey policy set longest_life=90d note_required=on --dry-run   how many keys do not comply?\n  \
meshkey policy set topics_required=on --mesh main                tighter, for one mesh\n  \
meshkey policy spread --over-days 30                             ends for keys that have none")]
pub(in crate::cli) struct Policy {
    #[command(flatten)]
    client: ClientFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show the policy, and what is in force
    Show,
    /// Change rules; keys that are there go on working
    Set {
        #[arg(value_name = "RULE=VALUE", required = true)]
        #[arg(
            help = "A rule and what it is to say, such as longest_life=90d, note_required=on or org_keys_by=owners; off for nothing"
        )]
        rules: Vec<String>,
        /// Show how many keys would not comply, and change nothing
        #[arg(long, short = 'n')]
        dry_run: bool,
    },
    /// List the live keys that do not comply
    Violations {
        #[command(flatten)]
        much: Much,
    },
    /// Give keys an end that have none, or too late a one, and not all of them on the same day
    Spread {
        /// Over how many days
        #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
        over_days: u32,
        /// Show the ends, and change nothing
        #[arg(long, short = 'n')]
        dry_run: bool,
    },
}

impl Policy {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let (org, mesh) = (client.org().await?, self.client.named_mesh());
        let place: Vec<&str> = match &mesh {
            Some(mesh) => vec!["v1", "orgs", &org, "meshes", mesh, "policy"],
            None => vec!["v1", "orgs", &org, "policy"],
        };
        let below = |name| [&place[..], &[name]].concat();
        match self.verb {
            Verb::Show => {
                if let Some(answer) = client.act(&Ask::get(&place)).await? {
                    client.show(&answer, "version", |policy| words(policy, mesh.is_some()))?;
                }
            }
            Verb::Set { rules, dry_run } => {
                let ask = client.edit(&place, &patch(&rules)?).await?.dry(dry_run);
                if let Some(answer) = client.act(&ask).await? {
                    if dry_run {
                        client.say("a dry run: nothing was changed");
                    }
                    client.show(&answer, "violations.count", |policy| changed(policy, mesh.is_some()))?;
                }
            }
            Verb::Violations { much } => {
                client.show_list(&Ask::get(&below("violations")), much, "id", table).await?;
            }
            Verb::Spread { over_days, dry_run } => {
                let ask = Ask::post(&below("spread"), &json!({ "over_days": over_days })).dry(dry_run);
                if let Some(answer) = client.act(&ask).await? {
                    client.show(&answer, "left", spread)?;
                    if !dry_run {
                        client.say_effective(&answer);
                    }
                }
            }
        }
        Ok(Outcome::Done)
    }
}

/// What each rule says; of a mesh, also what is in force there where that is something else.
pub(in crate::cli) fn words(policy: &Value, is_of_mesh: bool) -> Vec<String> {
    let says = |value: &Value| match value {
        Value::Null | Value::Bool(false) => "off".to_owned(),
        Value::Bool(true) => "on".to_owned(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let line = |rule: &Rule| {
        let (own, holds) = (says(&policy[rule.name()]), says(&policy["in_force"][rule.name()]));
        let also = if is_of_mesh && own != holds { format!("{own}  (in force: {holds})") } else { own };
        (rule.name(), also)
    };
    facts(&Rule::ALL.iter().map(line).collect::<Vec<_>>())
}

/// The same of one that was changed, and the live keys that do not comply with it.
pub(in crate::cli) fn changed(policy: &Value, is_of_mesh: bool) -> Vec<String> {
    let mut lines = words(policy, is_of_mesh);
    let violations = &policy["violations"];
    let first = violations["first"].as_array().map(Vec::as_slice).unwrap_or_default();
    let number = violations["count"].as_u64().unwrap_or_default();
    lines.push(String::new());
    lines.push(format!(
        "{} not comply",
        if number == 1 { "1 live key does".to_owned() } else { format!("{number} live keys do") }
    ));
    if !first.is_empty() {
        lines.extend(table(first));
    }
    lines
}

fn table(keys: &[Value]) -> Vec<String> {
    let mut table = Table::new(&["KEY", "EXPIRES", "LAST USED", "BREAKS", "ID"]);
    for key in keys {
        table.row(vec![
            text(key, "label"),
            told(&text(key, "expires_at"), "never"),
            told(&text(key, "last_used_at"), "never"),
            text(key, "rules"),
            text(key, "id"),
        ]);
    }
    table.lines()
}

fn spread(spread: &Value) -> Vec<String> {
    let keys = spread["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut table = Table::new(&["KEY", "EXPIRES", "ID"]);
    for key in keys {
        table.row(vec![text(key, "label"), told(&text(key, "expires_at"), "never"), text(key, "id")]);
    }
    let done = if spread["dry_run"] == true { "would be given an end" } else { "given an end" };
    let left = spread["left"].as_u64().unwrap_or_default();
    let mut lines = if keys.is_empty() { Vec::new() } else { table.lines() };
    lines.push(format!("{} {done}, {left} left", count(keys.len() as u64, "key")));
    lines
}
