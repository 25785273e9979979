//! What a request is called: in its answer, in the log, and in the audit.

use std::fmt;

use uuid::{Uuid, fmt::Simple};

/// The id of a request: `req_` and 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(Uuid);

const PREFIX: &str = "req_";

impl RequestId {
    /// How long its text is, in bytes.
    pub const LENGTH: usize = PREFIX.len() + Simple::LENGTH;

    /// A new one.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each call gives another id, which no default does")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// Its text, written there: every request has one, and most need no more of it.
    #[must_use]
    pub fn spelled(self, room: &mut [u8; Self::LENGTH]) -> &str {
        let (kind, digits) = room.split_at_mut(PREFIX.len());
        kind.copy_from_slice(PREFIX.as_bytes());
        self.0.as_simple().encode_lower(digits);
        std::str::from_utf8(room).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.spelled(&mut [0; Self::LENGTH]))
    }
}
