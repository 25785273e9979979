//! The key that a command asks with: from a file, or from a variable; never from a flag, which every process can see (U-5).

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use reqwest::Url;
use zeroize::Zeroizing;

use super::{
    super::Failure,
    flags::ClientFlags,
    kept::{Credentials, Place},
};

/// The variable that holds the key.
const VARIABLE: &str = "MESHKEY_TOKEN";
/// The variable that names the file that holds it.
const FILE_VARIABLE: &str = "MESHKEY_TOKEN_FILE";
/// The longest file that is read: a key is 54 characters.
const LONGEST: u64 = 4096;

/// A key, and where it came from.
pub(super) struct Token {
    /// Its text.
    pub(super) text: Zeroizing<String>,
    /// Where it came from, for people.
    pub(super) origin: String,
}

impl Token {
    /// Finds it: the flag, else the environment, else the profile.
    pub(super) fn find(flags: &ClientFlags, base: &Url) -> Result<Option<Self>, Failure> {
        if let Some(path) = &flags.token_file {
            return Self::from_file(path, "--token-file").map(Some);
        }
        let (plain, file) = (variable(VARIABLE)?, variable(FILE_VARIABLE)?);
        match (plain, file) {
            (Some(_), Some(_)) => {
                Err(Failure::Usage(format!("{VARIABLE} and {FILE_VARIABLE} are both set: unset one of them")))
            }
            (Some(text), None) => Self::of(&text, VARIABLE.to_owned()).map(Some),
            (None, Some(path)) => Self::from_file(&PathBuf::from(path.as_str()), FILE_VARIABLE).map(Some),
            (None, None) => Self::of_profile(flags, base),
        }
    }

    /// The one that `meshkey login` has got. It is sent to the service that it is of, and to no other.
    fn of_profile(flags: &ClientFlags, base: &Url) -> Result<Option<Self>, Failure> {
        let (profile, place) = (flags.profile()?, Place::find());
        let Some(place) = place else { return Ok(None) };
        let credentials = Credentials::read(&place)?;
        let Some(kept) = credentials.of(&profile.name) else { return Ok(None) };
        if kept.url.parse::<Url>().ok().as_ref() != Some(base) {
            return Err(Failure::NotSignedIn(format!(
                "the profile {} is signed in to {}, and its key is not sent to {base}: sign in there under a profile of its own, \
                 `meshkey login --profile NAME --url {base}`",
                profile.name, kept.url
            )));
        }
        let origin = format!("the profile {} ({})", profile.name, Credentials::file(&place));
        Self::of(&kept.token, origin).map(Some)
    }

    /// One that was got just now.
    pub(super) fn got(text: &str) -> Result<Self, Failure> {
        Self::of(text, "meshkey login".to_owned())
    }

    /// One that is to be read from stdin.
    pub(super) fn from_stdin() -> Result<Self, Failure> {
        Self::from_file(Path::new("-"), "")
    }

    fn from_file(path: &Path, by: &str) -> Result<Self, Failure> {
        let is_stdin = path == Path::new("-");
        let origin = if is_stdin { "stdin".to_owned() } else { format!("{by} {}", path.display()) };
        let read = if is_stdin { read(io::stdin()) } else { fs::File::open(path).and_then(read) };
        let text = read.map_err(|error| Failure::Usage(format!("cannot read the key from {origin}: {error}")))?;
        Self::of(&text, origin)
    }

    /// Refuses what no header can hold, and never says it.
    fn of(text: &str, origin: String) -> Result<Self, Failure> {
        let text = Zeroizing::new(text.trim().to_owned());
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::NotSignedIn(format!("{origin} holds no key: a key is one word")));
        }
        Ok(Self { text, origin })
    }
}

/// Reads a short text that nobody else is to see.
pub(super) fn read(from: impl io::Read) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(LONGEST).unwrap_or_default()));
    from.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn variable(name: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    let text = value.into_string().map_err(|_| Failure::Usage(format!("{name} is no text")))?;
    Ok(Some(Zeroizing::new(text)))
}
