//! The reasons for a no.

use super::{capability::Capability, topic::TopicName};

/// Why a key may not do what was asked. Judged in this order, at every door; told in full to the service that asks, and
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
}

impl Denial {
    /// The one spelling used on the wire.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown_key",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
            Self::OrgSuspended => "org_suspended",
            Self::MeshArchived => "mesh_archived",
            Self::AddressNotAllowed => "ip_not_allowed",
            Self::WrongMesh => "wrong_mesh",
            Self::CapabilityMissing(_) => "capability_missing",
            Self::TopicOutOfScope(_) => "topic_out_of_scope",
        }
    }

    /// The reason in words, for the service that asked.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::UnknownKey => "no such key, or none that the asking key may ask about".to_owned(),
            Self::Revoked => "this key, or this secret of it, was revoked".to_owned(),
            Self::Expired => "this key has expired".to_owned(),
            Self::Disabled => "this key is disabled".to_owned(),
            Self::OrgSuspended => "the key's org is suspended".to_owned(),
            Self::MeshArchived => "the mesh is archived".to_owned(),
            Self::AddressNotAllowed => "this key may not be used from this address".to_owned(),
            Self::WrongMesh => "this key does not act for the mesh or org in question".to_owned(),
            Self::CapabilityMissing(capability) => format!("this key lacks the capability '{capability}'"),
            Self::TopicOutOfScope(Some(topic)) => format!("this key does not reach the topic '{topic}'"),
            Self::TopicOutOfScope(None) => "this key is confined to topics, and this belongs to no topic".to_owned(),
        }
    }
}
