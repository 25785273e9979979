//! The rules of a policy: one list, one spelling, and what each says in words.

use super::{Issuers, Policy};
use crate::domain::suggest;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// A rule of a policy.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[$doc])* $name),+ }

        impl Rule {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The one spelling used on the wire, in the database and in the docs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

rules! {
    /// How long a key lives at most.
    LongestLife = "longest_life";
    /// How long where nothing is said.
    DefaultLife = "default_life";
    /// It has to have an end.
    ExpiryRequired = "expiry_required";
    /// It has to name topics.
    TopicsRequired = "topics_required";
    /// Who hands out `admin`.
    AdminKeysBy = "admin_keys_by";
    /// Who hands out keys of the whole org.
    OrgKeysBy = "org_keys_by";
    /// How long a replaced secret goes on at most.
    LongestOverlap = "longest_overlap";
    /// Keys with `admin` have to say from where.
    AdminAddressesRequired = "admin_addresses_required";
    /// It has to say where it is kept.
    NoteRequired = "note_required";
    /// It is disabled when it was not used for so long.
    DisableUnusedAfter = "disable_unused_after";
    /// People show once more who they are.
    ConfirmationRequired = "confirmation_required";
}

/// The text names no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown rule '{0}'{hint}; known: {known}", hint = suggest::hint(.0, names()), known = names().collect::<Vec<_>>().join(", "))]
pub struct UnknownRule(String);

fn names() -> impl Iterator<Item = &'static str> {
    Rule::ALL.iter().map(|rule| rule.name())
}

impl std::str::FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().find(|rule| rule.name() == name);
        known.copied().ok_or_else(|| UnknownRule(name.chars().take(64).collect()))
    }
}

impl serde::Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.name())
    }
}

/// What a rule can be set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// How long.
    Span,
    /// Who.
    Issuers,
    /// Yes or no.
    Flag,
}

impl Rule {
    /// What it can be set to.
    #[must_use]
    pub const fn says(self) -> Says {
        match self {
            Self::LongestLife | Self::DefaultLife | Self::LongestOverlap | Self::DisableUnusedAfter => Says::Span,
            Self::AdminKeysBy | Self::OrgKeysBy => Says::Issuers,
            Self::ExpiryRequired
            | Self::TopicsRequired
            | Self::AdminAddressesRequired
            | Self::NoteRequired
            | Self::ConfirmationRequired => Says::Flag,
        }
    }

    /// Where what it is about stands in the body of an issue or an edit, as a JSON pointer.
    #[must_use]
    pub const fn place(self) -> &'static str {
        match self {
            Self::LongestLife | Self::DefaultLife | Self::ExpiryRequired => "/expires_at",
            Self::TopicsRequired => "/topics",
            Self::AdminKeysBy => "/capabilities",
            Self::OrgKeysBy => "/mesh",
            Self::LongestOverlap => "/overlap",
            Self::AdminAddressesRequired => "/addresses",
            Self::NoteRequired => "/note",
            Self::DisableUnusedAfter | Self::ConfirmationRequired => "",
        }
    }
}

impl Policy {
    /// What it asks for by this rule, in words.
    #[must_use]
    pub fn in_words(&self, rule: Rule) -> String {
        let span = |span: Option<super::Span>| span.map_or_else(String::new, super::Span::in_words);
        match rule {
            Rule::LongestLife => format!("a key ends at most {} after it is issued", span(self.longest_life)),
            Rule::DefaultLife => format!("a key lives {} where nothing is said", self.life_unsaid().in_words()),
            Rule::ExpiryRequired => "a key has an end".to_owned(),
            Rule::TopicsRequired => "a key names its topics, and is not for all of them".to_owned(),
            Rule::AdminKeysBy => format!("keys with 'admin' are issued {}", by(self.admin_keys_by)),
            Rule::OrgKeysBy => format!("keys of the whole org are issued {}", by(self.org_keys_by)),
            Rule::LongestOverlap => format!("a replaced secret goes on for at most {}", span(self.longest_overlap)),
            Rule::AdminAddressesRequired => "a key with 'admin' names the addresses it is used from".to_owned(),
            Rule::NoteRequired => "a key has a note that says where it is kept".to_owned(),
            Rule::DisableUnusedAfter => {
                format!("a key that was not used for {} is disabled", span(self.disable_unused_after))
            }
            Rule::ConfirmationRequired => "people confirm that it is them before they issue a key".to_owned(),
        }
    }
}

const fn by(issuers: Issuers) -> &'static str {
    match issuers {
        Issuers::Anyone => "by whoever covers them",
        Issuers::People => "by people who are signed in",
        Issuers::Owners => "by owners of the org who are signed in",
        Issuers::Nobody => "by nobody",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_rule_is_recognised() {
        for rule in Rule::ALL {
            assert_eq!(rule.name().parse(), Ok(*rule));
            assert!(!Policy::default().in_words(*rule).is_empty());
        }
        let wrong = "longest_live".parse::<Rule>().unwrap_err().to_string();
        assert!(wrong.starts_with("unknown rule 'longest_live' (did you mean 'longest_life'?); known: "), "{wrong}");
    }
}
