//! The form of a backup: one file, whole or not at all.
//!
//! A line that says what it is, a line of JSON that says of what ([`Manifest`]), what `pg_dump` has written, and a last line
//! with the SHA-256 of all before it. The sum shows damage, not malice: who can write the file can write the sum.

mod reader;
mod writer;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub(in crate::cli) use reader::Reader;
pub(super) use writer::{Writer, Written};

/// The first line, before the number of the form.
const FIRST: &str = "meshkey backup ";
/// The form that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;
/// The last line, before the sum.
const LAST: &str = "\nmeshkey backup ends, sha256 ";
/// The last line, its sum and newline included.
const LAST_LENGTH: u64 = LAST.len() as u64 + 64 + 1;
/// The longest that the first two lines may be.
const LONGEST_HEAD: usize = 64 * 1024;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Manifest {
    /// The version of Meshkey that has made it.
    pub(in crate::cli) meshkey: String,
    /// The version of the server.
    pub(in crate::cli) postgres: String,
    /// The version of the schema.
    pub(in crate::cli) schema: i32,
    /// The moment that it is of, by the database's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::cli) taken_at: OffsetDateTime,
    /// How many orgs it holds.
    pub(in crate::cli) orgs: i64,
    /// How many keys it holds, dead ones too.
    pub(in crate::cli) keys: i64,
}

fn hex(sum: &[u8]) -> String {
    use std::fmt::Write as _;
    sum.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
