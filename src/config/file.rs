//! The TOML file as a source: flat but for the providers of OpenID Connect, and nothing in it that is not a setting.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use toml::{
    Table, Value,
    de::{DeTable, DeValue},
};

use super::{
    ConfigError, Origin,
    error::Hint,
    openid::{self, FIELDS, TABLE},
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
        self.values.get(setting.name).map(|value| self.found(setting.name, value)).transpose()
    }

    fn found(&self, key: &str, value: &Value) -> Result<Found, ConfigError> {
        let origin = self.origin(key);
        match value {
            Value::String(text) => Ok(Found::new(text, origin)),
            Value::Integer(_) | Value::Boolean(_) => Ok(Found::new(value.to_string(), origin)),
            other => Err(bad(key, other, origin, "text, a whole number, true or false")),
        }
    }

    fn origin(&self, key: &str) -> Origin {
        Origin::File { path: self.path.clone(), line: self.lines.get(key).copied().unwrap_or_default() }
    }

    /// The providers of OpenID Connect, in the order of the file.
    pub(super) fn providers(&self) -> Result<Vec<String>, ConfigError> {
        let Some(all) = self.values.get(TABLE) else { return Ok(Vec::new()) };
        let wanted = "a table for each provider, such as [openid.example]";
        let tables = all.as_table().ok_or_else(|| bad(TABLE, all, self.origin(TABLE), wanted))?;
        for (name, one) in tables {
            let key = format!("{TABLE}.{name}");
            if !openid::is_name(name) {
                let (value, origin) = (format!("`{name}`"), self.origin(&key));
                let wanted = "a name of at most 32 of a-z, 0-9 and -, a letter first".to_owned();
                return Err(ConfigError::BadValue { setting: format!("a key of {TABLE}"), value, origin, wanted });
            }
            let fields = one.as_table().ok_or_else(|| bad(&key, one, self.origin(&key), "a table"))?;
            let known = || FIELDS.iter().flat_map(openid::keys);
            if let Some(field) = fields.keys().find(|field| known().all(|known| known != **field)) {
                let all = known().map(|field| format!("{key}.{field}"));
                let unknown = format!("{key}.{field}");
                let hint = Hint::find(&unknown, all);
                return Err(ConfigError::UnknownKey { path: self.path.clone(), key: unknown, hint });
            }
        }
        let mut names: Vec<_> = tables.keys().cloned().collect();
        names.sort_by_key(|name| self.lines.get(&format!("{TABLE}.{name}")).copied());
        Ok(names)
    }

    /// What the file says of a provider.
    pub(super) fn find_of_provider(&self, name: &str, field: &str, key: &str) -> Result<Option<Found>, ConfigError> {
        let value = self.values.get(TABLE).and_then(|all| all.get(name)?.get(field));
        value.map(|value| self.found(key, value)).transpose()
    }
}

fn bad(key: &str, value: &Value, origin: Origin, wanted: &str) -> ConfigError {
    let value = format!("a TOML {}", value.type_str());
    ConfigError::BadValue { setting: key.to_owned(), value, origin, wanted: wanted.to_owned() }
}

fn is_setting(key: &str) -> bool {
    key == TABLE || table::ALL.iter().any(|setting| setting.name == key)
}

fn unknown(path: PathBuf, key: &str) -> ConfigError {
    let hint = Hint::find(key, table::ALL.iter().map(|setting| setting.name).chain([TABLE]).map(str::to_owned));
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
    let mut lines = BTreeMap::new();
    note(&mut lines, text, "", table.get_ref());
    lines
}

/// Notes the lines of the keys of a table, and of those within.
fn note(lines: &mut BTreeMap<String, usize>, text: &str, start: &str, table: &DeTable<'_>) {
    for (key, value) in table {
        let name = format!("{start}{}", key.get_ref());
        lines.insert(name.clone(), line_at(text, key.span().start));
        if let DeValue::Table(within) = value.get_ref() {
            note(lines, text, &format!("{name}."), within);
        }
    }
}

/// The line of a byte, counted from 1.
fn line_at(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or_default().matches('\n').count() + 1
}
