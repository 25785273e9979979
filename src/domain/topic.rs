//! Topics by name, patterns over them, and the scope of a grant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::name::{MalformedName, checked_text, is_identity};

/// The most topics that one scope may name.
pub const MOST_PATTERNS: usize = 100;
const LONGEST: usize = 64;

/// The identity of a topic in its mesh: `[a-z0-9][a-z0-9._-]{0,63}`. A leading `#` is accepted and dropped (A-11).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TopicName(String);
checked_text!(TopicName);

impl FromStr for TopicName {
    type Err = MalformedName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.strip_prefix('#').unwrap_or(text);
        is_identity(name, b"._-", LONGEST).then(|| Self(name.to_owned())).ok_or(MalformedName::Topic)
    }
}

/// The text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MalformedPattern {
    /// Neither a topic's name nor a prefix and `*`.
    #[error("a topic pattern is a topic's name, or the beginning of one followed by * (as in ci.*)")]
    Form,
    /// A bare `*`.
    #[error("'*' is no pattern; to allow all topics, say \"topics\": \"all\"")]
    BareStar,
}

/// Which topics: one by its name, or all whose names go on after a prefix.
///
/// `ci.*` matches `ci.build` and not `ci.`: at least one character stands for the star.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub enum TopicPattern {
    /// This topic.
    Exactly(TopicName),
    /// Every topic whose name begins so and is longer.
    Beginning(String),
}

impl TopicPattern {
    /// Whether the topic is meant.
    #[must_use]
    pub fn matches(&self, topic: &TopicName) -> bool {
        match self {
            Self::Exactly(name) => name == topic,
            Self::Beginning(prefix) => topic.0.len() > prefix.len() && topic.0.starts_with(prefix.as_str()),
        }
    }

    /// Whether every topic that `other` matches is matched by this one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Exactly(topic)) => self.matches(topic),
            (Self::Beginning(prefix), Self::Beginning(longer)) => longer.starts_with(prefix.as_str()),
            (Self::Exactly(_), Self::Beginning(_)) => false,
        }
    }
}

impl FromStr for TopicPattern {
    type Err = MalformedPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_prefix('#').unwrap_or(text);
        let Some(prefix) = text.strip_suffix('*') else {
            return text.parse().map(Self::Exactly).map_err(|_| MalformedPattern::Form);
        };
        if prefix.is_empty() {
            return Err(MalformedPattern::BareStar);
        }
        is_identity(prefix, b"._-", LONGEST - 1)
            .then(|| Self::Beginning(prefix.to_owned()))
            .ok_or(MalformedPattern::Form)
    }
}

impl TryFrom<String> for TopicPattern {
    type Error = MalformedPattern;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for TopicPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(name) => name.fmt(out),
            Self::Beginning(prefix) => write!(out, "{prefix}*"),
        }
    }
}

impl Serialize for TopicPattern {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

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
    fn a_leading_hash_is_dropped() {
        // A-11
        assert_eq!("#deploys".parse::<TopicName>(), "deploys".parse());
        assert_eq!(pattern("#ci.*"), pattern("ci.*"));
        assert!("##deploys".parse::<TopicName>().is_err());
    }

    #[test]
    fn a_star_stands_for_at_least_one_character() {
        // P-4
        let ci = pattern("ci.*");
        for (topic, matched) in [("ci.build", true), ("ci.b", true), ("ci.", false), ("ci", false), ("cix", false)] {
            assert_eq!(ci.matches(&topic.parse().unwrap()), matched, "{topic}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert_eq!("*".parse::<TopicPattern>(), Err(MalformedPattern::BareStar));
        assert_eq!("#*".parse::<TopicPattern>(), Err(MalformedPattern::BareStar));
        for bad in ["", "ci.**", "c*i", "CI.*", "-*", ".*", &format!("{}*", "x".repeat(64))] {
            assert_eq!(bad.parse::<TopicPattern>(), Err(MalformedPattern::Form), "{bad}");
        }
        assert!(format!("{}*", "x".repeat(63)).parse::<TopicPattern>().is_ok());
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
