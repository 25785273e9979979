//! The one place where what is handed out is held against the policies of its org and its mesh.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    db::{Transaction, policies},
    domain::{
        Owner, Policy, Terms,
        member::Who,
        name::Note,
        policy::{Hand, Rule},
    },
    service::{Refusal, authority::Holding},
};

/// Whose policy asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The org's.
    Org,
    /// The mesh's, for more than its org's.
    Mesh,
}

impl Origin {
    /// The one spelling used on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Mesh => "mesh",
        }
    }
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Which one.
    pub rule: Rule,
    /// Whose policy asks for it.
    pub origin: Origin,
    /// Where what breaks it stands in the body; nothing where the key is as it was.
    pub pointer: &'static str,
    /// What it asks for, and what to do.
    pub detail: String,
}

/// What holds for the keys of an owner.
#[derive(Debug)]
pub(in crate::service) struct InForce {
    /// The org's own.
    pub(in crate::service) org: Policy,
    /// Together with the mesh's.
    pub(in crate::service) both: Policy,
}

/// A key that is about to be handed out.
pub(in crate::service) struct Handed<'a> {
    /// What it may do.
    pub(in crate::service) terms: &'a Terms,
    /// Where it is kept.
    pub(in crate::service) note: Option<&'a Note>,
    /// Whether its holder gives itself a new secret: who may hand it out to others does not matter then.
    pub(in crate::service) is_own: bool,
    /// Whether the request says what it is to be like, or leaves it as it was.
    pub(in crate::service) is_said: bool,
    /// The clock of the database.
    pub(in crate::service) now: OffsetDateTime,
}

impl InForce {
    /// Holds the policies as they are to the end of the transaction: behind the locks of persons and keys, and before the head of
    /// the audit. Who changes one waits for who hands out by the old one.
    pub(in crate::service) async fn hold(transaction: &Transaction<'_>, owner: Owner) -> Result<Self, Refusal> {
        policies::hold(transaction, owner.org()).await?;
        Self::read(transaction, owner).await
    }

    /// The same for who only looks.
    pub(in crate::service) async fn read(transaction: &Transaction<'_>, owner: Owner) -> Result<Self, Refusal> {
        let org = policies::show(transaction, owner.org(), None).await?.policy;
        let both = match owner.mesh() {
            None => org.clone(),
            Some(mesh) => org.tightened_by(&policies::show(transaction, owner.org(), Some(mesh)).await?.policy),
        };
        Ok(Self { org, both })
    }

    /// Refuses to hand out what the policies do not let this caller hand out now, and names every rule that stands against it.
    pub(in crate::service) fn ensure_hands_out(&self, caller: &Holding, key: &Handed<'_>) -> Result<(), Refusal> {
        let Handed { terms, note, is_own, now, .. } = *key;
        let mut rules = if is_own { Vec::new() } else { self.both.withheld_from(hand(caller), terms) };
        rules.extend(self.both.broken_by(terms, note.is_some(), now));
        self.refuse(&rules, key)?;
        if self.both.confirmation_required { caller.ensure_fresh() } else { Ok(()) }
    }

    /// Refuses to take the note from a key that has to have one.
    pub(in crate::service) fn ensure_keeps_note(&self, key: &Handed<'_>) -> Result<(), Refusal> {
        let is_missing = self.both.note_required && key.note.is_none();
        self.refuse(if is_missing { &[Rule::NoteRequired] } else { &[] }, key)
    }

    /// How long a replaced secret is to go on: what was asked for, if that may be, or else what may be.
    pub(in crate::service) fn overlap(&self, said: Option<Duration>) -> Result<Duration, Refusal> {
        let overlap = said.unwrap_or_else(|| self.both.default_overlap());
        if self.both.lets_overlap(overlap) {
            return Ok(overlap);
        }
        let rule = Rule::LongestOverlap;
        let detail = self.words(rule, "say a shorter one, or none");
        Err(Refusal::Policy(vec![Breach { rule, origin: self.origin(rule), pointer: rule.place(), detail }]))
    }

    fn refuse(&self, rules: &[Rule], key: &Handed<'_>) -> Result<(), Refusal> {
        if rules.is_empty() {
            return Ok(());
        }
        let breach = |rule: &Rule| Breach {
            rule: *rule,
            origin: self.origin(*rule),
            pointer: if key.is_said { rule.place() } else { "" },
            detail: self.words(*rule, &self.remedy(*rule, key)),
        };
        Err(Refusal::Policy(rules.iter().map(breach).collect()))
    }

    fn origin(&self, rule: Rule) -> Origin {
        if self.org.looser_than(&self.both).contains(&rule) { Origin::Mesh } else { Origin::Org }
    }

    fn words(&self, rule: Rule, remedy: &str) -> String {
        let whose = self.origin(rule).name();
        format!("the {whose}'s policy says ({}): {}; {remedy}", rule.name(), self.both.in_words(rule))
    }

    /// What to do.
    fn remedy(&self, rule: Rule, key: &Handed<'_>) -> String {
        let first = if key.is_said { "" } else { "edit the key first: " };
        let remedy = match rule {
            Rule::LongestLife | Rule::ExpiryRequired => {
                let latest = self.both.latest_end(key.now).and_then(|end| end.format(&Rfc3339).ok());
                latest.map_or_else(|| "give it an end".to_owned(), |latest| format!("let it end by {latest}"))
            }
            Rule::TopicsRequired => "name topics, such as [\"deploys\", \"ci.*\"]".to_owned(),
            Rule::AdminAddressesRequired => "name the addresses".to_owned(),
            Rule::NoteRequired => "give it one".to_owned(),
            Rule::AdminKeysBy => return "ask one of them, or leave 'admin' out".to_owned(),
            Rule::OrgKeysBy => return "name a mesh, or ask one of them".to_owned(),
            _ => return "ask who may change the policy".to_owned(),
        };
        format!("{first}{remedy}")
    }
}

fn hand(caller: &Holding) -> Hand {
    match caller.who() {
        Who::Key { .. } => Hand::Key,
        Who::Person { is_owner: true, .. } => Hand::Owner,
        Who::Person { .. } => Hand::Person,
    }
}
