//! Explanations: what every rule says of a key and a requirement, and the smallest set of changes that would allow it.
//!
//! The decision is that of [`Credential::decide`]: both are made of the same judged rules. Carrying the changes out allows
//! what is wanted, and leaving any one out does not.

mod change;
#[cfg(test)]
mod laws;

use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    credential::{Circumstances, Credential},
    grant::Requirement,
    rule::{Judged, Rule},
    verdict::Denial,
};

pub use change::{Action, Change, Edits};

/// Why a key may do something, or why not.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The reason for a no: the first rule that was broken.
    pub denial: Option<Denial>,
    /// Every rule, in the order in which doors judge.
    pub rules: Vec<Finding>,
    /// What together would allow it; nothing where it is allowed.
    pub changes: Vec<Change>,
}

/// What one rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The code of the denial for who breaks it.
    pub rule: &'static str,
    /// Whether it was kept.
    pub passed: bool,
    /// In words.
    pub detail: String,
}

/// Explains what the key may do. `end` is what is proposed where a later end is needed.
#[must_use]
pub fn explain(key: &Credential, wanted: &Requirement, at: &Circumstances, end: OffsetDateTime) -> Explanation {
    // An explanation takes nothing from the rate, and so says no more of it than what it is.
    let judged = key.judge(wanted, at).into_iter().filter(|one| key.person.is_some() || !is_of_a_person(one));
    let judged = judged.chain([Ok(Rule::RateLimited)]);
    let rules = judged.map(|judged| match judged {
        Ok(rule) => Finding { rule: rule.code(), passed: true, detail: kept(rule, key, wanted, at) },
        Err(denial) => Finding { rule: denial.code(), passed: false, detail: denial.detail().into_owned() },
    });
    let denial = key.decide(wanted, at).err();
    Explanation { denial, rules: rules.collect(), changes: change::changes(key, wanted, at, end) }
}

/// Of a key that is bound to nobody there is nothing to say of a person.
fn is_of_a_person(judged: &Judged) -> bool {
    let rule = judged.as_ref().map_or_else(Denial::rule, |rule| Some(*rule));
    matches!(rule, Some(Rule::UserInactive | Rule::UserNotAllowed))
}

/// In words, that the rule was kept.
fn kept(rule: Rule, key: &Credential, wanted: &Requirement, at: &Circumstances) -> String {
    match rule {
        Rule::Revoked => "this key was not revoked".to_owned(),
        Rule::Expired => key.terms.expires_at.map_or_else(|| "this key never ends".to_owned(), ends),
        Rule::Disabled => "this key is not disabled".to_owned(),
        Rule::UserInactive => "the person that this key is bound to is a member of its org".to_owned(),
        Rule::OrgSuspended => "the key's org is not suspended".to_owned(),
        Rule::MeshArchived => "no archived mesh is in question".to_owned(),
        Rule::AddressNotAllowed => match at.from.filter(|_| key.terms.addresses.ranges().is_some()) {
            Some(address) => format!("this key may be used from {address}"),
            None => "this key may be used from any address".to_owned(),
        },
        Rule::WrongMesh => "this key acts for the mesh or org in question".to_owned(),
        Rule::CapabilityMissing => capability_held(key, wanted),
        Rule::TopicOutOfScope => topic_reached(key, wanted),
        Rule::UserNotAllowed => "the person that this key is bound to may do that".to_owned(),
        Rule::RateLimited => rate(key),
    }
}

fn rate(key: &Credential) -> String {
    match key.terms.rate {
        None => "this key may be used as often as one likes".to_owned(),
        Some(rate) => format!("this key may be used {}; what is left of that is not looked at here", rate.in_words()),
    }
}

fn ends(end: OffsetDateTime) -> String {
    format!("this key ends at {}", end.format(&Rfc3339).unwrap_or_default())
}

fn capability_held(key: &Credential, wanted: &Requirement) -> String {
    let Requirement { capability, .. } = wanted;
    if key.terms.grant.capabilities.iter().any(|held| held == capability) {
        format!("this key has the capability '{capability}'")
    } else {
        format!("this key has 'admin', which includes '{capability}'")
    }
}

fn topic_reached(key: &Credential, wanted: &Requirement) -> String {
    let by = wanted.topic.as_ref().and_then(|topic| Some((topic, key.terms.grant.topics.pattern_of(topic)?)));
    match by {
        Some((topic, pattern)) => format!("this key reaches the topic '{topic}', by '{pattern}'"),
        None => "this key reaches all topics".to_owned(),
    }
}
