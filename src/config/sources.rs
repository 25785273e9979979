//! The sources in their order: flag, environment, credential, file, default.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use super::{
    ConfigError, Origin, ServeFlags,
    credentials::Credentials,
    environment::{self, Environment},
    file::File,
    origin::Found,
    table::{Fallback, Setting},
    value,
};

/// A setting as it was given: where, and what. The text of a secret is not kept.
pub(super) struct Given {
    pub(super) origin: Origin,
    pub(super) text: Option<String>,
}

/// Every place that a setting may come from, and what each that was read did say.
pub(super) struct Sources<'a> {
    flags: &'a ServeFlags,
    pub(super) environment: Environment,
    pub(super) credentials: Credentials,
    pub(super) file: File,
    given: BTreeMap<&'static str, Given>,
}

impl<'a> Sources<'a> {
    pub(super) fn open(
        flags: &'a ServeFlags,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let environment = Environment::read(environment)?;
        let named = match flags.database.file() {
            Some(named) => Some(named),
            None => environment.get(environment::CONFIG)?,
        };
        let file = named.as_ref().map(File::read).transpose()?.unwrap_or_default();
        Ok(Self { flags, credentials: environment.credentials()?, environment, file, given: BTreeMap::new() })
    }

    /// The value of a setting that has a default.
    pub(super) fn value<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        let fallback = match setting.fallback {
            Fallback::Value(text) => text,
            Fallback::Words(_) => "",
        };
        let found = self.find(setting)?.unwrap_or_else(|| Found::new(fallback, Origin::Default));
        self.understand(setting, &found, parse)
    }

    /// The value of a setting, if anybody has given it one.
    pub(super) fn optional<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let found = self.find(setting)?;
        found.map(|found| self.understand(setting, &found, parse)).transpose()
    }

    /// The file of settings, if there is one.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.file.path().map(PathBuf::from)
    }

    /// What was given, by the name of the setting.
    pub(super) fn into_given(self) -> BTreeMap<&'static str, Given> {
        self.given
    }

    fn find(&self, setting: &Setting) -> Result<Option<Found>, ConfigError> {
        if let Some(found) = self.flags.find(setting) {
            return Ok(Some(found));
        }
        let given = Self::agreed(self.environment.find(setting)?, self.credentials.find(setting)?)?;
        given.map_or_else(|| self.file.find(setting), |given| Ok(Some(given)))
    }

    /// What one of two says, or both.
    pub(super) fn agreed(first: Option<Found>, second: Option<Found>) -> Result<Option<Found>, ConfigError> {
        match (first, second) {
            (Some(first), Some(second)) if first.text.reveal() != second.text.reveal() => {
                Err(ConfigError::Differ { first: first.origin, second: second.origin })
            }
            (first, second) => Ok(first.or(second)),
        }
    }

    fn understand<T>(
        &mut self,
        setting: &Setting,
        found: &Found,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        let text = (!setting.secret).then(|| found.text.reveal().to_owned());
        self.given.insert(setting.name, Given { origin: found.origin.clone(), text });
        parse(found.text.reveal()).map_err(|wanted| ConfigError::BadValue {
            setting: setting.name.to_owned(),
            value: value::shown(setting, found.text.reveal()),
            origin: found.origin.clone(),
            wanted,
        })
    }
}
