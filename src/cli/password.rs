//! A password for a person: from a file or from stdin, never from a flag, which every process can see (U-5).

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use clap::Args;
use zeroize::Zeroizing;

use super::Failure;

/// The longest file that is read: a password has 256 bytes at most.
const LONGEST: u64 = 4096;

/// Where a password is.
#[derive(Args)]
pub(super) struct PasswordFlags {
    /// File that holds the password; - reads it from stdin. Without it a link is printed by which the person sets one
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
}

impl PasswordFlags {
    /// The text of the file, without the newline that editors put at its end.
    pub(super) fn read(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        let Some(path) = &self.password_file else { return Ok(None) };
        let read = if path == "-" { take(io::stdin()) } else { fs::File::open(Path::new(path)).and_then(take) };
        let text = read.map_err(|error| Failure::Usage(format!("cannot read the password from {path}: {error}")))?;
        Ok(Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
    }
}

/// Reads a short text that nobody else is to see.
fn take(from: impl io::Read) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(LONGEST).unwrap_or_default()));
    from.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}
