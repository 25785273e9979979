//! What an address says. The driver reads most of it; what is ours, or what only libpq knows, is taken out before.

use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::Error;
use super::tls::{Check, Wanted};

/// What the driver reads.
const DRIVERS: &[&str] = &[
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "sslnegotiation",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
];

/// What other clients read, and what has no meaning or only one value here.
const WITHOUT_MEANING: &[&str] = &[
    "client_encoding",
    "fallback_application_name",
    "gssencmode",
    "gsslib",
    "krbsrvname",
    "sslcompression",
    "sslsni",
    "ssl_min_protocol_version",
    "sslcertmode",
    "connection_limit",
    "pool_timeout",
    "statement_cache_size",
];

/// What would silently be less safe, or not work, if it were left out.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("sslcrl", "leave it out if you do not rely on revoked certificates"),
    ("sslcrldir", "leave it out if you do not rely on revoked certificates"),
    ("sslpassword", "give an unencrypted key file in sslkey"),
    ("ssl_max_protocol_version", "leave it out"),
    ("require_auth", "leave it out"),
    ("requirepeer", "leave it out"),
    ("passfile", "give the password in the address"),
    ("service", "give the address of the database itself"),
    ("servicefile", "give the address of the database itself"),
    ("schema", "use options=-c%20search_path%3D…"),
    ("replication", "leave it out"),
];

/// Reads an address of either form.
pub(super) fn parse(address: &str) -> Result<(Config, Option<MakeRustlsConnect>), Error> {
    let mut ours = Ours::default();
    let rest = if is_url(address) { from_url(address, &mut ours)? } else { from_pairs(address, &mut ours)? };
    let mut config: Config = rest.parse().map_err(|error| why(&error))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(Error::NoHost);
    }
    let only_sockets =
        config.get_hostaddrs().is_empty() && config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
    config.ssl_mode(if only_sockets { SslMode::Disable } else { ours.mode.driver() });
    let tls = if config.get_ssl_mode() == SslMode::Disable { None } else { Some(ours.wanted(&config).connector()?) };
    Ok((config, tls))
}

fn is_url(address: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| address.starts_with(scheme))
}

/// The driver's reason, without what it quotes.
fn why(error: &tokio_postgres::Error) -> Error {
    let reason = super::chain(error);
    let named = DRIVERS.iter().find(|name| reason.ends_with(&format!("invalid value for option `{name}`")));
    named.map_or(Error::Malformed, |name| Error::Value(name))
}

/// The URL without the options that are ours.
fn from_url(url: &str, ours: &mut Ours) -> Result<String, Error> {
    // A question mark before the `@` is a part of the password.
    let authority = url.find('@').unwrap_or(0);
    let Some(start) = url[authority..].find('?').map(|at| authority + at) else {
        return Ok(url.to_owned());
    };
    let mut kept = Vec::new();
    let options = url[start + 1..].split('&').filter(|option| !option.is_empty());
    for (nth, option) in options.enumerate() {
        let (name, value) = decode(option).ok_or(Error::Malformed)?;
        if ours.take(nth + 1, &name, &value)?.is_some() {
            kept.push(option);
        }
    }
    Ok(format!("{}?{}", &url[..start], kept.join("&")))
}

/// In an address, unlike in a form, a plus is a plus.
fn decode(option: &str) -> Option<(String, String)> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&option.replace('+', "%2B")).ok()?;
    pairs.into_iter().next()
}

/// `host=… dbname='…'` without the options that are ours.
fn from_pairs(text: &str, ours: &mut Ours) -> Result<String, Error> {
    let mut kept = String::new();
    let mut rest = text.trim_start();
    let mut nth = 0;
    while !rest.is_empty() {
        nth += 1;
        let (name, after) = rest.split_once('=').ok_or(Error::Malformed)?;
        let (value, after) = value(after.trim_start()).ok_or(Error::Malformed)?;
        rest = after.trim_start();
        if let Some(name) = ours.take(nth, name.trim_end(), &value)? {
            let quoted = value.replace('\\', r"\\").replace('\'', r"\'");
            kept = format!("{kept}{name}='{quoted}' ");
        }
    }
    Ok(kept)
}

/// The value at the beginning, without its quotes, and what follows.
fn value(text: &str) -> Option<(String, &str)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?.1),
            '\'' if quoted => return Some((value, &text[at + 1..])),
            space if !quoted && space.is_whitespace() => return Some((value, &text[at..])),
            other => value.push(other),
        }
    }
    (!quoted).then_some((value, ""))
}

/// The options that we read ourselves.
#[derive(Default)]
struct Ours {
    mode: Mode,
    root: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl Ours {
    /// Takes an option that is ours, or gives back the name of one that is the driver's.
    fn take<'a>(&mut self, nth: usize, name: &'a str, value: &str) -> Result<Option<&'a str>, Error> {
        match name {
            "sslmode" => self.mode = Mode::read(value).ok_or(Error::Value("sslmode"))?,
            "sslrootcert" => self.root = Some(value.into()).filter(|_| value != "system"),
            "sslcert" => self.certificate = Some(value.into()),
            "sslkey" => self.key = Some(value.into()),
            "pgbouncer" if value == "true" => {
                let instead = "give the direct address of the database, not that of a pooler";
                return Err(Error::Unsupported { option: "pgbouncer", instead });
            }
            "pgbouncer" => {}
            name if DRIVERS.contains(&name) => return Ok(Some(name)),
            name if WITHOUT_MEANING.contains(&name) => {}
            name => return Err(refusal(nth, name)),
        }
        Ok(None)
    }

    fn wanted(self, config: &Config) -> Wanted {
        let is_direct = config.get_ssl_negotiation() == tokio_postgres::config::SslNegotiation::Direct;
        Wanted { check: self.mode.check(), root: self.root, certificate: self.certificate, key: self.key, is_direct }
    }
}

fn refusal(nth: usize, name: &str) -> Error {
    let known = UNSUPPORTED.iter().find(|(option, _)| *option == name);
    known.map_or(Error::UnknownOption { nth }, |(option, instead)| Error::Unsupported { option, instead })
}

/// `sslmode`, as libpq names it.
#[derive(Clone, Copy, Default)]
enum Mode {
    Disable,
    Allow,
    #[default]
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Mode {
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }

    fn driver(self) -> SslMode {
        match self {
            Self::Disable => SslMode::Disable,
            Self::Allow | Self::Prefer => SslMode::Prefer,
            Self::Require | Self::VerifyCa | Self::VerifyFull => SslMode::Require,
        }
    }

    fn check(self) -> Check {
        match self {
            Self::Disable | Self::Allow | Self::Prefer => Check::Nothing,
            Self::VerifyCa => Check::Authority,
            Self::Require | Self::VerifyFull => Check::AuthorityAndName,
        }
    }
}

#[cfg(test)]
mod tests;
