//! Who is connected to a mesh.

use serde::Serialize;
use time::OffsetDateTime;

use super::{
    id::{KeyId, UserId},
    name::{Label, Title},
    topic::TopicName,
};

/// By what somebody is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// A stream of server-sent events.
    Stream,
    /// A socket.
    Socket,
}

impl Via {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Socket => "socket",
        }
    }
}

/// A key that is connected to a mesh, by however many connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peer {
    /// Which key.
    pub key: PeerKey,
    /// The person that the key is bound to, if it is bound to one.
    pub user: Option<PeerUser>,
    /// Since when, without a break.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// How many sockets it has open; told only to those who reach every topic of the mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sockets: Option<i64>,
    /// What it follows.
    pub topics: Vec<Following>,
}

/// The key of a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeerKey {
    /// Its id.
    pub id: KeyId,
    /// What it is called now.
    pub label: Label,
}

/// The person of a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeerUser {
    /// Who it is.
    pub id: UserId,
    /// What it is called.
    pub name: Title,
}

/// A topic that a peer follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Following {
    /// Its name.
    pub topic: TopicName,
    /// By how many streams.
    pub streams: i64,
    /// By how many sockets.
    pub sockets: i64,
}
