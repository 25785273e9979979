//! The TOML file as a source: flat, and nothing in it that is not a setting.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value, de::DeTable};

use super::{
    ConfigError, Origin,
    error::Hint,
    origin::Found,
    table::{self, Setting},
};

/// What the file says; nothing, where there is none.
#[derive(Default)]
pub(super) struct File {
    path: PathBuf,
    values: BTreeMap<String, Value>,
    lines: BTreeMap<String, usize>,
}

impl File {
    /// Reads the file that a flag or a variable names. A key that is no setting is an error (P-19).
    pub(super) fn read(named: &Found) -> Result<Self, ConfigError> {
        let path = PathBuf::from(named.text.reveal());
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) => return Err(ConfigError::Unreadable { named_by: named.origin.clone(), path, cause }),
        };
        let table: Table = text.parse().map_err(|error| not_toml(path.clone(), &text, &error))?;
        let values = table.into_iter().collect::<BTreeMap<_, _>>();
        match values.keys().find(|key| !is_setting(key)) {
            Some(key) => Err(unknown(path, key)),
            None => Ok(Self { lines: lines(&text), path, values }),
        }
    }

    /// Where it is, if there is one.
    pub(super) fn path(&self) -> Option<&Path> {
        Some(&*self.path).filter(|path| !path.as_os_str().is_empty())
    }

    /// What the file says of a setting.
    pub(super) fn find(&self, setting: &Setting) -> Result<Option<Found>, ConfigError> {
        let Some(value) = self.values.get(setting.name) else { return Ok(None) };
        let line = self.lines.get(setting.name).copied().unwrap_or_default();
        let origin = Origin::File { path: self.path.clone(), line };
        match value {
            Value::String(text) => Ok(Some(Found::new(text, origin))),
            Value::Integer(_) | Value::Boolean(_) => Ok(Some(Found::new(value.to_string(), origin))),
            other => Err(ConfigError::BadValue {
                setting: setting.name,
                value: format!("a TOML {}", other.type_str()),
                origin,
                wanted: "text, a whole number, true or false".to_owned(),
            }),
        }
    }
}

fn is_setting(key: &str) -> bool {
    table::ALL.iter().any(|setting| setting.name == key)
}

fn unknown(path: PathBuf, key: &str) -> ConfigError {
    let hint = Hint::find(key, table::ALL.iter().map(|setting| setting.name.to_owned()));
    ConfigError::UnknownKey { path, key: key.to_owned(), hint }
}

/// The error in our own words: that of the library shows the line, and with it a password.
fn not_toml(path: PathBuf, text: &str, error: &toml::de::Error) -> ConfigError {
    let line = line_at(text, error.span().map_or(0, |span| span.start));
    ConfigError::NotToml { path, line, reason: error.message().to_owned() }
}

/// The line on which each key stands.
fn lines(text: &str) -> BTreeMap<String, usize> {
    let Ok(table) = DeTable::parse(text) else { return BTreeMap::new() };
    let place = |key: &toml::Spanned<toml::de::DeString<'_>>| {
        (key.get_ref().clone().into_owned(), line_at(text, key.span().start))
    };
    table.get_ref().keys().map(place).collect()
}

/// The line of a byte, counted from 1.
fn line_at(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or_default().matches('\n').count() + 1
}
