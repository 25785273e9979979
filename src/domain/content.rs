//! What a mesh holds: messages and state.

use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::{
    id::{KeyId, MessageId},
    name::{Label, StateName},
    topic::TopicName,
};

/// The key that did it, and what it is called now. Never guessed, never anybody else (G-28).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Author {
    /// Which key.
    pub key: KeyId,
    /// What people call it.
    pub label: Label,
}

/// A message of a topic.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// Which one.
    pub id: MessageId,
    /// Its place in the topic, counted from 1: order of commit.
    pub seq: i64,
    /// Where it was sent to.
    pub topic: TopicName,
    /// Any JSON, byte for byte as it was sent.
    pub body: Box<RawValue>,
    /// The key that sent it.
    pub author: Author,
    /// The message of the same topic that it answers, if it does.
    pub reply_to: Option<MessageId>,
    /// When it was sent, by the clock of the database.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A value of the state, of a mesh or of one topic of it.
#[derive(Debug, Clone, Serialize)]
pub struct State {
    /// What it is called.
    pub name: StateName,
    /// The topic that it belongs to; none where it is the mesh's own.
    pub topic: Option<TopicName>,
    /// Any JSON, byte for byte as it was put.
    pub value: Box<RawValue>,
    /// Counted from 1; never starts again, not even after it was deleted.
    pub version: i64,
    /// When it was put, by the clock of the database.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// The key that put it.
    pub updated_by: Author,
}
