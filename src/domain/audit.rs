//! The audit: who changed what, as an append-only chain for each org.
//!
//! Each event is written down as canonical bytes, and its hash is SHA-256 over the hash before it and these bytes: an
//! event that was altered, removed or moved breaks the chain at its place.

use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::id::{EventId, KeyId, MeshId, OrgId};

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// The holder of a key.
    Key(KeyId),
    /// Somebody with a shell on the host.
    Local,
    /// The service itself.
    System,
}

impl Actor {
    /// The one spelling of its kind.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Local => "local",
            Self::System => "system",
        }
    }

    /// The key, where it is one.
    #[must_use]
    pub const fn key(self) -> Option<KeyId> {
        match self {
            Self::Key(id) => Some(id),
            Self::Local | Self::System => None,
        }
    }

    /// The actor of this kind and id, if there is such a one.
    #[must_use]
    pub fn new(kind: &str, key: Option<KeyId>) -> Option<Self> {
        match (kind, key) {
            ("key", Some(id)) => Some(Self::Key(id)),
            ("local", None) => Some(Self::Local),
            ("system", None) => Some(Self::System),
            _ => None,
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire {
            kind: &'static str,
            id: Option<KeyId>,
        }
        Wire { kind: self.kind(), id: self.key() }.serialize(out)
    }
}

macro_rules! actions {
    ($($name:ident = $text:literal;)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each name is its own explanation")]
        pub enum Action { $($name),+ }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The one spelling used on the wire, in the database and in the docs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

actions! {
    OrgCreated = "org.created";
    OrgEdited = "org.edited";
    OrgSuspended = "org.suspended";
    OrgResumed = "org.resumed";
    MeshCreated = "mesh.created";
    MeshEdited = "mesh.edited";
    MeshArchived = "mesh.archived";
    MeshUnarchived = "mesh.unarchived";
    TopicCreated = "topic.created";
    TopicEdited = "topic.edited";
    TopicArchived = "topic.archived";
    TopicUnarchived = "topic.unarchived";
    KeyIssued = "key.issued";
    KeyEdited = "key.edited";
    KeyRotated = "key.rotated";
    KeyRotationFinished = "key.rotation_finished";
    KeyDisabled = "key.disabled";
    KeyEnabled = "key.enabled";
    KeyRevoked = "key.revoked";
}

/// The text names no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown action '{0}'{hint}", hint = super::suggest::hint(.0, Action::ALL.iter().map(|action| action.name())))]
pub struct UnknownAction(String);

impl std::str::FromStr for Action {
    type Err = UnknownAction;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().find(|action| action.name() == name);
        known.copied().ok_or_else(|| UnknownAction(name.chars().take(64).collect()))
    }
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// `org`, `mesh`, `topic` or `key`.
    pub kind: &'static str,
    /// Its id; of a topic, its mesh's id, a slash, and its name.
    pub id: String,
}

impl Subject {
    /// Every kind of subject.
    pub const KINDS: [&'static str; 4] = ["org", "mesh", "topic", "key"];
}

/// Through what a change came in: what the audit says beside who did it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trail {
    /// The request, as its answer and the log name it.
    pub request_id: Option<String>,
    /// The address it came from.
    pub address: Option<IpAddr>,
}

/// A change, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What was done.
    pub action: Action,
    /// To what.
    pub subject: Subject,
    /// In which mesh, where it lies in one.
    pub mesh: Option<MeshId>,
    /// What changed, as it was. Never a secret or a hash.
    pub before: Option<Value>,
    /// What changed, as it is now. Never a secret or a hash.
    pub after: Option<Value>,
}

/// SHA-256 over the chain so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHash(pub [u8; 32]);

impl ChainHash {
    /// Before the first event.
    pub const START: Self = Self([0; 32]);

    /// The hash after an event with these canonical bytes.
    #[must_use]
    pub fn then(self, canonical: &[u8]) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(canonical).finalize().into())
    }

    /// As 64 hexadecimal digits.
    #[must_use]
    pub fn hex(self) -> String {
        use std::fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// A change in its place in the chain of its org.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Which one.
    pub id: EventId,
    /// Whose chain.
    pub org: OrgId,
    /// Its place, counted from 1 without a gap.
    pub seq: i64,
    /// When, by the clock of the database.
    pub at: OffsetDateTime,
    /// Who.
    pub actor: Actor,
    /// What.
    pub change: Change,
    /// Through what.
    pub trail: Trail,
}

impl Event {
    /// Every column as one line of JSON with its members in alphabetical order: what the hash covers, and what is stored.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let line = json!({
            "id": self.id, "org": self.org, "seq": self.seq,
            "at": self.at.format(&Rfc3339).unwrap_or_default(),
            "actor": self.actor, "action": self.change.action.name(), "subject": self.change.subject,
            "mesh": self.change.mesh, "before": self.change.before, "after": self.change.after,
            "request_id": self.trail.request_id, "address": self.trail.address,
        });
        line.to_string().into_bytes()
    }
}
