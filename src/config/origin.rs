//! Where a value came from.

use std::{fmt, path::PathBuf};

use super::{secret::SecretText, table::Setting};

/// Where a setting got its value, for errors and for `meshkey config show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The flag of this name.
    Flag(String),
    /// The environment variable of this name.
    Environment(String),
    /// The credential of this name, which systemd has passed on.
    Credential(String),
    /// The file of settings.
    File {
        /// Where it is.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// Nobody said anything.
    Default,
}

impl Origin {
    pub(super) fn flag(setting: &Setting) -> Self {
        Self::Flag(setting.flag())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Environment(name) => out.write_str(name),
            Self::Credential(name) => write!(out, "the credential {name}"),
            Self::File { path, line } => write!(out, "{}:{line}", path.display()),
            Self::Default => out.write_str("default"),
        }
    }
}

/// A value before it is understood, and where it came from. Every value is held like a secret until it is known not to
/// be one.
pub(super) struct Found {
    pub(super) text: SecretText,
    pub(super) origin: Origin,
}

impl Found {
    pub(super) fn new(text: impl Into<String>, origin: Origin) -> Self {
        Self { text: SecretText::from(text.into()), origin }
    }
}
