//! `meshkey topic send`.

use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    super::{
        super::{Failure, Outcome},
        answer::Answer,
        ask::Ask,
        connection::Client,
        print::{facts, text},
    },
    One, own_mesh,
};

/// How long to wait before the same is sent again: the answer was lost, or there was none.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// Send a message, once.
#[derive(Args)]
pub(super) struct Send {
    #[command(flatten)]
    one: One,
    /// What it says, which is JSON; - reads it from stdin
    #[arg(value_name = "BODY", required_unless_present = "text", allow_negative_numbers = true)]
    body: Option<String>,
    /// What it says, as a text, in place of JSON; - reads it from stdin
    #[arg(long, value_name = "TEXT", conflicts_with = "body", allow_hyphen_values = true)]
    text: Option<String>,
    /// The message of the same topic that it answers, by its id
    #[arg(long, value_name = "ID")]
    reply_to: Option<String>,
    /// Repeating a request with the same one sends no second message; one of its own if nothing is said
    #[arg(long, value_name = "TEXT")]
    idempotency_key: Option<String>,
}

#[derive(Serialize)]
struct Wish<'a> {
    body: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<&'a str>,
}

impl Send {
    /// Sends.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let body = self.body(client)?;
        let mesh = own_mesh(client).await?;
        let wish = Wish { body: &body, reply_to: self.reply_to.as_deref() };
        let wish = serde_json::to_string(&wish).map_err(|error| Failure::Other(error.to_string()))?;
        let key = self.idempotency_key.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
        let mut ask = Ask::act(&["v1", "meshes", &mesh, "topics", self.one.name(), "messages"]);
        // As it was written: a number is not rounded on the way.
        ask.body = Some(("application/json", wish));
        let ask = ask.header("Idempotency-Key", &key);
        if client.flags.print_curl {
            return client.act(&ask).await.map(|_| Outcome::Done);
        }
        let answer = once(client, &ask, &key).await?;
        client.show(&answer, "id", words)?;
        Ok(Outcome::Done)
    }

    /// The body as JSON, as it was written.
    fn body(&self, client: &Client) -> Result<Box<RawValue>, Failure> {
        let wrong = |error| {
            Failure::Usage(format!(
                "BODY is no JSON: {error}; --text TEXT sends it as a text, and in a shell JSON stands in quotes"
            ))
        };
        match (&self.text, self.body.as_deref().unwrap_or_default()) {
            (Some(text), _) => {
                let text = if text == "-" { read(client)?.trim_end_matches('\n').to_owned() } else { text.clone() };
                serde_json::value::to_raw_value(&text).map_err(|error| Failure::Other(error.to_string()))
            }
            (None, "-") => RawValue::from_string(read(client)?.trim().to_owned()).map_err(wrong),
            (None, body) => RawValue::from_string(body.trim().to_owned()).map_err(wrong),
        }
    }
}

fn read(client: &Client) -> Result<String, Failure> {
    if client.origin() == Some("stdin") {
        return Err(Failure::Usage("stdin has the key, and cannot have the message too".to_owned()));
    }
    std::io::read_to_string(std::io::stdin()).map_err(|error| Failure::Usage(format!("cannot read the body: {error}")))
}

/// Sends, and again where nobody answered: by its key it is one message all the same.
async fn once(client: &Client, ask: &Ask, key: &str) -> Result<Answer, Failure> {
    for wait in WAITS {
        match client.ask(ask).await {
            Err(Failure::Unavailable(_) | Failure::Refused { code: 8, .. }) => sleep(wait).await,
            done => return done,
        }
    }
    let unsure = format!("perhaps it was sent all the same: the same with --idempotency-key {key} sends it once");
    client.ask(ask).await.map_err(|failure| match failure {
        Failure::Unavailable(why) => Failure::Unavailable(format!("{why}\n  {unsure}")),
        refused if refused.code() == 8 => refused.saying(&unsure),
        refused => refused,
    })
}

fn words(message: &Value) -> Vec<String> {
    facts(&[("id", text(message, "id")), ("seq", text(message, "seq"))])
}
