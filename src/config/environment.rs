//! The environment as a source: our variables, those that only look like ours, and secrets in files.

use std::{collections::BTreeMap, ffi::OsString, fs, path::PathBuf};

use super::{
    ConfigError, Origin,
    credentials::{self, Credentials},
    error::Hint,
    openid,
    origin::Found,
    table::{self, Alias, Setting},
};

/// The variable that names the file of settings.
pub(super) const CONFIG: &str = "MESHKEY_CONFIG";

/// What the command line client reads; the server does not mind them.
const CLIENT: [&str; 7] = [
    "MESHKEY_URL",
    "MESHKEY_TOKEN",
    "MESHKEY_TOKEN_FILE",
    "MESHKEY_ORG",
    "MESHKEY_MESH",
    "MESHKEY_OUTPUT",
    "MESHKEY_PROFILE",
];

/// The variables that are ours. An empty one counts as not set.
pub(super) struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// Picks our variables. One that begins like ours and is not is an error (P-19).
    pub(super) fn read(all: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let known: Vec<String> = names().collect();
        let mut ours = BTreeMap::new();
        for (name, value) in all {
            let name = name.to_string_lossy().into_owned();
            if known.contains(&name) || openid::provider_of(&name).is_some() {
                ours.insert(name, value);
            } else if name.starts_with("MESHKEY_") && !is_foreign(&name, &value.to_string_lossy()) {
                let all = known.into_iter().chain(CLIENT.map(str::to_owned)).chain(openid::near(&name));
                let hint = Hint::find(&name, all);
                return Err(ConfigError::UnknownVariable { name, hint });
            }
        }
        ours.retain(|_, value| !value.is_empty());
        Ok(Self(ours))
    }

    /// What a variable says.
    pub(super) fn get(&self, name: &str) -> Result<Option<Found>, ConfigError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let text = value.to_str().ok_or_else(|| ConfigError::NotText(name.to_owned()))?;
        Ok(Some(Found::new(text, Origin::Environment(name.to_owned()))))
    }

    /// What the environment says of a setting.
    pub(super) fn find(&self, setting: &Setting) -> Result<Option<Found>, ConfigError> {
        let own = self.of(setting, &setting.variable())?;
        let Some(alias) = setting.alias.name() else { return Ok(own) };
        match (own, self.of(setting, alias)?) {
            (Some(own), Some(other)) => choose(setting.alias, own, other).map(Some),
            (own, other) => Ok(own.or(other)),
        }
    }

    /// What systemd was given to keep for us.
    pub(super) fn credentials(&self) -> Result<Credentials, ConfigError> {
        Credentials::open(self.0.get(credentials::DIRECTORY))
    }

    /// The providers of OpenID Connect of which it tells.
    pub(super) fn providers(&self) -> impl Iterator<Item = String> {
        self.0.keys().filter_map(|name| openid::provider_of(name))
    }

    /// What this variable, or the file that it names, says of a setting.
    pub(super) fn of(&self, setting: &Setting, variable: &str) -> Result<Option<Found>, ConfigError> {
        let plain = self.get(variable)?;
        let file = if setting.secret { self.get(&format!("{variable}_FILE"))? } else { None };
        match (plain, file) {
            (Some(_), Some(_)) => Err(ConfigError::Twice { variable: variable.to_owned() }),
            (None, Some(file)) => content(file).map(Some),
            (plain, None) => Ok(plain),
        }
    }
}

fn choose(alias: Alias, own: Found, other: Found) -> Result<Found, ConfigError> {
    if matches!(alias, Alias::Agrees(_)) && own.text.reveal() != other.text.reveal() {
        return Err(ConfigError::Differ { first: own.origin, second: other.origin });
    }
    Ok(own)
}

/// The text of the file that a variable names, without the newline that editors put at its end.
pub(super) fn content(file: Found) -> Result<Found, ConfigError> {
    let path = PathBuf::from(file.text.reveal());
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Found::new(text.trim_end_matches(['\r', '\n']), file.origin)),
        Err(cause) => Err(ConfigError::Unreadable { named_by: file.origin, path, cause }),
    }
}

fn names() -> impl Iterator<Item = String> {
    table::ALL.iter().flat_map(Setting::variables).chain([CONFIG, credentials::DIRECTORY].map(str::to_owned))
}

/// Whether a variable begins like ours and belongs to the client or to Kubernetes, which sets some for every service that
/// it knows: for one named `meshkey`, and for one named `meshkey-db` as well.
fn is_foreign(name: &str, value: &str) -> bool {
    CLIENT.contains(&name)
        || ["MESHKEY_PORT", "MESHKEY_SERVICE_", "MESHKEY_GUARD_"].iter().any(|start| name.starts_with(start))
        || ["_SERVICE_HOST", "_SERVICE_PORT"].iter().any(|part| name.contains(part))
        || name.contains("_PORT") && (value.contains("://") || is_of_port(name))
}

/// `…_PORT_5432_TCP` and what follows it.
fn is_of_port(name: &str) -> bool {
    name.split_once("_PORT_").is_some_and(|(_, rest)| rest.starts_with(|first: char| first.is_ascii_digit()))
}
