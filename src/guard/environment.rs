//! The settings of a guard from the environment, for who configures a service so.

use std::{collections::BTreeMap, env, fs, str::FromStr, time::Duration};

use super::{ConnectError, Settings};
use crate::domain::suggest;

const PREFIX: &str = "MESHKEY_GUARD_";
const NAMES: [&str; 10] = [
    "DATABASE_URL",
    "ORG",
    "MESH",
    "NAME",
    "BOUND",
    "OUTAGE_GRACE",
    "CACHE_KEYS",
    "POOL_SIZE",
    "TRUSTED_PROXIES",
    "ALLOW_FSYNC_OFF",
];

impl Settings {
    /// The settings as `MESHKEY_GUARD_DATABASE_URL` (or `…_DATABASE_URL_FILE`, the path of a file that holds it) and
    /// `MESHKEY_GUARD_ORG` say them, and `…_MESH`, `…_NAME`, `…_BOUND` (`2s`), `…_OUTAGE_GRACE`, `…_CACHE_KEYS`, `…_POOL_SIZE`,
    /// `…_TRUSTED_PROXIES`, `…_ALLOW_FSYNC_OFF`, where they are set.
    ///
    /// # Errors
    /// A variable with this prefix that nobody knows, or whose value cannot be; or one of the first two is missing.
    pub fn from_environment() -> Result<Self, ConnectError> {
        let given = env::vars_os().filter_map(|(name, value)| {
            let name = name.to_str()?.strip_prefix(PREFIX)?.to_owned();
            Some((name, value.into_string().unwrap_or_default()))
        });
        read(given.collect())
    }
}

fn read(mut given: BTreeMap<String, String>) -> Result<Settings, ConnectError> {
    let file = given.remove("DATABASE_URL_FILE");
    if let Some(unknown) = given.keys().find(|name| !NAMES.contains(&name.as_str())) {
        let hint = suggest::hint(unknown, NAMES);
        return Err(ConnectError::Setting(format!("{PREFIX}{unknown} is no setting of a guard{hint}")));
    }
    let url = match (given.remove("DATABASE_URL"), file) {
        (Some(_), Some(_)) => Err("is given as DATABASE_URL and as DATABASE_URL_FILE: give one".to_owned()),
        (Some(url), None) => Ok(url),
        (None, Some(path)) => fs::read_to_string(&path).map_err(|error| format!("cannot be read from {path}: {error}")),
        (None, None) => Err("is not set, and a guard needs it".to_owned()),
    };
    let url = url.map_err(|why| wrong("DATABASE_URL", &why))?;
    let org = given.remove("ORG").ok_or_else(|| wrong("ORG", "is not set, and a guard needs it"))?;
    let mut settings = Settings::new(url.trim(), &org);
    for (name, text) in given {
        settings = set(settings, &name, &text).map_err(|wanted| wrong(&name, &format!("is no {wanted}")))?;
    }
    Ok(settings)
}

fn set(settings: Settings, name: &str, text: &str) -> Result<Settings, &'static str> {
    Ok(match name {
        "MESH" => settings.mesh(text),
        "NAME" => settings.name(text),
        "BOUND" => settings.bound(span(text)?),
        "OUTAGE_GRACE" => settings.outage_grace(span(text)?),
        "CACHE_KEYS" => settings.cache_keys(whole(text)?),
        "POOL_SIZE" => settings.pool_size(whole(text)?),
        "TRUSTED_PROXIES" => settings.trusted_proxies(text),
        _ => match text {
            "true" => settings.allow_fsync_off(),
            "false" => settings,
            _ => return Err("true or false"),
        },
    })
}

fn wrong(name: &str, why: &str) -> ConnectError {
    ConnectError::Setting(format!("{PREFIX}{name} {why}"))
}

fn whole<N: FromStr>(text: &str) -> Result<N, &'static str> {
    text.parse().map_err(|_| "whole number")
}

/// A whole number and its unit.
fn span(text: &str) -> Result<Duration, &'static str> {
    let (unit, of): (_, fn(u64) -> Duration) = match text.trim_start_matches(|it: char| it.is_ascii_digit()) {
        "ms" => (2, Duration::from_millis),
        "s" => (1, Duration::from_secs),
        "m" => (1, Duration::from_mins),
        _ => return Err("number and ms, s or m, such as 500ms or 2s"),
    };
    Ok(of(whole::<u32>(&text[..text.len() - unit])?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let needed = [("DATABASE_URL", "postgres://h/d"), ("ORG", "acme")];
        let pairs = needed.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        read(pairs.collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_set_is_taken() {
        let settings = said(&[("MESH", "main"), ("BOUND", "500ms"), ("OUTAGE_GRACE", "2m"), ("CACHE_KEYS", "7")]);
        let settings = settings.ok().unwrap();
        assert_eq!((&*settings.database_url, &*settings.org), ("postgres://h/d", "acme"));
        assert_eq!((settings.mesh.as_deref(), settings.cache_keys), (Some("main"), 7));
        assert_eq!((settings.bound, settings.outage_grace), (Duration::from_millis(500), Duration::from_mins(2)));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_name() {
        for (name, value, told) in [
            ("MESSH", "main", "MESHKEY_GUARD_MESSH is no setting of a guard (did you mean 'MESH'?)"),
            ("BOUND", "2", "MESHKEY_GUARD_BOUND is no number and ms, s or m, such as 500ms or 2s"),
            ("BOUND", "s", "MESHKEY_GUARD_BOUND is no whole number"),
            ("CACHE_KEYS", "many", "MESHKEY_GUARD_CACHE_KEYS is no whole number"),
            ("ALLOW_FSYNC_OFF", "yes", "MESHKEY_GUARD_ALLOW_FSYNC_OFF is no true or false"),
            (
                "DATABASE_URL_FILE",
                "/x",
                "MESHKEY_GUARD_DATABASE_URL is given as DATABASE_URL and as DATABASE_URL_FILE: give one",
            ),
        ] {
            assert_eq!(said(&[(name, value)]).err().as_deref(), Some(told));
        }
        let nothing = read(BTreeMap::new()).err().unwrap().to_string();
        assert_eq!(nothing, "MESHKEY_GUARD_DATABASE_URL is not set, and a guard needs it");
    }
}
