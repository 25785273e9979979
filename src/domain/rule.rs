//! Rules: what every door judges, in the order in which it judges. The order stands here, and nowhere else.

use time::OffsetDateTime;

use super::{
    credential::{Circumstances, Credential},
    grant::{Grant, Requirement},
    verdict::Denial,
};

/// A rule, by the denial for a key that breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Neither the key nor the secret may be revoked.
    Revoked,
    /// The end may not have come.
    Expired,
    /// The key may not be disabled.
    Disabled,
    /// The person that it is bound to may not be suspended, and is still in its org.
    UserInactive,
    /// Its org may not be suspended.
    OrgSuspended,
    /// Neither its mesh nor the one that it acts in may be archived.
    MeshArchived,
    /// It is used from an address on its list.
    AddressNotAllowed,
    /// It acts for its own owner.
    WrongMesh,
    /// It has the capability.
    CapabilityMissing,
    /// It reaches the topic.
    TopicOutOfScope,
    /// The person that it is bound to may do that too.
    UserNotAllowed,
    /// It is used no more often than its rate allows. Each replica judges this last, of what all other rules allow, and by
    /// what it has counted itself.
    RateLimited,
}

impl Rule {
    /// Every rule, in the order in which they are judged.
    pub const ALL: [Self; 12] = [
        Self::Revoked,
        Self::Expired,
        Self::Disabled,
        Self::UserInactive,
        Self::OrgSuspended,
        Self::MeshArchived,
        Self::AddressNotAllowed,
        Self::WrongMesh,
        Self::CapabilityMissing,
        Self::TopicOutOfScope,
        Self::UserNotAllowed,
        Self::RateLimited,
    ];

    /// The one spelling used on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
            Self::UserInactive => "user_inactive",
            Self::OrgSuspended => "org_suspended",
            Self::MeshArchived => "mesh_archived",
            Self::AddressNotAllowed => "ip_not_allowed",
            Self::WrongMesh => "wrong_mesh",
            Self::CapabilityMissing => "capability_missing",
            Self::TopicOutOfScope => "topic_out_of_scope",
            Self::UserNotAllowed => "user_not_allowed",
            Self::RateLimited => "rate_limited",
        }
    }

    fn judged(self, is_kept: bool, denial: impl FnOnce() -> Denial) -> Judged {
        if is_kept { Ok(self) } else { Err(denial()) }
    }
}

/// What came of one rule: it was kept, or is the reason for a no.
pub type Judged = Result<Rule, Denial>;

/// Whether the secret is one to be accepted at all.
pub(super) fn of_life(key: &Credential, now: OffsetDateTime) -> [Judged; 4] {
    [
        Rule::Revoked.judged(!key.is_revoked && !key.is_replaced(now), || Denial::Revoked),
        Rule::Expired.judged(!key.terms.is_expired(now), || Denial::Expired),
        Rule::Disabled.judged(!key.is_disabled, || Denial::Disabled),
        Rule::UserInactive.judged(key.person.as_ref().is_none_or(|person| person.is_active()), || Denial::UserInactive),
    ]
}

/// Whether a live key may be used at all in these circumstances.
pub(super) fn of_use(key: &Credential, at: &Circumstances) -> [Judged; 3] {
    let is_archived = key.is_mesh_archived || at.is_place_archived;
    [
        Rule::OrgSuspended.judged(!key.is_org_suspended, || Denial::OrgSuspended),
        Rule::MeshArchived.judged(!is_archived, || Denial::MeshArchived),
        Rule::AddressNotAllowed.judged(key.terms.addresses.admits(at.from), || Denial::AddressNotAllowed),
    ]
}

/// Whether a grant is enough for what is wanted.
pub(super) fn of_grant(grant: &Grant, wanted: &Requirement) -> [Judged; 3] {
    let Requirement { within, capability, topic } = wanted;
    [
        Rule::WrongMesh.judged(grant.owner.covers(*within), || Denial::WrongMesh),
        Rule::CapabilityMissing
            .judged(grant.capabilities.allows(capability), || Denial::CapabilityMissing(capability.clone())),
        Rule::TopicOutOfScope.judged(grant.topics.reaches(topic.as_ref()), || Denial::TopicOutOfScope(topic.clone())),
    ]
}

/// Whether the person that a key is bound to may do what is wanted.
fn of_person(key: &Credential, wanted: &Requirement) -> [Judged; 1] {
    let may = key.person.as_ref().is_none_or(|person| person.rights().permits(wanted).is_ok());
    [Rule::UserNotAllowed.judged(may, || Denial::UserNotAllowed)]
}

/// All that a key and its circumstances decide, in the order of every door.
pub(super) fn all(key: &Credential, wanted: &Requirement, at: &Circumstances) -> [Judged; 11] {
    let [revoked, expired, disabled, inactive] = of_life(key, at.now);
    let [suspended, archived, address] = of_use(key, at);
    let [mesh, capability, topic] = of_grant(&key.terms.grant, wanted);
    let [person] = of_person(key, wanted);
    [revoked, expired, disabled, inactive, suspended, archived, address, mesh, capability, topic, person]
}

/// The first rule that was broken decides.
pub(super) fn decide(judged: impl IntoIterator<Item = Judged>) -> Result<(), Denial> {
    judged.into_iter().try_for_each(|one| one.map(drop))
}
