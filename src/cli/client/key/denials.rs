//! `meshkey key denials`.

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde_json::Value;

use super::super::{
    super::{Failure, Outcome},
    ask::Ask,
    complete,
    connection::Client,
    impact::count,
    print::{Table, text},
    when::told,
};

/// Show what was denied to a key lately, and why.
#[derive(Args)]
pub(super) struct Denials {
    /// Which key
    #[arg(value_name = "KEY", add = ArgValueCandidates::new(complete::keys))]
    key: String,
}

impl Denials {
    /// Asks.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let (org, id) = (client.org().await?, client.key_id(&self.key).await?);
        let ask = Ask::get(&["v1", "orgs", &org, "keys", &id, "denials"]);
        let Some(answer) = client.act(&ask).await? else { return Ok(Outcome::Done) };
        let page = answer.value()?;
        client.show(&answer, "items", table)?;
        if client.flags.is_table() {
            let denials = page["items"].as_array().map_or(0, Vec::len);
            let complete = told(&text(&page, "complete_to"), "");
            client.say(&format!("{}, complete to {complete}", count(denials as u64, "denial")));
        }
        Ok(Outcome::Done)
    }
}

fn table(page: &Value) -> Vec<String> {
    let mut table = Table::new(&["WHEN", "TIMES", "WANTED", "ON", "WHY", "DOOR", "FROM"]);
    for denial in page["items"].as_array().into_iter().flatten() {
        let topic = text(denial, "topic");
        table.row(vec![
            told(&text(denial, "at"), ""),
            text(denial, "count"),
            text(denial, "capability"),
            if topic.is_empty() { topic } else { format!("#{topic}") },
            text(denial, "detail"),
            text(denial, "door"),
            text(denial, "address"),
        ]);
    }
    table.lines()
}
