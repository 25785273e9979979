//! Requirements: what a service demands of a key, as it names things itself.

use std::net::IpAddr;

use crate::{
    domain::{Capability, TopicName},
    service::outpost::{NoTopic, Question},
};

/// What your service demands of a key.
///
/// Names are taken as they are, and judged with the key: a capability that the org has not declared, or a mesh that it has not,
/// is a mistake of the service ([`Senseless`](super::Refused::Senseless)); a topic comes from a request, and one that cannot be a topic's name is
/// a no like that to a topic which the key does not reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    capability: Result<Capability, String>,
    mesh: Option<String>,
    topic: Result<Option<TopicName>, NoTopic>,
    address: Option<IpAddr>,
}

impl Requirement {
    /// This capability, for the owner of the guard: `send`, `read`, `state_write`, `admin`, `verify`, or one that the org has
    /// declared.
    #[must_use]
    pub fn may(capability: &str) -> Self {
        let capability = capability.parse().map_err(|unknown| format!("{unknown}"));
        Self { capability, mesh: None, topic: Ok(None), address: None }
    }

    /// In this mesh, by its id or slug.
    #[must_use]
    pub fn in_mesh(self, mesh: &str) -> Self {
        Self { mesh: Some(mesh.to_owned()), ..self }
    }

    /// On this topic. Without one, a key that is confined to topics is refused. What is judged is what is said: a `#` before the
    /// name, which people may write elsewhere, is none of it.
    #[must_use]
    pub fn on(self, topic: &str) -> Self {
        let named = topic.parse().ok().filter(|named: &TopicName| named.as_str() == topic);
        Self { topic: named.map(Some).ok_or(NoTopic), ..self }
    }

    /// From this address. Without one, a key with a list of addresses is refused.
    #[must_use]
    pub const fn from_address(mut self, address: IpAddr) -> Self {
        self.address = Some(address.to_canonical());
        self
    }

    /// The same, unless an address is said already.
    #[must_use]
    pub fn or_from_address(self, address: IpAddr) -> Self {
        if self.address.is_some() { self } else { self.from_address(address) }
    }

    pub(super) fn question(&self) -> Result<Question<'_>, String> {
        let capability = self.capability.as_ref().map_err(Clone::clone)?;
        Ok(Question { capability, mesh: self.mesh.as_deref(), topic: &self.topic, address: self.address })
    }
}
