//! What is kept between commands: profiles, which say where a service is and may be shown to anybody, and the keys that were got by
//! `meshkey login`, which may not.

pub(super) mod credentials;
mod private;
pub(super) mod profiles;

use std::env;

use super::super::Failure;
use crate::domain::suggest;

pub(super) use self::{
    credentials::{Credential, Credentials},
    private::Place,
    profiles::{Profiles, Settings},
};

/// The profile that counts where none is named.
pub(super) const DEFAULT: &str = "default";
/// The variable that names one.
pub(super) const VARIABLE: &str = "MESHKEY_PROFILE";

/// The profile that counts, and what it says.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Profile {
    /// How it is called.
    pub(super) name: String,
    /// Who says that it counts.
    pub(super) from: &'static str,
    /// Whether there is one of that name.
    pub(super) is_there: bool,
    /// What it says.
    pub(super) settings: Settings,
}

impl Profile {
    /// The one that the flag names, or else the variable, or else the file, or else the default one.
    pub(super) fn find(flag: Option<&str>) -> Result<Self, Failure> {
        let place = Place::find();
        let profiles = place.as_ref().map(Profiles::read).transpose()?.unwrap_or_default();
        let variable = env::var(VARIABLE).ok().filter(|name| !name.is_empty());
        let (name, from) = match (flag, variable, profiles.profile.clone()) {
            (Some(name), ..) => (name.to_owned(), "--profile"),
            (None, Some(name), _) => (name, VARIABLE),
            (None, None, Some(name)) => (name, "config.toml"),
            (None, None, None) => (DEFAULT.to_owned(), "default"),
        };
        ensure_name(&name)?;
        let settings = profiles.profiles.get(&name).cloned();
        Ok(Self { name, from, is_there: settings.is_some(), settings: settings.unwrap_or_default() })
    }

    /// Refuses one that was named, and that nobody has made.
    pub(super) fn ensure_there(&self) -> Result<(), Failure> {
        if self.is_there || self.name == DEFAULT { Ok(()) } else { Err(unknown(&self.name, self.from)) }
    }
}

/// Nobody has made a profile of this name.
pub(super) fn unknown(name: &str, from: &str) -> Failure {
    let known = Place::find().and_then(|place| Profiles::read(&place).ok()).unwrap_or_default().profiles;
    let hint = suggest::hint(name, known.keys().map(String::as_str));
    let named = if from.is_empty() { String::new() } else { format!(" ({from} names it)") };
    Failure::Usage(format!(
        "there is no profile '{name}'{hint}{named}; `meshkey profile list` shows them, `meshkey login --profile {name}` makes it"
    ))
}

/// A name stands in files and in messages.
pub(super) fn ensure_name(name: &str) -> Result<(), Failure> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(is_plain) {
        return Ok(());
    }
    Err(Failure::Usage("the name of a profile is 1 to 64 characters of a-z A-Z 0-9 . _ -".to_owned()))
}
