//! Questions to people, and secrets from them. Nobody is asked who is not there: without a terminal it is an error that
//! names the flag that answers.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{super::Failure, token};
use crate::domain::Secret;

/// Lets people type what they are about to end.
pub(super) fn typed(question: &str, expected: &str, flag: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(format!("{question} There is no terminal to ask at: {flag} says yes")));
    }
    eprint!("{question} Type {expected} to go on: ");
    io::stderr().flush().map_err(|error| Failure::Other(error.to_string()))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| Failure::Other(error.to_string()))?;
    if answer.trim() == expected { Ok(()) } else { Err(Failure::Other("not done: the answer was another".to_owned())) }
}

/// A key to be judged: from a file, from a pipe, or typed unseen.
pub(super) fn secret(file: Option<&PathBuf>, token_file: Option<&PathBuf>) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: io::Error| Failure::Usage(format!("cannot read the key: {error}"));
    let is_stdin = |path: &PathBuf| path == Path::new("-");
    let text = match file.filter(|path| !is_stdin(path)) {
        Some(path) => std::fs::File::open(path).and_then(token::read).map_err(failed)?,
        None if token_file.is_some_and(is_stdin) => {
            return Err(Failure::Usage("stdin holds one key: give the one to ask about by --key-file".to_owned()));
        }
        None if io::stdin().is_terminal() => Zeroizing::new(rpassword::prompt_password("Key: ").map_err(failed)?),
        None => token::read(io::stdin()).map_err(failed)?,
    };
    let text = Zeroizing::new(text.trim().to_owned());
    if text.is_empty() {
        return Err(Failure::Usage("no key on stdin; --key-file names a file with it".to_owned()));
    }
    if text.parse::<Secret>().is_err() {
        eprintln!("note: this is no whole key: one is a prefix, _ and 49 letters and digits, the last 6 a checksum");
    }
    Ok(text)
}
