//! Capabilities: single rights, built in or declared by an org, and sets of them.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::{name::checked_text, suggest};

/// One right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Post messages to topics.
    Send,
    /// Read topics, messages and state.
    Read,
    /// Change state.
    StateWrite,
    /// Everything, and manage what is covered.
    Admin,
    /// Ask about keys that the owner covers, and nothing else: what a protected service holds.
    Verify,
    /// A right that an org declared for services of its own.
    Declared(DeclaredName),
}

/// The name of a right that an org declared: `[a-z][a-z0-9_.-]{1,47}`, none of the built-in ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct DeclaredName(String);
checked_text!(DeclaredName);

/// How many rights an org may declare.
pub const MOST_DECLARED: i64 = 64;

/// Why a text is no name for a right of an org's own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MalformedDeclaredName {
    /// It may not look so.
    #[error("a capability is 2 to 48 characters of a-z 0-9 _ . -, the first a letter")]
    Form,
    /// Every org has it.
    #[error("'{0}' is built in: every org has it")]
    BuiltIn(String),
}

impl FromStr for DeclaredName {
    type Err = MalformedDeclaredName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name.parse() {
            Ok(Capability::Declared(name)) => Ok(name),
            Ok(built_in) => Err(MalformedDeclaredName::BuiltIn(built_in.to_string())),
            Err(_) => Err(MalformedDeclaredName::Form),
        }
    }
}

impl Capability {
    /// Those that every org has.
    pub const BUILT_IN: [Self; 5] = [Self::Send, Self::Read, Self::StateWrite, Self::Admin, Self::Verify];

    /// The one spelling used on the wire, in the database and in the docs.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Send => "send",
            Self::Read => "read",
            Self::StateWrite => "state_write",
            Self::Admin => "admin",
            Self::Verify => "verify",
            Self::Declared(name) => &name.0,
        }
    }

    /// Whether every org has it.
    #[must_use]
    pub const fn is_built_in(&self) -> bool {
        !matches!(self, Self::Declared(_))
    }
}

/// The text names no capability.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown capability '{0}'{hint}; known: send, read, state_write, admin, verify", hint = suggest::hint(.0, built_in_names()))]
pub struct UnknownCapability(String);

/// What to say of a well-formed name that an org has not declared, where it has declared these.
#[must_use]
pub fn undeclared(name: &str, declared: &[String]) -> String {
    let known = || built_in_names().into_iter().chain(declared.iter().map(String::as_str));
    let all = known().collect::<Vec<_>>().join(", ");
    format!("unknown capability '{name}'{}; known: {all}", suggest::hint(name, known()))
}

fn built_in_names() -> [&'static str; 5] {
    ["send", "read", "state_write", "admin", "verify"]
}

fn is_declarable(name: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
    (2..=48).contains(&name.len()) && name.as_bytes()[0].is_ascii_lowercase() && name.bytes().all(rest)
}

impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let built_in = Self::BUILT_IN.into_iter().find(|capability| capability.name() == name);
        built_in
            .or_else(|| is_declarable(name).then(|| Self::Declared(DeclaredName(name.to_owned()))))
            .ok_or_else(|| UnknownCapability(name.chars().take(64).collect()))
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

/// Why a list is no set of capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MalformedSet {
    /// A key that may do nothing is a mistake.
    #[error("name at least one capability: send, read, state_write, admin, verify")]
    Empty,
    /// More than the built-in ones and those that an org may declare.
    #[error("too many capabilities")]
    TooMany,
}

/// Rights held together. Never empty. Those that every org has are bits: to look at them costs no look elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CapabilitySet {
    /// See [`bit`].
    built_in: u8,
    /// In order and each once.
    declared: Box<[Capability]>,
}

impl CapabilitySet {
    const MOST: usize = 69;

    /// A set of these; a double counts once.
    pub fn new(capabilities: impl IntoIterator<Item = Capability>) -> Result<Self, MalformedSet> {
        let set: BTreeSet<_> = capabilities.into_iter().collect();
        match set.len() {
            0 => return Err(MalformedSet::Empty),
            1..=Self::MOST => {}
            _ => return Err(MalformedSet::TooMany),
        }
        let built_in = set.iter().filter_map(bit).fold(0, |bits, bit| bits | bit);
        Ok(Self { built_in, declared: set.into_iter().filter(|one| !one.is_built_in()).collect() })
    }

    /// Whether the set is enough for `needed`. The only place where admin means all.
    #[must_use]
    pub fn allows(&self, needed: &Capability) -> bool {
        self.holds(&Capability::Admin) || self.holds(needed)
    }

    fn holds(&self, capability: &Capability) -> bool {
        bit(capability).map_or_else(|| self.declared.contains(capability), |bit| self.built_in & bit != 0)
    }

    /// Whether whatever `other` allows, this set allows.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|capability| self.allows(capability))
    }

    /// The capabilities, in one fixed order.
    pub fn iter(&self) -> impl Iterator<Item = &Capability> {
        Capability::BUILT_IN.iter().filter(|one| self.holds(one)).chain(&self.declared)
    }
}

/// The bit of a capability that every org has.
const fn bit(capability: &Capability) -> Option<u8> {
    match capability {
        Capability::Send => Some(1),
        Capability::Read => Some(1 << 1),
        Capability::StateWrite => Some(1 << 2),
        Capability::Admin => Some(1 << 3),
        Capability::Verify => Some(1 << 4),
        Capability::Declared(_) => None,
    }
}

impl Serialize for CapabilitySet {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for CapabilitySet {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let list = Vec::<Capability>::deserialize(input)?;
        Self::new(list).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_and_print_are_inverse() {
        for capability in Capability::BUILT_IN {
            assert_eq!(capability.name().parse(), Ok(capability));
        }
        assert_eq!("issue_view".parse::<Capability>().unwrap().name(), "issue_view");
        assert_eq!(built_in_names(), Capability::BUILT_IN.each_ref().map(Capability::name));
    }

    #[test]
    fn a_name_that_nobody_could_declare_is_refused_with_a_hint() {
        //
        let wrong = "Send".parse::<Capability>().unwrap_err().to_string();
        assert_eq!(
            wrong,
            "unknown capability 'Send' (did you mean 'send'?); known: send, read, state_write, admin, verify"
        );
        for bad in ["", "x", "9a", "a b", "é", &"x".repeat(49)] {
            assert!(bad.parse::<Capability>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_set_is_never_empty() {
        assert_eq!(CapabilitySet::new([]), Err(MalformedSet::Empty));
        assert!(serde_json::from_str::<CapabilitySet>("[]").is_err());
    }

    #[test]
    fn admin_means_all_and_nothing_else_does() {
        let declared: Capability = "upload".parse().unwrap();
        let admin = CapabilitySet::new([Capability::Admin]).unwrap();
        let verify = CapabilitySet::new([Capability::Verify]).unwrap();
        for needed in Capability::BUILT_IN.into_iter().chain([declared]) {
            assert!(admin.allows(&needed));
            assert_eq!(verify.allows(&needed), needed == Capability::Verify);
        }
    }
}
