//! The reasons for a no.

use std::borrow::Cow;

use super::{capability::Capability, rate::Exceeded, rule::Rule, topic::TopicName};

/// Why a key may not do what was asked. Judged in the order of [`super::rule`], at every door; told in full to the service that asks, and
/// never to a stranger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// No such key, or none that the asker's owner covers.
    UnknownKey,
    /// Revoked, or a secret that rotation has replaced.
    Revoked,
    /// Its end has come.
    Expired,
    /// Stopped for the time being.
    Disabled,
    /// The person that it is bound to is suspended, or no longer in its org.
    UserInactive,
    /// Its org is suspended.
    OrgSuspended,
    /// Its mesh, or the one that it was to act in, is archived.
    MeshArchived,
    /// Used from an address that is not on its list.
    AddressNotAllowed,
    /// It acts for another owner.
    WrongMesh,
    /// It lacks this capability.
    CapabilityMissing(Capability),
    /// It does not reach this topic, or, where none is named, what belongs to no topic.
    TopicOutOfScope(Option<TopicName>),
    /// The person that it is bound to may not do that.
    UserNotAllowed,
    /// It is used more often than its rate allows.
    RateLimited(Exceeded),
}

impl Denial {
    /// The rule that was broken; none where there is no key to judge.
    #[must_use]
    pub const fn rule(&self) -> Option<Rule> {
        Some(match self {
            Self::UnknownKey => return None,
            Self::Revoked => Rule::Revoked,
            Self::Expired => Rule::Expired,
            Self::Disabled => Rule::Disabled,
            Self::UserInactive => Rule::UserInactive,
            Self::OrgSuspended => Rule::OrgSuspended,
            Self::MeshArchived => Rule::MeshArchived,
            Self::AddressNotAllowed => Rule::AddressNotAllowed,
            Self::WrongMesh => Rule::WrongMesh,
            Self::CapabilityMissing(_) => Rule::CapabilityMissing,
            Self::TopicOutOfScope(_) => Rule::TopicOutOfScope,
            Self::UserNotAllowed => Rule::UserNotAllowed,
            Self::RateLimited(_) => Rule::RateLimited,
        })
    }

    /// The one spelling used on the wire.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.rule() {
            Some(rule) => rule.code(),
            None => "unknown_key",
        }
    }

    /// The reason in words, for the service that asked.
    #[must_use]
    pub fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::UnknownKey => "no such key, or none that the asking key may ask about".into(),
            Self::Revoked => "this key, or this secret of it, was revoked".into(),
            Self::Expired => "this key has expired".into(),
            Self::Disabled => "this key is disabled".into(),
            Self::UserInactive => {
                "the person that this key is bound to is suspended, or no longer a member of its org".into()
            }
            Self::OrgSuspended => "the key's org is suspended".into(),
            Self::MeshArchived => "the mesh is archived".into(),
            Self::AddressNotAllowed => "this key may not be used from this address".into(),
            Self::WrongMesh => "this key does not act for the mesh or org in question".into(),
            Self::CapabilityMissing(capability) => format!("this key lacks the capability '{capability}'").into(),
            Self::TopicOutOfScope(Some(topic)) => format!("this key does not reach the topic '{topic}'").into(),
            Self::TopicOutOfScope(None) => "this key is confined to topics, and this belongs to no topic".into(),
            Self::UserNotAllowed => "the person that this key is bound to may not do that any more".into(),
            Self::RateLimited(Exceeded { rate, .. }) => {
                format!("this key is used more often than {}", rate.in_words()).into()
            }
        }
    }
}

/// The code and the words for a decision: the same at every door that tells.
#[must_use]
pub fn told(denial: Option<&Denial>) -> (&'static str, Cow<'static, str>) {
    match denial {
        None => ("ok", "this key may do that".into()),
        Some(denial) => (denial.code(), denial.detail()),
    }
}
