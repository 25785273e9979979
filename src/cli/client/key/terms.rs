//! What a key is to be allowed, as flags.

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde_json::{Value, json};

use super::super::{super::Failure, complete};
use crate::domain::Rate;

/// On which topics: some, or all of them, but never all of them by accident.
#[derive(Args)]
pub(super) struct Topics {
    /// A topic, or a pattern such as ci.*; may be given several times
    #[arg(long = "topic", short, value_name = "TOPIC", value_delimiter = ',', add = ArgValueCandidates::new(complete::topics))]
    topics: Vec<String>,
    /// All topics, now and later
    #[arg(long, conflicts_with = "topics")]
    all_topics: bool,
}

impl Topics {
    /// As the API takes them, if something was said.
    pub(super) fn said(&self) -> Option<Value> {
        match (self.all_topics, self.topics.as_slice()) {
            (true, _) => Some(json!("all")),
            (false, []) => None,
            (false, topics) => Some(json!(topics)),
        }
    }

    /// As the API takes them; something must be said.
    pub(super) fn chosen(&self) -> Result<Value, Failure> {
        let unsaid =
            "choose --topic NAME (may be given several times) or --all-topics: a key is never unconfined by accident";
        self.said().ok_or_else(|| Failure::Usage(unsaid.to_owned()))
    }
}

/// The capabilities, each known to somebody: the service knows them all, the built-in ones are known here.
#[derive(Args)]
pub(super) struct Capabilities {
    /// What it may do: send, read, state_write, verify, admin; several by commas
    #[arg(long = "cap", short, value_name = "CAPABILITY", value_delimiter = ',', add = ArgValueCandidates::new(complete::capabilities))]
    pub(super) capabilities: Vec<String>,
}

/// A rate as the API takes it, or JSON's null for `none`.
pub(super) fn rate(text: &str) -> Result<Value, Failure> {
    if text == "none" {
        return Ok(Value::Null);
    }
    let rate: Result<Rate, _> = text.parse();
    rate.map(|rate| json!(rate)).map_err(|error| Failure::Usage(format!("'{text}' is no rate: {error}, or none")))
}
