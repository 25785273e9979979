//! What a mesh holds: messages and state.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;
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

/// Any JSON, byte for byte as it came: big numbers stay as they are, and so does the order of members. At most
/// [`DEEPEST`] levels deep, so that whoever reads it can.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Box<RawValue>")]
pub struct Content(Box<RawValue>);

/// The most levels of lists and objects within each other.
pub const DEEPEST: usize = 100;

/// Why JSON is not taken as content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnreadableContent {
    /// Nested more than [`DEEPEST`] levels.
    #[error("lists and objects may be {DEEPEST} levels deep at most")]
    TooDeep,
    /// Half of a surrogate pair: no Unicode text, so that strict readers could not read any page with it.
    #[error("a string has half of a surrogate pair (such as \\ud800 alone), which is no Unicode text")]
    LoneSurrogate,
}

impl Content {
    /// The JSON.
    #[must_use]
    pub fn raw(&self) -> &RawValue {
        &self.0
    }
}

impl TryFrom<Box<RawValue>> for Content {
    type Error = UnreadableContent;

    fn try_from(value: Box<RawValue>) -> Result<Self, UnreadableContent> {
        if depth(value.get()) > DEEPEST {
            return Err(UnreadableContent::TooDeep);
        }
        if has_lone_surrogate(value.get()) {
            return Err(UnreadableContent::LoneSurrogate);
        }
        Ok(Self(value))
    }
}

/// Whether an escape stands for half of a surrogate pair without its other half (RFC 8259, 8.2).
fn has_lone_surrogate(json: &str) -> bool {
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        rest = &rest[at..];
        let taken = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => return true,
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    false
}

/// The UTF-16 unit of the `\\uXXXX` that `text` begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

/// How deep the brackets go that stand outside of strings.
fn depth(json: &str) -> usize {
    let (mut deepest, mut now, mut in_string, mut is_escaped) = (0_usize, 0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => now += 1,
            b']' | b'}' if !in_string => now = now.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(now);
    }
    deepest
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
    /// What it says.
    pub body: Content,
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
    /// What it is.
    pub value: Content,
    /// Counted from 1; never starts again, not even after it was deleted.
    pub version: i64,
    /// When it was put, by the clock of the database.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// The key that put it.
    pub updated_by: Author,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_kept_byte_for_byte_and_not_too_deep() {
        let text = r#"{"b":123456789012345678901234567890,"a":"]]\"[[\\","a":1e999}"#;
        let content: Content = serde_json::from_str(text).unwrap();
        assert_eq!(content.raw().get(), text);
        assert_eq!(depth(text), 1);
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(serde_json::from_str::<Content>(&nested(100)).is_ok());
        assert!(serde_json::from_str::<Content>(&nested(101)).is_err());
    }

    #[test]
    fn half_of_a_surrogate_pair_is_no_text() {
        let is_taken = |json: &str| serde_json::from_str::<Content>(json).is_ok();
        for good in [r#""\ud83d\ude00""#, r#""\\ud800""#, r#""\u00e9\n\"é""#, r#"{"\ud83d\ude00":["\\\\"]}"#] {
            assert!(is_taken(good), "{good}");
        }
        for bad in [r#""\ud800""#, r#""\ud800x""#, r#""\udc00\ud800""#, r#"{"\ud800":1}"#, r#""\ud800\ud83d\ude00""#] {
            assert!(!is_taken(bad), "{bad}");
        }
    }
}
