//! The changes that would turn a no into a yes.

use std::net::IpAddr;

use serde::{Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::domain::{
    AddressList, Capability, CapabilitySet, Network, Owner, TopicName, TopicPattern, TopicScope,
    credential::{Circumstances, Credential},
    grant::Requirement,
    rule::Rule,
};

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Let the org work again.
    ResumeOrg,
    /// Let the mesh work again.
    UnarchiveMesh,
    /// Let the key work again.
    EnableKey,
    /// Edit the key by the patch.
    EditKey,
    /// Use the key from an address on its list.
    UseOtherAddress,
    /// Give the person that the key is bound to another role.
    ChangeRole,
    /// Issue another key: nothing that is done to this one would do.
    IssueKey,
}

impl Action {
    /// The one spelling used on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResumeOrg => "resume_org",
            Self::UnarchiveMesh => "unarchive_mesh",
            Self::EnableKey => "enable_key",
            Self::EditKey => "edit_key",
            Self::UseOtherAddress => "use_other_address",
            Self::ChangeRole => "change_role",
            Self::IssueKey => "issue_key",
        }
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.name())
    }
}

/// A change that is needed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What is to be done.
    pub action: Action,
    /// The same in words.
    pub detail: String,
    /// The merge patch of an edit.
    pub patch: Option<Edits>,
}

/// What is to be edited of a key: a merge patch, in which what stays is left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Edits {
    /// With one capability more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<CapabilitySet>,
    /// With one topic more, or all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topics: Option<TopicScope>,
    /// With one address more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<AddressList>,
    /// A later end.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

/// The changes that are needed, in an order in which they can be carried out.
pub(super) fn changes(key: &Credential, wanted: &Requirement, at: &Circumstances, end: OffsetDateTime) -> Vec<Change> {
    let broken: Vec<Rule> = key.judge(wanted, at).into_iter().filter_map(|one| one.err()?.rule()).collect();
    let is = |rule| broken.contains(&rule);
    let mut changes = of_the_place(key, wanted, at);
    if is(Rule::Revoked) || is(Rule::WrongMesh) {
        changes.push(issue_key(wanted, is(Rule::Revoked)));
        return changes;
    }
    if is(Rule::Disabled) {
        changes.push(change(Action::EnableKey, "enable the key"));
    }
    if is(Rule::UserInactive) || is(Rule::UserNotAllowed) {
        changes.extend(change_role(key, wanted, is(Rule::UserInactive)));
    }
    let (edits, words) = edits(key, wanted, at, end, &broken);
    if is(Rule::AddressNotAllowed) && edits.addresses.is_none() {
        changes.push(use_other_address(key));
    }
    if edits != Edits::default() {
        changes.push(Change { action: Action::EditKey, detail: words.join(", "), patch: Some(edits) });
    }
    changes
}

fn change(action: Action, detail: impl Into<String>) -> Change {
    Change { action, detail: detail.into(), patch: None }
}

/// What has to be undone for any key to do it there.
fn of_the_place(key: &Credential, wanted: &Requirement, at: &Circumstances) -> Vec<Change> {
    let resume =
        || change(Action::ResumeOrg, format!("resume the org, on the host: meshkey org resume {}", key.org_slug));
    let is_own = key.terms.grant.owner == wanted.within;
    let archived = wanted.within.mesh().filter(|_| at.is_place_archived || key.is_mesh_archived && is_own);
    let unarchive = archived.map(|mesh| change(Action::UnarchiveMesh, format!("unarchive the mesh {mesh}")));
    key.is_org_suspended.then(resume).into_iter().chain(unarchive).collect()
}

fn issue_key(wanted: &Requirement, is_revoked: bool) -> Change {
    let Requirement { within, capability, topic } = wanted;
    let owner = match within {
        Owner::Org(_) => "the whole org".to_owned(),
        Owner::Mesh(_, mesh) => format!("the mesh {mesh}"),
    };
    let topics = topic.as_ref().map_or("all topics".to_owned(), |topic| format!("the topic '{topic}'"));
    let why = if is_revoked { "a key that was revoked stays so" } else { "whom a key acts for is never changed" };
    change(Action::IssueKey, format!("issue a key for {owner} with '{capability}' on {topics}: {why}"))
}

fn change_role(key: &Credential, wanted: &Requirement, is_inactive: bool) -> Option<Change> {
    let user = key.person.as_ref()?.user;
    let detail = if is_inactive {
        format!("make {user} a member again, and see that the person is not suspended")
    } else {
        format!("give {user} a role that allows '{}' there", wanted.capability)
    };
    Some(change(Action::ChangeRole, detail))
}

fn use_other_address(key: &Credential) -> Change {
    let ranges: Vec<_> = key.terms.addresses.ranges().unwrap_or_default().iter().map(Network::to_string).collect();
    let detail = format!("use the key from an address on its list, and name it: {}", ranges.join(", "));
    change(Action::UseOtherAddress, detail)
}

/// What is to be edited, and the same in words.
fn edits(
    key: &Credential,
    wanted: &Requirement,
    at: &Circumstances,
    end: OffsetDateTime,
    broken: &[Rule],
) -> (Edits, Vec<String>) {
    let (mut edits, mut words) = (Edits::default(), Vec::new());
    let grant = &key.terms.grant;
    for rule in broken {
        match rule {
            Rule::Expired => {
                edits.expires_at = Some(end);
                words.push(format!("let it end at {}", end.format(&Rfc3339).unwrap_or_default()));
            }
            Rule::AddressNotAllowed => {
                edits.addresses = at.from.and_then(|from| with_address(&key.terms.addresses, from));
                words.extend(
                    at.from.filter(|_| edits.addresses.is_some()).map(|from| format!("add the address {from}")),
                );
            }
            Rule::CapabilityMissing => {
                edits.capabilities = with_capability(&grant.capabilities, &wanted.capability);
                words.push(format!("add the capability '{}'", wanted.capability));
            }
            Rule::TopicOutOfScope => {
                let topics = with_topic(&grant.topics, wanted.topic.as_ref());
                words.push(topic_words(&topics, wanted.topic.as_ref()));
                edits.topics = Some(topics);
            }
            Rule::Revoked
            | Rule::Disabled
            | Rule::UserInactive
            | Rule::UserNotAllowed
            | Rule::OrgSuspended
            | Rule::MeshArchived
            | Rule::WrongMesh
            | Rule::RateLimited => {}
        }
    }
    (edits, words)
}

/// One address more; none where the list is full.
fn with_address(list: &AddressList, address: IpAddr) -> Option<AddressList> {
    let ranges = list.ranges().unwrap_or_default().iter().copied();
    AddressList::within(ranges.chain([Network::from(address)])).ok()
}

fn with_capability(held: &CapabilitySet, one: &Capability) -> Option<CapabilitySet> {
    CapabilitySet::new(held.iter().chain([one]).cloned()).ok()
}

/// One topic more; all where none is named, or where the list is full.
fn with_topic(scope: &TopicScope, topic: Option<&TopicName>) -> TopicScope {
    let Some(topic) = topic else { return TopicScope::Everywhere };
    let patterns = scope.patterns().unwrap_or_default().iter().cloned();
    TopicScope::only(patterns.chain([TopicPattern::Exactly(topic.clone())])).unwrap_or(TopicScope::Everywhere)
}

fn topic_words(topics: &TopicScope, topic: Option<&TopicName>) -> String {
    match (topics, topic) {
        (TopicScope::Only(_), Some(topic)) => format!("add the topic '{topic}'"),
        (TopicScope::Everywhere, Some(_)) => "let it reach all topics, since it names as many as it may".to_owned(),
        (_, None) => "let it reach all topics, since this belongs to none".to_owned(),
    }
}
