//! Policies: what keys of an org, or of a mesh of it, have to be like where they are handed out. Every rule is off until it is set.
//!
//! An org has one, and so has each of its meshes. What holds for a key of a mesh is the tighter of both, rule by rule: a mesh can ask
//! for more than its org does, and never for less. A policy is about what is handed out: keys that are there go on working.

mod bounds;
#[cfg(test)]
mod laws;
mod rule;
mod spread;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    address::AddressList,
    capability::Capability,
    grant::Terms,
    key::{DEFAULT_LIFE, DEFAULT_OVERLAP},
    owner::Owner,
    scope::TopicScope,
    span::Span,
    suggest,
};

pub use self::{
    bounds::OutOfBounds,
    rule::{Rule, Says, UnknownRule},
    spread::spread_ends,
};

/// Who may hand something out, the widest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Issuers {
    /// Whoever covers it, be it a key or a person.
    #[default]
    Anyone,
    /// People who are signed in.
    People,
    /// Owners of the org who are signed in.
    Owners,
    /// Nobody at all.
    Nobody,
}

impl Issuers {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Anyone, Self::People, Self::Owners, Self::Nobody];

    /// The one spelling used on the wire, in the database and in the docs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::People => "people",
            Self::Owners => "owners",
            Self::Nobody => "nobody",
        }
    }

    const fn take_in(self, hand: Hand) -> bool {
        match self {
            Self::Anyone => true,
            Self::People => !matches!(hand, Hand::Key),
            Self::Owners => matches!(hand, Hand::Owner),
            Self::Nobody => false,
        }
    }

    /// Whether it is for owners to say so, and to take it back.
    #[must_use]
    pub const fn is_for_owners(self) -> bool {
        matches!(self, Self::Owners | Self::Nobody)
    }
}

/// The text does not say who.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown '{0}'{hint}; known: anyone, people, owners, nobody", hint = suggest::hint(.0, Issuers::ALL.map(Issuers::name)))]
pub struct UnknownIssuers(String);

impl std::str::FromStr for Issuers {
    type Err = UnknownIssuers;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|issuers| issuers.name() == name);
        known.ok_or_else(|| UnknownIssuers(name.chars().take(64).collect()))
    }
}

impl TryFrom<String> for Issuers {
    type Error = UnknownIssuers;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Issuers> for &'static str {
    fn from(issuers: Issuers) -> Self {
        issuers.name()
    }
}

/// Who hands a key out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// The holder of a key, be it bound to a person or not.
    Key,
    /// A person who is signed in.
    Person,
    /// One who owns the org.
    Owner,
}

/// The rules. Their names are those on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub struct Policy {
    /// How long after it is handed out a key ends at the latest.
    pub longest_life: Option<Span>,
    /// How long a key lives where nothing is said; if nothing is said here, [`DEFAULT_LIFE`].
    pub default_life: Option<Span>,
    /// Whether a key has to have an end.
    pub expiry_required: bool,
    /// Whether a key has to name its topics.
    pub topics_required: bool,
    /// Who may hand out keys with `admin`.
    pub admin_keys_by: Issuers,
    /// Who may hand out keys of the whole org.
    pub org_keys_by: Issuers,
    /// How long a replaced secret may go on.
    pub longest_overlap: Option<Span>,
    /// Whether a key with `admin` has to say from where it is used.
    pub admin_addresses_required: bool,
    /// Whether a key has to say where it is kept.
    pub note_required: bool,
    /// After how long without a use a key is disabled.
    pub disable_unused_after: Option<Span>,
    /// Whether a person shows once more who it is before it hands out any key.
    pub confirmation_required: bool,
}

impl Policy {
    /// The policy that holds where this one does, and that of a mesh beside it: of each rule the tighter.
    #[must_use]
    pub fn tightened_by(&self, mesh: &Self) -> Self {
        let default = mesh.default_life.map(|life| life.min(self.default_life()));
        Self {
            longest_life: shorter(self.longest_life, mesh.longest_life),
            default_life: default.or(self.default_life),
            expiry_required: self.expiry_required || mesh.expiry_required,
            topics_required: self.topics_required || mesh.topics_required,
            admin_keys_by: self.admin_keys_by.max(mesh.admin_keys_by),
            org_keys_by: self.org_keys_by.max(mesh.org_keys_by),
            longest_overlap: shorter(self.longest_overlap, mesh.longest_overlap),
            admin_addresses_required: self.admin_addresses_required || mesh.admin_addresses_required,
            note_required: self.note_required || mesh.note_required,
            disable_unused_after: shorter(self.disable_unused_after, mesh.disable_unused_after),
            confirmation_required: self.confirmation_required || mesh.confirmation_required,
        }
    }

    fn default_life(&self) -> Span {
        self.default_life.unwrap_or(Span::seconds(DEFAULT_LIFE.whole_seconds().unsigned_abs()))
    }

    /// How long a key lives for which nothing is said: never longer than any may.
    #[must_use]
    pub fn life_unsaid(&self) -> Span {
        self.longest_life.map_or(self.default_life(), |longest| longest.min(self.default_life()))
    }

    /// When a key ends for which nothing is said.
    #[must_use]
    pub fn default_end(&self, now: OffsetDateTime) -> OffsetDateTime {
        self.life_unsaid().after(now)
    }

    /// The latest end of a key that is handed out now; none where it need not have one.
    #[must_use]
    pub fn latest_end(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.longest_life.map(|life| life.after(now))
    }

    /// How long a replaced secret goes on where nothing is said.
    #[must_use]
    pub fn default_overlap(&self) -> Duration {
        self.longest_overlap.map_or(DEFAULT_OVERLAP, |longest| longest.duration().min(DEFAULT_OVERLAP))
    }

    /// Whether a replaced secret may go on for so long.
    #[must_use]
    pub fn lets_overlap(&self, overlap: Duration) -> bool {
        self.longest_overlap.is_none_or(|longest| overlap <= longest.duration())
    }

    /// The rules that a key breaks that is handed out now.
    #[must_use]
    pub fn broken_by(&self, terms: &Terms, has_note: bool, now: OffsetDateTime) -> Vec<Rule> {
        let is_admin = terms.grant.capabilities.allows(&Capability::Admin);
        let is_too_long = self.latest_end(now).is_some_and(|last| terms.expires_at.is_none_or(|end| end > last));
        let broken = [
            (Rule::LongestLife, is_too_long),
            (Rule::ExpiryRequired, self.expiry_required && terms.expires_at.is_none()),
            (Rule::TopicsRequired, self.topics_required && terms.grant.topics == TopicScope::Everywhere),
            (
                Rule::AdminAddressesRequired,
                self.admin_addresses_required && is_admin && terms.addresses == AddressList::Anywhere,
            ),
            (Rule::NoteRequired, self.note_required && !has_note),
        ];
        broken.into_iter().filter(|(_, is_broken)| *is_broken).map(|(rule, _)| rule).collect()
    }

    /// The rules by which this hand may not hand such a key out.
    #[must_use]
    pub fn withheld_from(&self, hand: Hand, terms: &Terms) -> Vec<Rule> {
        let is_admin = terms.grant.capabilities.allows(&Capability::Admin);
        let is_of_org = matches!(terms.grant.owner, Owner::Org(_));
        let withheld = [
            (Rule::AdminKeysBy, is_admin && !self.admin_keys_by.take_in(hand)),
            (Rule::OrgKeysBy, is_of_org && !self.org_keys_by.take_in(hand)),
        ];
        withheld.into_iter().filter(|(_, is_withheld)| *is_withheld).map(|(rule, _)| rule).collect()
    }

    /// The rules in which this policy asks for less than the one before did.
    #[must_use]
    pub fn looser_than(&self, before: &Self) -> Vec<Rule> {
        let longer = |after: Option<Span>, before: Option<Span>| shorter(after, before) != after;
        let drops = |after: bool, before: bool| before && !after;
        let looser = |rule: Rule| match rule {
            Rule::LongestLife => longer(self.longest_life, before.longest_life),
            Rule::DefaultLife => self.default_life() > before.default_life(),
            Rule::ExpiryRequired => drops(self.expiry_required, before.expiry_required),
            Rule::TopicsRequired => drops(self.topics_required, before.topics_required),
            Rule::AdminKeysBy => self.admin_keys_by < before.admin_keys_by,
            Rule::OrgKeysBy => self.org_keys_by < before.org_keys_by,
            Rule::LongestOverlap => longer(self.longest_overlap, before.longest_overlap),
            Rule::AdminAddressesRequired => drops(self.admin_addresses_required, before.admin_addresses_required),
            Rule::NoteRequired => drops(self.note_required, before.note_required),
            Rule::DisableUnusedAfter => longer(self.disable_unused_after, before.disable_unused_after),
            Rule::ConfirmationRequired => drops(self.confirmation_required, before.confirmation_required),
        };
        Rule::ALL.iter().copied().filter(|rule| looser(*rule)).collect()
    }

    /// The rules that are for owners to change, of those in which this policy differs from the one before.
    #[must_use]
    pub fn owners_changes(&self, before: &Self) -> Vec<Rule> {
        let rules = [
            (Rule::AdminKeysBy, self.admin_keys_by, before.admin_keys_by),
            (Rule::OrgKeysBy, self.org_keys_by, before.org_keys_by),
        ];
        let is_theirs =
            |after: Issuers, before: Issuers| after != before && (after.is_for_owners() || before.is_for_owners());
        rules.into_iter().filter(|(_, after, before)| is_theirs(*after, *before)).map(|(rule, ..)| rule).collect()
    }
}

fn shorter(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    one.into_iter().chain(other).min()
}
