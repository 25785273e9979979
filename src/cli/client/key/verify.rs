//! `meshkey key verify` and `meshkey key find`: questions about a key that somebody holds. It comes on stdin or from a file,
//! never from the command line (U-5); no is another exit code than could not ask (U-7).

use std::path::PathBuf;

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde_json::{Map, Value, json};

use super::{
    super::{
        super::{Failure, Outcome, show::line},
        answer::Answer,
        ask::Ask,
        complete, confirm,
        connection::Client,
        print::text,
    },
    Places, words,
};

/// Where the key comes from.
#[derive(Args)]
struct Held {
    /// File with the key; stdin if nothing is said
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// What is asked of a key.
#[derive(Args)]
pub(super) struct Verify {
    /// What it is to do
    #[arg(long, short, value_name = "CAPABILITY", add = ArgValueCandidates::new(complete::capabilities))]
    cap: String,
    /// On which topic
    #[arg(long, short, value_name = "TOPIC", add = ArgValueCandidates::new(complete::topics))]
    topic: Option<String>,
    /// From which address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    #[command(flatten)]
    held: Held,
}

impl Held {
    /// Asks; prints the request as a command that reads the key from its stdin, if that is wanted.
    async fn ask(&self, client: &Client, question: Map<String, Value>) -> Result<Option<Answer>, Failure> {
        if client.flags.print_curl {
            return printed(client, question).map(|()| None);
        }
        let secret = confirm::secret(self.key_file.as_ref(), client.flags.token_file.as_ref())?;
        let mut body = question;
        body.insert("key".to_owned(), json!(secret.as_str()));
        let mut body = Value::Object(body);
        let answer = client.ask(&Ask::post(&["v1", "verify"], &body)).await?;
        // Where no mesh is named, the one that the key acts for is meant.
        let verdict = answer.value()?;
        if body["mesh"].is_null() && verdict["code"] == "wrong_mesh" && verdict["key"]["owner"]["mesh"].is_string() {
            body["mesh"] = verdict["key"]["owner"]["mesh"].clone();
            return client.ask(&Ask::post(&["v1", "verify"], &body)).await.map(Some);
        }
        Ok(Some(answer))
    }
}

fn printed(client: &Client, question: Map<String, Value>) -> Result<(), Failure> {
    let question = Value::Object(question).to_string().replace('\'', "\\u0027");
    let ask = Ask::act(&["v1", "verify"]).header("Content-Type", "application/json");
    line(&format!("jq -cR '{{key: .}} + {question}' |\n{} \\\n  --data-binary @-", client.as_curl(&ask)?))
}

impl Verify {
    /// Asks.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let mut question = Map::new();
        question.insert("capability".into(), json!(self.cap));
        let mesh = client.flags.named_mesh();
        for (name, value) in [("mesh", mesh.as_deref()), ("topic", self.topic.as_deref()), ("ip", self.ip.as_deref())] {
            question.extend(value.map(|value| (name.to_owned(), json!(value))));
        }
        let Some(answer) = self.held.ask(client, question).await? else { return Ok(Outcome::Done) };
        verdict(client, &answer)
    }
}

/// Prints a verdict: yes, or no and why.
pub(super) fn verdict(client: &Client, answer: &Answer) -> Result<Outcome, Failure> {
    let value = answer.value()?;
    let is_allowed = value["allowed"] == true;
    client.show(answer, "code", |value| {
        let label = text(value, "key.label");
        let who = if label.is_empty() { label } else { format!("  {label}  {}", text(value, "key.id")) };
        let answered = if is_allowed {
            "yes".to_owned()
        } else {
            format!("no   {}: {}", text(value, "code"), text(value, "detail"))
        };
        vec![format!("{answered}{who}")]
    })?;
    Ok(if is_allowed { Outcome::Done } else { Outcome::No })
}

/// Find out which key this is.
#[derive(Args)]
pub(super) struct Find {
    #[command(flatten)]
    held: Held,
}

impl Find {
    /// Asks; a key that is not there, or not for you to know, is a no.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let mut question = Map::new();
        question.insert("capability".into(), json!("read"));
        let Some(answer) = self.held.ask(client, question).await? else { return Ok(Outcome::Done) };
        let value = answer.value()?;
        if value["key"].is_null() {
            verdict(client, &answer)?;
            return Ok(Outcome::No);
        }
        let state = text(&value, "code");
        let is_dead = ["revoked", "expired", "disabled", "org_suspended", "mesh_archived"].contains(&state.as_str());
        let key = Answer {
            status: answer.status,
            text: value["key"].to_string(),
            etag: None,
            retry: None,
            named: Vec::new(),
        };
        let places = Places::of(client, &[value["key"].clone()]).await?;
        client.show(&key, "id", |key| {
            let mut key = key.clone();
            key["status"] =
                if is_dead { format!("{state}: {}", text(&value, "detail")).into() } else { "active".into() };
            words(&key, Some(&places.name(&key)))
        })?;
        Ok(Outcome::Done)
    }
}
