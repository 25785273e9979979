//! Passkeys: keys that a device keeps for a person, and shows only after it has seen that it is the person.

use std::time::Duration;

use time::OffsetDateTime;

use super::{PasskeyId, Title};

/// How many a person has at most.
pub const MOST: usize = 20;
/// How long the answer of a browser is waited for: as long as a browser waits for the person (the standard recommends five minutes).
pub const ANSWER: Duration = Duration::from_mins(5);

/// A passkey, as it is shown to its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Which one.
    pub id: PasskeyId,
    /// What the person calls it.
    pub name: Title,
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// When it was last used, if it was.
    pub used_at: Option<OffsetDateTime>,
    /// Whether more than one device may have it.
    pub is_synced: bool,
}
