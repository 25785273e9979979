//! Scopes: which topics a grant reaches. "All topics" is said, never implied.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::topic::{TopicName, TopicPattern};

/// The most topics that one scope may name.
pub const MOST_PATTERNS: usize = 100;

/// Why a list of patterns is no scope.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MalformedScope {
    /// An empty list would mean nothing, and must never come to mean everything (A-9, A-10).
    #[error("name at least one topic, or say \"all\" for all topics, now and later")]
    Empty,
    /// More than [`MOST_PATTERNS`].
    #[error("a key names at most {MOST_PATTERNS} topics; a pattern such as ci.* stands for many")]
    TooMany,
}

/// How far a grant reaches in its owner. "All topics" is said, never implied, and no value means "none".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TopicScope {
    /// Not confined.
    Everywhere,
    /// Confined to these topics, and to what names a topic. Never empty: see [`TopicScope::only`].
    Only(Patterns),
}

/// A list of patterns that is not empty and has no doubles.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Patterns(Vec<TopicPattern>);

impl Patterns {
    /// The patterns, in the order in which they were given.
    #[must_use]
    pub fn as_slice(&self) -> &[TopicPattern] {
        &self.0
    }
}

impl TopicScope {
    /// A scope of these patterns; a double counts once.
    pub fn only(patterns: impl IntoIterator<Item = TopicPattern>) -> Result<Self, MalformedScope> {
        let mut kept: Vec<TopicPattern> = Vec::new();
        for pattern in patterns {
            if !kept.contains(&pattern) {
                kept.push(pattern);
            }
            if kept.len() > MOST_PATTERNS {
                return Err(MalformedScope::TooMany);
            }
        }
        if kept.is_empty() {
            return Err(MalformedScope::Empty);
        }
        Ok(Self::Only(Patterns(kept)))
    }

    /// Whether the scope takes in the topic; without one, whether it takes in what names no topic.
    #[must_use]
    pub fn reaches(&self, topic: Option<&TopicName>) -> bool {
        match (self, topic) {
            (Self::Everywhere, _) => true,
            (Self::Only(_), None) => false,
            (Self::Only(patterns), Some(topic)) => patterns.0.iter().any(|p| p.matches(topic)),
        }
    }

    /// The narrowest pattern by which the scope reaches the topic; none where it is everywhere, or does not.
    #[must_use]
    pub fn pattern_of(&self, topic: &TopicName) -> Option<&TopicPattern> {
        let matching = self.patterns().unwrap_or_default().iter().filter(|pattern| pattern.matches(topic));
        matching.max_by_key(|pattern| pattern.stem().len())
    }

    /// Whether this scope reaches whatever `other` reaches.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everywhere, _) => true,
            (Self::Only(_), Self::Everywhere) => false,
            (Self::Only(_), Self::Only(patterns)) => patterns.0.iter().all(|p| self.covers_pattern(p)),
        }
    }

    /// Whether one pattern lies within this scope.
    #[must_use]
    pub fn covers_pattern(&self, pattern: &TopicPattern) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only(patterns) => patterns.0.iter().any(|own| own.covers(pattern)),
        }
    }

    /// The patterns, or none where the scope is everywhere.
    #[must_use]
    pub fn patterns(&self) -> Option<&[TopicPattern]> {
        match self {
            Self::Everywhere => None,
            Self::Only(patterns) => Some(patterns.as_slice()),
        }
    }
}

impl Serialize for TopicScope {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Everywhere => out.serialize_str("all"),
            Self::Only(patterns) => patterns.0.serialize(out),
        }
    }
}

impl<'de> Deserialize<'de> for TopicScope {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Wire;

        impl<'de> de::Visitor<'de> for Wire {
            type Value = TopicScope;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("\"all\" or a list of topics such as [\"deploys\", \"ci.*\"]")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TopicScope, E> {
                match text {
                    "all" => Ok(TopicScope::Everywhere),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<TopicScope, A::Error> {
                let mut patterns = Vec::new();
                while let Some(pattern) = list.next_element()? {
                    patterns.push(pattern);
                }
                TopicScope::only(patterns).map_err(de::Error::custom)
            }
        }

        input.deserialize_any(Wire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> TopicPattern {
        text.parse().unwrap()
    }

    #[test]
    fn all_is_said_and_empty_is_refused() {
        // A-9, A-10
        let scope = |json: &str| serde_json::from_str::<TopicScope>(json);
        assert_eq!(scope("\"all\"").unwrap(), TopicScope::Everywhere);
        assert!(scope("[]").unwrap_err().to_string().starts_with("name at least one topic"));
        assert!(scope("null").is_err());
        assert!(scope("\"everything\"").is_err());
        assert_eq!(serde_json::to_string(&scope("[\"#a\",\"a\",\"b*\"]").unwrap()).unwrap(), r#"["a","b*"]"#);
    }

    #[test]
    fn a_scope_has_a_hundred_patterns_at_most() {
        let many = |count: usize| TopicScope::only((0..count).map(|n| pattern(&format!("t{n}"))));
        assert!(many(100).is_ok());
        assert_eq!(many(101), Err(MalformedScope::TooMany));
    }
}
