//! What a walk along a chain shows.

use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use super::ChainHash;

/// An end of a chain: the last event's place, and the hash there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The place of the last event; 0 before the first.
    pub seq: i64,
    /// The hash there.
    pub hash: ChainHash,
}

impl End {
    /// Before the first event.
    pub const START: Self = Self { seq: 0, hash: ChainHash::START };
}

/// Up to where older events were taken away by retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    /// The place of the last event that was taken away.
    pub seq: i64,
    /// The hash there.
    pub hash: ChainHash,
    /// When that was done.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// What happened to a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An event is not what was written down.
    Altered,
    /// Events are gone.
    Removed,
    /// An event stands at another's place.
    Reordered,
    /// The end is gone.
    Truncated,
}

impl Fault {
    /// The one spelling.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Removed => "removed",
            Self::Reordered => "reordered",
            Self::Truncated => "truncated",
        }
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.name())
    }
}

/// The first place at which a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The event that is not as it was, or not there.
    pub seq: i64,
    /// What happened to it, as far as can be told.
    pub fault: Fault,
    /// For people.
    pub detail: String,
}

impl Broken {
    pub(super) fn new(seq: i64, fault: Fault, detail: impl Into<String>) -> Self {
        Self { seq, fault, detail: detail.into() }
    }
}

/// What the walk has shown: of the part that is proved, from where to where it goes and its hash at the end; and where and
/// how the chain breaks, if it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing was altered, removed or reordered.
    pub whole: bool,
    /// The first event.
    pub first_seq: Option<i64>,
    /// The last event that is proved.
    pub last_seq: Option<i64>,
    /// How many events are proved.
    pub events: u64,
    /// The hash after the last of them.
    pub hash: ChainHash,
    /// The first place at which the chain breaks.
    pub broken: Option<Broken>,
    /// Up to where older events were taken away by retention, as an event of the chain tells.
    pub retained: Option<Checkpoint>,
}
