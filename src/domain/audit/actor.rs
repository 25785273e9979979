//! Actors: who did it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;
use uuid::Uuid;

use crate::domain::id::{KeyId, UserId};

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// The holder of a key.
    Key(KeyId),
    /// A person who was signed in.
    User(UserId),
    /// Somebody with a shell on the host.
    Local,
    /// The service itself.
    System,
}

/// Which key, or which person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActorId {
    /// A key.
    Key(KeyId),
    /// A person.
    User(UserId),
}

/// The text names neither a key nor a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected the id of a key (key_…) or of a person (user_…)")]
pub struct MalformedActor;

impl Actor {
    /// The one spelling of its kind.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::User(_) => "user",
            Self::Local => "local",
            Self::System => "system",
        }
    }

    /// Which one, where there are several of its kind.
    #[must_use]
    pub const fn id(self) -> Option<ActorId> {
        match self {
            Self::Key(id) => Some(ActorId::Key(id)),
            Self::User(id) => Some(ActorId::User(id)),
            Self::Local | Self::System => None,
        }
    }

    /// The key, where it is one.
    #[must_use]
    pub const fn key(self) -> Option<KeyId> {
        if let Self::Key(id) = self { Some(id) } else { None }
    }

    /// The person, where it is one.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        if let Self::User(id) = self { Some(id) } else { None }
    }

    /// The actor of this kind and id, if there is such a one.
    #[must_use]
    pub fn new(kind: &str, id: Option<ActorId>) -> Option<Self> {
        match (kind, id) {
            ("key", Some(ActorId::Key(id))) => Some(Self::Key(id)),
            ("user", Some(ActorId::User(id))) => Some(Self::User(id)),
            ("local", None) => Some(Self::Local),
            ("system", None) => Some(Self::System),
            _ => None,
        }
    }
}

impl ActorId {
    /// What the database holds.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Key(id) => id.uuid(),
            Self::User(id) => id.uuid(),
        }
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => id.fmt(out),
            Self::User(id) => id.fmt(out),
        }
    }
}

impl FromStr for ActorId {
    type Err = MalformedActor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let key = text.parse().map(Self::Key);
        key.or_else(|_| text.parse().map(Self::User)).map_err(|_| MalformedActor)
    }
}

impl Serialize for ActorId {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Key(id) => id.serialize(out),
            Self::User(id) => id.serialize(out),
        }
    }
}

impl<'de> Deserialize<'de> for ActorId {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire {
            kind: &'static str,
            id: Option<ActorId>,
        }
        Wire { kind: self.kind(), id: self.id() }.serialize(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_read_as_it_was_written() {
        for actor in [Actor::Key(KeyId::new()), Actor::User(UserId::new()), Actor::Local, Actor::System] {
            assert_eq!(Actor::new(actor.kind(), actor.id()), Some(actor));
            assert_eq!(actor.id().map(|id| id.to_string().parse()), actor.id().map(Ok));
        }
        assert_eq!(Actor::new("key", Some(ActorId::User(UserId::new()))), None);
        assert_eq!(Actor::new("user", None), None);
        assert_eq!("org_01m80bgr93ezxbnvpwbrdt5g2k".parse::<ActorId>(), Err(MalformedActor));
    }
}
