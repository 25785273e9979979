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
    /// Show where the service is, which key, org and mesh count, who says so, and whether the key is accepted
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
    let org = client.flags.org_and_origin();
    let mesh = client.flags.mesh_and_origin();
    // What is known here is told also where the service says no, or nothing.
    let own = if client.origin().is_some() { client.own().await.cloned() } else { Err(no_key(client)) };
    if let Ok(own) = &own {
        told["key"] = own["key"].clone();
    }
    for (what, named) in [("org", org), ("mesh", mesh)] {
        let of_key = own.as_ref().map(|own| own[what]["slug"].clone()).unwrap_or_default();
        let (name, from) = match named {
            Some((name, from)) => (Value::from(name), Value::from(from)),
            None if of_key.is_null() => (Value::Null, Value::Null),
            None => (of_key, Value::from("the key")),
        };
        told[what] = name;
        told[format!("{what}_from")] = from;
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
    let from = |name: &str| match told[name].as_str() {
        Some(said) => format!("{said}  ({})", text(told, &format!("{name}_from"))),
        None => String::new(),
    };
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
        ("org", from("org")),
        ("mesh", from("mesh")),
        ("can", text(told, "key.capabilities")),
        ("person", text(told, "key.user")),
        ("ends", end.unwrap_or(never)),
    ])
}
