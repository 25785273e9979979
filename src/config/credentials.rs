//! Credentials as a source: the files that systemd (`LoadCredential=`) puts into `$CREDENTIALS_DIRECTORY`, each named like
//! the secret setting that it holds.

use std::{ffi::OsString, fs, io::ErrorKind, path::PathBuf};

use super::{
    ConfigError, Origin,
    error::Hint,
    origin::Found,
    table::{self, Setting},
};

/// The variable that names the directory.
pub(super) const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// The directory, if this process has been given one.
pub(super) struct Credentials(Option<PathBuf>);

impl Credentials {
    /// Refuses a name that is nearly one of ours: without the database that was meant, the embedded one would be used
    /// (P-19). What else lies there belongs to others.
    pub(super) fn open(directory: Option<&OsString>) -> Result<Self, ConfigError> {
        let found = Self(directory.map(PathBuf::from));
        for name in found.names() {
            let hint = Hint::find(&name, secrets());
            if hint.is_near() && !secrets().any(|secret| secret == name) {
                return Err(ConfigError::UnknownCredential { name, hint });
            }
        }
        Ok(found)
    }

    /// Refuses a name that begins like this and is none of those.
    pub(super) fn ensure_known(&self, start: &str, known: &[String]) -> Result<(), ConfigError> {
        match self.names().find(|name| name.starts_with(start) && !known.contains(name)) {
            Some(name) => {
                let hint = Hint::find(&name, known.iter().cloned());
                Err(ConfigError::UnknownCredential { name, hint })
            }
            None => Ok(()),
        }
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let entries = self.0.iter().filter_map(|directory| fs::read_dir(directory).ok()).flatten();
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok())
    }

    /// The credential of a secret setting, if it is there.
    pub(super) fn find(&self, setting: &Setting) -> Result<Option<Found>, ConfigError> {
        self.find_named(setting, setting.name)
    }

    /// The credential of this name, if the setting is secret and it is there.
    pub(super) fn find_named(&self, setting: &Setting, name: &str) -> Result<Option<Found>, ConfigError> {
        let Some(directory) = self.0.as_ref().filter(|_| setting.secret) else { return Ok(None) };
        let path = directory.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Found::new(text.trim_end_matches(['\r', '\n']), Origin::Credential(name.to_owned())))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => {
                Err(ConfigError::Unreadable { named_by: Origin::Environment(DIRECTORY.to_owned()), path, cause })
            }
        }
    }
}

fn secrets() -> impl Iterator<Item = String> {
    table::ALL.iter().filter(|setting| setting.secret).map(|setting| setting.name.to_owned())
}
