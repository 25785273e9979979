//! What is said over a socket: JSON, a message each.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    domain::{Content, MessageId, TopicName},
    http::{Problem, body::parse, messages::Seq, preconditions::IdempotencyKey},
};

/// What a client gives a request, to know the answer to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(super) struct Id(String);

impl TryFrom<String> for Id {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if (1..=64).contains(&text.chars().count()) { Ok(Self(text)) } else { Err("a text of 1 to 64 characters") }
    }
}

/// What is wanted, and under which id.
#[derive(Debug, Deserialize)]
struct Envelope {
    r#do: Verb,
}

/// The id alone, where the rest cannot be understood.
#[derive(Debug, Deserialize)]
struct Named {
    id: Id,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verb {
    Subscribe,
    Unsubscribe,
    Send,
}

/// To follow a topic.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subscribe {
    #[serde(rename = "do")]
    _verb: Verb,
    pub(super) id: Option<Id>,
    pub(super) topic: TopicName,
    pub(super) after: Option<Seq>,
}

/// To follow it no longer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unsubscribe {
    #[serde(rename = "do")]
    _verb: Verb,
    pub(super) id: Option<Id>,
    pub(super) topic: TopicName,
}

/// To send.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    #[serde(rename = "do")]
    _verb: Verb,
    pub(super) id: Option<Id>,
    pub(super) topic: TopicName,
    pub(super) body: Content,
    pub(super) reply_to: Option<MessageId>,
    pub(super) idempotency_key: Option<IdempotencyKey>,
}

/// What is wanted.
#[derive(Debug)]
pub(super) enum Said {
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
    Send(Send),
}

impl Said {
    /// Reads it; where it means nothing, with the id under which it was said, if that can be read.
    pub(super) fn read(text: &str) -> Result<Self, (Option<Id>, Problem)> {
        let id = serde_json::from_str::<Named>(text).ok().map(|named| named.id);
        let read = || {
            Ok(match parse::<Envelope>(text.as_bytes())?.r#do {
                Verb::Subscribe => Self::Subscribe(parse(text.as_bytes())?),
                Verb::Unsubscribe => Self::Unsubscribe(parse(text.as_bytes())?),
                Verb::Send => Self::Send(parse(text.as_bytes())?),
            })
        };
        read().map_err(|problem| (id, problem))
    }
}

/// What is answered, and what comes by itself.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    /// It is open.
    Open,
    /// A topic is followed, behind this number.
    Subscribed { re: Option<&'a Id>, topic: &'a TopicName, after: i64 },
    /// A topic is followed no longer.
    Unsubscribed { re: Option<&'a Id>, topic: &'a TopicName },
    /// A message was sent, and is kept.
    Sent { re: Option<&'a Id>, topic: &'a TopicName, id: MessageId, seq: i64 },
    /// It was not done.
    Error {
        re: Option<&'a Id>,
        error: &'a RawValue,
        /// After how many seconds it may be tried again.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// More came than was taken: it goes on behind this number, and nothing is missing.
    Behind { topic: &'a TopicName, after: i64 },
    /// A topic can be followed no longer.
    Ended { topic: &'a TopicName, code: &'a str, title: &'a str },
}
