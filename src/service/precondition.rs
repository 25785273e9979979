//! Preconditions: a change is made only to the version that the caller has seen (RFC 9110, 13.1.1).

use super::Refusal;

/// The versions that the caller would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Whichever there is.
    Any,
    /// One of these.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Refuses another version than the caller has seen.
    pub fn ensure(&self, version: i64) -> Result<(), Refusal> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(seen) if seen.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Refusal::Stale),
        }
    }
}

/// On what a value of the state is put or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever there is, or nothing.
    Anything,
    /// A version that the caller has seen.
    Seen(IfMatch),
    /// Nothing: only where there is none yet.
    Absent,
}

impl Expected {
    /// Refuses where something else is there; `version` is `None` where nothing is.
    pub fn ensure(&self, version: Option<i64>) -> Result<(), Refusal> {
        match (self, version) {
            (Self::Anything, _) | (Self::Absent, None) => Ok(()),
            (Self::Absent, Some(_)) | (Self::Seen(_), None) => Err(Refusal::Stale),
            (Self::Seen(seen), Some(version)) => seen.ensure(version),
        }
    }
}
