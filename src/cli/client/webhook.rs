//! `meshkey webhook`.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    confirm,
    connection::Client,
    flags::ClientFlags,
    print::{facts, text},
    when::told,
};

/// Say where the org wants to hear, by HTTP, that keys end soon.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey webhook set https://hooks.example.org/meshkey    prints what signs the calls, once\n  \
meshkey webhook test                                     has it called, soon\n  \
meshkey webhook show                                     how the last call ended")]
pub(in crate::cli) struct Webhook {
    #[command(flatten)]
    client: ClientFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show where, and how the last call ended
    Show,
    /// Set where; what signs the calls is printed once, and stays as it is where there was a webhook before
    Set {
        /// What is called: https
        #[arg(value_name = "URL")]
        to: String,
        /// Sign with something new from now on
        #[arg(long)]
        new_secret: bool,
    },
    /// Have it called to try it out
    Test,
    /// Take it away
    Remove {
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

impl Webhook {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let org = client.org().await?;
        let path = ["v1", "orgs", &org, "webhook"];
        let ask = match &self.verb {
            Verb::Show => Ask::get(&path),
            Verb::Set { to, new_secret } => Ask::put(&path, &json!({ "url": to, "new_secret": new_secret })),
            Verb::Test => Ask::new(Method::POST, &[&path[..], &["test"]].concat()),
            Verb::Remove { yes } => {
                if !yes && !self.client.print_curl {
                    confirm::typed("Nobody is called any more, and what waits is dropped.", &org, "--yes")?;
                }
                Ask::new(Method::DELETE, &path)
            }
        };
        let Some(answer) = client.act(&ask).await? else { return Ok(Outcome::Done) };
        client.show(&answer, "url", words)?;
        Ok(Outcome::Done)
    }
}

fn words(webhook: &Value) -> Vec<String> {
    let secret = text(webhook, "secret");
    let waits = if webhook["waiting"] == true { "a call waits to be made" } else { "nothing waits" };
    facts(&[
        ("calls", text(webhook, "url")),
        ("since", told(&text(webhook, "changed_at"), "")),
        ("last call", last(webhook)),
        ("now", waits.to_owned()),
        ("signs with", if secret.is_empty() { "what was shown when it was set".to_owned() } else { secret }),
    ])
}

fn last(webhook: &Value) -> String {
    let call = &webhook["last_call"];
    if call.is_null() {
        return "none yet".to_owned();
    }
    let at = told(&text(call, "at"), "");
    if call["delivered"] == true { format!("{at}: taken") } else { format!("{at}: {}", text(call, "reason")) }
}
