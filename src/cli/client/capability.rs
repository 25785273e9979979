//! `meshkey capability`.

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use serde_json::{Value, json};

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    complete,
    connection::Client,
    flags::ClientFlags,
    pages::Much,
    print::{Table, facts, text},
    when::told,
};

/// Declare what your own services may be asked for; list and retire it.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey capability declare upload --description 'Put files into the store'\n  \
meshkey key issue uploader --mesh main --cap upload --all-topics")]
pub(in crate::cli) struct Capability {
    #[command(flatten)]
    client: ClientFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List what the org has declared
    List {
        #[command(flatten)]
        much: Much,
    },
    /// Show a declared capability
    Show(One),
    /// Declare a capability: keys can carry it from then on
    Declare {
        /// Its name: a-z 0-9 _ . -, a letter first, 2 to 48
        #[arg(value_name = "NAME")]
        name: String,
        /// What it allows
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
    },
    /// Change what it is said to allow
    Describe {
        #[command(flatten)]
        one: One,
        /// What it allows; empty for nothing
        #[arg(value_name = "TEXT")]
        description: String,
    },
    /// Take it back; refused while a key that is neither revoked nor expired has it
    Retire(One),
}

#[derive(Args)]
struct One {
    /// The capability
    #[arg(value_name = "CAPABILITY", add = ArgValueCandidates::new(complete::declared))]
    name: String,
}

impl Capability {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let org = client.org().await?;
        let all = ["v1", "orgs", &org, "capabilities"];
        let ask = match &self.verb {
            Verb::List { much } => {
                client.show_list(&Ask::get(&all), *much, "name", table).await?;
                return Ok(Outcome::Done);
            }
            Verb::Show(one) => Ask::get(&[&all[..], &[one.name.as_str()]].concat()),
            Verb::Declare { name, description } => {
                Ask::post(&all, &json!({ "name": name, "description": description }))
            }
            Verb::Retire(one) => Ask::act(&[&all[..], &[one.name.as_str(), "retire"]].concat()),
            Verb::Describe { one, description } => {
                let path = [&all[..], &[one.name.as_str()]].concat();
                client.edit(&path, &json!({ "description": description })).await?
            }
        };
        let Some(answer) = client.act(&ask).await? else { return Ok(Outcome::Done) };
        client.show(&answer, "name", words)?;
        Ok(Outcome::Done)
    }
}

fn table(capabilities: &[Value]) -> Vec<String> {
    let mut table = Table::new(&["CAPABILITY", "DECLARED", "DESCRIPTION"]);
    for one in capabilities {
        table.row(vec![text(one, "name"), told(&text(one, "created_at"), ""), text(one, "description")]);
    }
    table.lines()
}

fn words(capability: &Value) -> Vec<String> {
    facts(&[
        ("capability", text(capability, "name")),
        ("for", text(capability, "description")),
        ("declared", told(&text(capability, "created_at"), "")),
    ])
}
