//! `meshkey key revoke`: for good, so what it hits is shown first, and somebody says yes (U-4).

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde_json::{Map, Value, json};

use super::super::{
    super::{Failure, Outcome, show::line},
    answer::Answer,
    ask::Ask,
    complete, confirm,
    connection::Client,
    impact::{self, count},
    print::text,
};

/// End keys for good.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey key revoke ci --reason leaked\n  \
meshkey key revoke key_01m80bhf key_01m80bhg --yes\n  \
meshkey key revoke lead --cascade --dry-run     what would die with it")]
pub(super) struct Revoke {
    /// Which keys
    #[arg(value_name = "KEY", required = true, add = ArgValueCandidates::new(complete::keys))]
    keys: Vec<String>,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// All keys that it issued, and those that these issued, with it
    #[arg(long)]
    cascade: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Do all checks and change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
}

impl Revoke {
    /// Finds all of them first: a name that means nothing ends nothing.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let mut ids = Vec::new();
        for named in &self.keys {
            let id = client.key_id(named).await?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let mut failed = None;
        for id in &ids {
            if let Err(failure) = self.revoke(client, id).await {
                // One that cannot be ended must not keep the others alive.
                if let Some(earlier) = failed.replace(failure) {
                    earlier.tell();
                }
            }
        }
        failed.map_or(Ok(Outcome::Done), Err)
    }

    async fn revoke(&self, client: &Client, id: &str) -> Result<(), Failure> {
        let org = client.org().await?;
        let ask = Ask::post(&["v1", "orgs", &org, "keys", id, "revoke"], &self.body());
        if client.flags.print_curl {
            return client.act(&ask.dry(self.dry_run)).await.map(drop);
        }
        if self.dry_run || !self.yes {
            let tried = client.ask(&ask.clone().dry(true)).await?;
            if self.dry_run {
                return impact::show(client, &tried).await;
            }
            confirmed(&tried.value()?)?;
        }
        shown(client, &client.ask(&ask).await?)
    }

    fn body(&self) -> Value {
        let mut body = Map::new();
        if let Some(reason) = &self.reason {
            body.insert("reason".into(), json!(reason));
        }
        if self.cascade {
            body.insert("cascade".into(), json!(true));
        }
        Value::Object(body)
    }
}

fn confirmed(tried: &Value) -> Result<(), Failure> {
    for words in impact::told_of(&tried["impact"]) {
        eprintln!("{words}");
    }
    let label = text(&tried["key"], "label");
    let question = format!("Revoking {label} is final; to pause it instead: meshkey key disable.");
    confirm::typed(&question, &label, "--yes")
}

fn shown(client: &Client, answer: &Answer) -> Result<(), Failure> {
    if !client.flags.is_table() {
        client.show(answer, "key.id", |_| Vec::new())?;
        client.say_effective(answer);
        return Ok(());
    }
    let ended = answer.value()?;
    let others = ended["cascaded"].as_array().map_or(0, Vec::len) as u64;
    let others = if others == 0 { String::new() } else { format!(", and {} that it led to", count(others, "key")) };
    let key = &ended["key"];
    line(&format!("revoked  {}  {}{others}", text(key, "label"), text(key, "id")))?;
    client.say_effective(answer);
    Ok(())
}
