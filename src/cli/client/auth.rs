//! `meshkey auth`: with which key commands ask, and who says so.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    super::{
        Failure, Outcome,
        show::{line, print},
    },
    connection::Client,
    flags::ClientFlags,
    print::{facts, text},
    when,
};

/// With which key commands ask.
#[derive(Args)]
pub(in crate::cli) struct Auth {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    client: ClientFlags,
}

#[derive(Subcommand)]
enum Verb {
    /// Show where the service is, which key counts, who says so, and whether it is accepted
    Status,
    /// Print the key, for programs that take one
    Token,
}

impl Auth {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        match self.verb {
            Verb::Status => status(&client).await,
            Verb::Token => line(client.secret()?).map(|()| Outcome::Done),
        }
    }
}

async fn status(client: &Client) -> Result<Outcome, Failure> {
    let (profile, (url, url_from)) = (client.flags.profile()?, client.flags.url_and_origin());
    let mut told = json!({
        "profile": profile.name, "profile_from": profile.from, "url": url, "url_from": url_from,
        "credential": client.origin(), "key": Value::Null,
    });
    // What is known here is told also where the service says no, or nothing.
    let own = if client.origin().is_some() { client.own().await.cloned() } else { Err(no_key(client)) };
    if let Ok(own) = &own {
        told["org"] = own["org"]["slug"].clone();
        told["mesh"] = own["mesh"]["slug"].clone();
        told["key"] = own["key"].clone();
    }
    if client.flags.is_table() {
        for words in in_words(&told) {
            line(&words)?;
        }
    } else {
        print(&told)?;
    }
    own.map(|_| Outcome::Done)
}

fn no_key(client: &Client) -> Failure {
    client.secret().err().unwrap_or_else(|| Failure::NotSignedIn("no key".to_owned()))
}

fn in_words(told: &Value) -> Vec<String> {
    let from = |name: &str| format!("{}  ({})", text(told, name), text(told, &format!("{name}_from")));
    let key = Some(text(told, "key.id")).filter(|id| !id.is_empty());
    let key = key.map(|id| format!("{id}  {}", text(told, "key.label"))).unwrap_or_default();
    let end = told["key"]["expires_at"].as_str();
    let end = end.map(|end| format!("{end}  ({})", when::told(end, "")));
    let never = if key.is_empty() { String::new() } else { "never".to_owned() };
    facts(&[
        ("profile", from("profile")),
        ("url", from("url")),
        ("key from", text(told, "credential")),
        ("key", key),
        ("org", text(told, "org")),
        ("mesh", text(told, "mesh")),
        ("can", text(told, "key.capabilities")),
        ("person", text(told, "key.user")),
        ("ends", end.unwrap_or(never)),
    ])
}
