//! Providers of OpenID Connect: a table of the file for each, or variables with its name in them.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Url;

use super::{
    ConfigError, Origin, SecretText, Setting,
    environment::content,
    origin::Found,
    sources::{Given, Sources},
    table::Fallback,
    value,
};

/// The table of the file, and what each variable and credential of these begins with.
pub(super) const TABLE: &str = "openid";
const VARIABLE: &str = "MESHKEY_OPENID_";
/// What the key ends with that names a file with the secret.
pub(super) const FILE: &str = "_file";

/// Of whom it is told in the docs.
const ANY: &str = "NAME";
const MOST_LETTERS: usize = 32;

macro_rules! fields {
    ($($name:ident = $make:ident($text:expr, $fallback:expr, $doc:expr);)+) => {
        $(pub(super) const $name: Setting = Setting::$make($text, $fallback, $doc);)+
        /// What can be said of a provider, in the order of the docs.
        pub const FIELDS: &[Setting] = &[$($name),+];
    };
}

fields! {
    TITLE = open("title", Fallback::Words("the name"), "What the provider is called on the button");
    ISSUER = open(
        "issuer",
        Fallback::Words("none, and needed"),
        "The provider's issuer, letter for letter as it names itself, such as `https://login.example.org`"
    );
    CLIENT_ID = open("client_id", Fallback::Words("none, and needed"), "What the provider calls this service");
    CLIENT_SECRET = secret(
        "client_secret",
        Fallback::Words("none: a public client"),
        "What this service proves itself with to the provider"
    );
    SCOPES = open("scopes", Fallback::Value("openid email profile"), "What is asked of the provider, by spaces");
}

/// A provider, as the settings name it.
pub struct Provider {
    /// Its name in paths: a letter, then letters, digits and hyphens.
    pub name: String,
    /// What the button says.
    pub title: String,
    /// Who it is.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What we prove ourselves with, if with anything.
    pub client_secret: Option<SecretText>,
    /// What it is asked for.
    pub scopes: Vec<String>,
    given: BTreeMap<&'static str, Given>,
}

impl Provider {
    /// What it is called in the file: `openid.example.issuer`.
    #[must_use]
    pub fn key(&self, field: &Setting) -> String {
        key(&self.name, field)
    }

    /// Where the value of a field came from.
    #[must_use]
    pub fn origin(&self, field: &Setting) -> &Origin {
        self.given.get(field.name).map_or(&Origin::Default, |given| &given.origin)
    }

    /// The value of a field, as it holds; `None` for a secret.
    #[must_use]
    pub fn text(&self, field: &Setting) -> Option<String> {
        match field.name {
            "title" => Some(self.title.clone()),
            "issuer" => Some(self.issuer.clone()),
            "client_id" => Some(self.client_id.clone()),
            "scopes" => Some(self.scopes.join(" ")),
            _ => None,
        }
    }
}

/// What a field is called in the file.
fn key(name: &str, field: &Setting) -> String {
    format!("{TABLE}.{name}.{}", field.name)
}

/// The variable that carries a field of this provider.
fn variable(name: &str, field: &Setting) -> String {
    format!("{VARIABLE}{}_{}", name.to_uppercase().replace('-', "_"), field.name.to_uppercase())
}

/// The credential that carries a secret of this provider.
fn credential(name: &str, field: &Setting) -> String {
    format!("{TABLE}_{}_{}", name.replace('-', "_"), field.name)
}

/// What the docs say of a field: its key, and its variables.
#[must_use]
pub fn in_docs(field: &Setting) -> (String, Vec<String>) {
    let own = variable(ANY, field);
    let file = field.secret.then(|| format!("{own}_FILE"));
    (key(ANY, field), [own].into_iter().chain(file).collect())
}

/// What a field may be called in the table of a provider.
pub(super) fn keys(field: &Setting) -> impl Iterator<Item = String> + use<> {
    let file = field.secret.then(|| format!("{}{FILE}", field.name));
    [field.name.to_owned()].into_iter().chain(file)
}

/// Whether this may be the name of a provider.
pub(super) fn is_name(text: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= MOST_LETTERS
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(is_legal)
}

/// Of which provider this variable tells, if it is one of theirs.
pub(super) fn provider_of(variable: &str) -> Option<String> {
    let rest = variable.strip_prefix(VARIABLE)?;
    let ends = FIELDS.iter().flat_map(|field| {
        let own = format!("_{}", field.name.to_uppercase());
        let file = field.secret.then(|| format!("{own}_FILE"));
        [own].into_iter().chain(file)
    });
    let name = ends.filter_map(|end| rest.strip_suffix(&end).map(str::to_owned)).min_by_key(String::len)?;
    let is_upper = !name.contains(|it: char| it.is_ascii_lowercase() || it == '-');
    let name = name.to_lowercase().replace('_', "-");
    (is_upper && is_name(&name)).then_some(name)
}

/// What may have been meant by a variable that is nearly one of a provider's.
pub(super) fn near(variable: &str) -> Vec<String> {
    let Some(rest) = variable.strip_prefix(VARIABLE) else { return Vec::new() };
    let names = rest.match_indices('_').map(|(at, _)| &rest[..at]);
    names.flat_map(|name| FIELDS.iter().map(move |field| self::variable(&name.to_lowercase(), field))).collect()
}

impl Sources<'_> {
    /// The providers, in the order of the file, and those of which the environment alone tells after them.
    pub(super) fn providers(&self) -> Result<Vec<Provider>, ConfigError> {
        let mut names = self.file.providers()?;
        let others: BTreeSet<_> = self.environment.providers().filter(|name| !names.contains(name)).collect();
        names.extend(others);
        let secrets: Vec<_> = names.iter().map(|name| credential(name, &CLIENT_SECRET)).collect();
        self.credentials.ensure_known(&format!("{TABLE}_"), &secrets)?;
        names.into_iter().map(|name| self.provider(name)).collect()
    }

    fn provider(&self, name: String) -> Result<Provider, ConfigError> {
        let mut given = BTreeMap::new();
        let mut read = |field: &Setting| -> Result<Option<Found>, ConfigError> {
            let found = self.find_of_provider(&name, field)?;
            if let Some(found) = &found {
                let text = (!field.secret).then(|| found.text.reveal().to_owned());
                given.insert(field.name, Given { origin: found.origin.clone(), text });
            }
            Ok(found)
        };
        let (title, issuer, client_id) = (read(&TITLE)?, read(&ISSUER)?, read(&CLIENT_ID)?);
        let (client_secret, scopes) = (read(&CLIENT_SECRET)?, read(&SCOPES)?);
        let origin = given.values().map(|given| given.origin.clone()).next().unwrap_or(Origin::Default);
        let missing = |needed: &Setting| ConfigError::Alone {
            setting: format!("{TABLE}.{name}"),
            origin: origin.clone(),
            needed: key(&name, needed),
        };
        let understood = |field: &Setting, found: &Found, parsed: Result<String, String>| {
            parsed.map_err(|wanted| ConfigError::BadValue {
                setting: key(&name, field),
                value: value::shown(field, found.text.reveal()),
                origin: found.origin.clone(),
                wanted,
            })
        };
        let text = |field: &Setting, found: Option<Found>, parse: fn(&str) -> Result<String, String>| {
            found.map(|found| understood(field, &found, parse(found.text.reveal()))).transpose()
        };
        let issuer = text(&ISSUER, issuer, self::issuer)?.ok_or_else(|| missing(&ISSUER))?;
        let client_id = text(&CLIENT_ID, client_id, one_line)?.ok_or_else(|| missing(&CLIENT_ID))?;
        let title = text(&TITLE, title, self::title)?.unwrap_or_else(|| name.clone());
        let client_secret = text(&CLIENT_SECRET, client_secret, one_line)?.map(SecretText::from);
        let scopes = text(&SCOPES, scopes, self::scopes)?.unwrap_or_else(|| SCOPES.fallback.words().to_owned());
        let scopes = scopes.split_whitespace().map(str::to_owned).collect();
        Ok(Provider { name, title, issuer, client_id, client_secret, scopes, given })
    }

    fn find_of_provider(&self, name: &str, field: &Setting) -> Result<Option<Found>, ConfigError> {
        let key = key(name, field);
        let own = self.environment.of(field, &variable(name, field))?;
        let passed_on = self.credentials.find_named(field, &credential(name, field))?;
        if let Some(given) = Self::agreed(own, passed_on)? {
            return Ok(Some(given));
        }
        let plain = self.file.find_of_provider(name, field.name, &key)?;
        let (key_of_file, named) = (format!("{key}{FILE}"), format!("{}{FILE}", field.name));
        let named = if field.secret { self.file.find_of_provider(name, &named, &key_of_file)? } else { None };
        match (plain, named) {
            (Some(_), Some(_)) => Err(ConfigError::TwiceInFile { key }),
            (None, Some(named)) => content(named).map(Some),
            (plain, None) => Ok(plain),
        }
    }
}

/// Who a provider is: it is reached by TLS, or on this host.
fn issuer(text: &str) -> Result<String, String> {
    let is_sound = |url: &Url| {
        let is_bare = url.username().is_empty() && url.password().is_none();
        let is_bare = is_bare && url.query().is_none() && url.fragment().is_none();
        is_bare && (url.scheme() == "https" || url.scheme() == "http" && is_loopback(url))
    };
    let wanted = "the provider's issuer, such as https://login.example.org; http alone on this host";
    Url::parse(text).ok().filter(is_sound).map(|_| text.to_owned()).ok_or_else(|| wanted.to_owned())
}

/// Whether a URL leads to this host.
pub(super) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

fn title(text: &str) -> Result<String, String> {
    let is_legal = (1..=64).contains(&text.chars().count()) && !text.contains(char::is_control) && text.trim() == text;
    if is_legal { Ok(text.to_owned()) } else { Err("1 to 64 characters in one line".to_owned()) }
}

fn one_line(text: &str) -> Result<String, String> {
    let is_legal = !text.is_empty() && !text.contains(char::is_control);
    if is_legal { Ok(text.to_owned()) } else { Err("what the provider has given, in one line".to_owned()) }
}

fn scopes(text: &str) -> Result<String, String> {
    let is_legal = |scope: &str| scope.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
    let mut all = text.split_whitespace();
    if all.clone().all(is_legal) && all.any(|scope| scope == "openid") {
        return Ok(text.to_owned());
    }
    Err("scopes by spaces with openid among them, such as openid email profile".to_owned())
}
