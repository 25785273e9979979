//! Why the settings were refused. No variant holds the value of a secret.

use std::{io, path::PathBuf};

use super::Origin;

/// What is wrong with the settings, and what would do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable that begins like ours and is not.
    #[error("unknown environment variable {name}{hint}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// What was meant, perhaps.
        hint: Hint,
    },
    /// A credential that is nearly one of ours.
    #[error("unknown credential {name}{hint}")]
    UnknownCredential {
        /// The credential.
        name: String,
        /// What was meant.
        hint: Hint,
    },
    /// A key of the file that is no setting.
    #[error("unknown key {key} in {path}{hint}", path = .path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What was meant, perhaps.
        hint: Hint,
    },
    /// A file that cannot be read.
    #[error("{named_by} names {path}, which cannot be read: {cause}", path = .path.display())]
    Unreadable {
        /// The flag or variable that names it.
        named_by: Origin,
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file that is not TOML.
    #[error("{path} is not TOML, line {line}: {reason}", path = .path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there. Never the line itself: it may hold a password.
        reason: String,
    },
    /// A secret given both as a value and as a file.
    #[error("{variable} and {variable}_FILE are both set: unset one of them")]
    Twice {
        /// The variable that holds the value.
        variable: String,
    },
    /// The same in the file.
    #[error("{key} and {key}_file are both set: unset one of them")]
    TwiceInFile {
        /// The key that holds the value.
        key: String,
    },
    /// Two variables for one setting that do not say the same.
    #[error("{first} and {second} are both set and differ: unset one of them")]
    Differ {
        /// One of them.
        first: Origin,
        /// The other.
        second: Origin,
    },
    /// A variable that is not UTF-8.
    #[error("{0} is not UTF-8 text")]
    NotText(String),
    /// A setting that means nothing without another.
    #[error("{setting} is set by {origin}, but {needed} is not: set {needed} too, or unset {setting}")]
    Alone {
        /// The setting.
        setting: String,
        /// Where it came from.
        origin: Origin,
        /// What it needs.
        needed: String,
    },
    /// A value that does not do.
    #[error("{setting} cannot be {value} (set by {origin}): give {wanted}")]
    BadValue {
        /// The setting.
        setting: String,
        /// The value in backticks, or words in place of a secret.
        value: String,
        /// Where it came from.
        origin: Origin,
        /// What would do.
        wanted: String,
    },
}

/// The end of a sentence about an unknown name: the name that was meant, if one is near.
#[derive(Debug)]
pub struct Hint(Option<String>);

impl Hint {
    /// The nearest of `names`, if it is near enough to be meant.
    pub(super) fn find(given: &str, names: impl Iterator<Item = String>) -> Self {
        let plain = |name: &str| name.to_lowercase().replace('-', "_");
        let away = |name: &str| strsim::damerau_levenshtein(&plain(given), &plain(name));
        let near = (given.chars().count() / 4).clamp(1, 4);
        let nearest = names.map(|name| (away(&name), name)).min();
        Self(nearest.filter(|(distance, _)| *distance <= near).map(|(_, name)| name))
    }

    /// Whether there is such a name.
    pub(super) const fn is_near(&self) -> bool {
        self.0.is_some()
    }
}

impl std::fmt::Display for Hint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(name) => write!(out, ": did you mean {name}?"),
            None => out.write_str(": see docs/reference/settings.md for the list"),
        }
    }
}
