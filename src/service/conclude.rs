//! The end of every decision, at every door: what it takes from the key, and where it is counted.

use std::net::IpAddr;

use super::{House, fresh::Held, meters::Door};
use crate::domain::{Capability, Denial, KeyId, OrgId, TopicName, key::Use, usage::Happening};

/// What was decided, and about whom.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    /// Where.
    pub(super) door: Door,
    /// About whom; about nobody where none holds the secret, or none of whom the asker may know.
    pub(super) held: Option<&'a Held>,
    /// What it wants to do; nothing where any live key will do.
    pub(super) capability: Option<&'a Capability>,
    /// On which topic.
    pub(super) topic: Option<&'a TopicName>,
    /// From where, if that is known.
    pub(super) from: Option<IpAddr>,
    /// Whether it counts as a use where it is allowed. What is denied always counts.
    pub(super) counts: bool,
}

impl<'a> Case<'a> {
    /// The same about this key.
    pub(super) const fn about(self, held: &'a Held) -> Self {
        Self { held: Some(held), ..self }
    }

    /// The key and its org, as far as they are known: for the log.
    pub(super) fn who(&self) -> Option<(KeyId, OrgId)> {
        let credential = &self.held?.known.credential;
        Some((credential.key, credential.terms.grant.owner.org()))
    }
}

impl House {
    /// Ends a decision that was made: what this gives is what is answered.
    pub(super) fn conclude(&self, case: Case<'_>, judged: Result<(), Denial>) -> Result<(), Denial> {
        judged.and_then(|()| self.allow(case)).inspect_err(|denial| self.refuse(case, denial))
    }

    /// The key may, by its grant: it is used now, if its rate has one use left.
    pub(super) fn allow(&self, case: Case<'_>) -> Result<(), Denial> {
        if let Some(held) = case.held.filter(|_| case.counts) {
            held.known.take().map_err(Denial::RateLimited)?;
        }
        self.meters.allowed(case.door);
        self.note(case, None);
        Ok(())
    }

    /// What was allowed before goes on, such as a stream: the key is in use, and nothing is taken from it.
    pub(super) fn goes_on(&self, case: Case<'_>) {
        self.note(case, None);
    }

    /// It may not.
    pub(super) fn refuse(&self, case: Case<'_>, denial: &Denial) {
        self.meters.denied(case.door, denial);
        self.note(case, Some(denial));
    }

    /// Counts it among the uses of its key.
    fn note(&self, case: Case<'_>, denial: Option<&Denial>) {
        let Case { door, held, capability, topic, from, counts } = case;
        let Some(held) = held else { return };
        let (used, counts) = (Use { at: held.now, from }, counts || denial.is_some());
        self.uses
            .note(&held.known, &Happening { door, capability, topic, used, denial: denial.map(Denial::code), counts });
    }
}
