//! Topics by name, and patterns over them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

use super::name::{MalformedName, checked_text, is_identity};

const LONGEST: usize = 64;

/// The identity of a topic in its mesh: `[a-z0-9][a-z0-9._-]{0,63}`. A leading `#` is accepted and dropped.
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

impl TopicName {
    /// Every pattern that means this topic, as text: by which it is looked for among those of keys.
    #[must_use]
    pub fn patterns(&self) -> Vec<String> {
        // A name is ASCII, so that it can be cut anywhere.
        let beginnings = (1..self.0.len()).map(|end| format!("{}*", &self.0[..end]));
        std::iter::once(self.0.clone()).chain(beginnings).collect()
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

    /// What every topic that is meant begins with.
    #[must_use]
    pub fn stem(&self) -> &str {
        match self {
            Self::Exactly(name) => name.as_str(),
            Self::Beginning(prefix) => prefix,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> TopicPattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_leading_hash_is_dropped() {
        //
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
    fn a_topic_knows_every_pattern_that_means_it() {
        for name in ["a", "ci.", "ci.build"] {
            let topic: TopicName = name.parse().unwrap();
            let own = topic.patterns();
            assert_eq!(own.len(), name.len());
            for other in ["a", "a*", "c*", "ci.*", "ci.b*", "ci.build", "ci.build*", "ci.buil*", "ci.", "ci*"] {
                assert_eq!(own.iter().any(|one| one == other), pattern(other).matches(&topic), "{other} {name}");
            }
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
}
