//! The settings of a server: read once at the start, from a flag, else the environment, else a credential of systemd, else
//! one TOML file, else a default. What nobody knows is refused with the name that was meant; a secret is never in an error.

mod credentials;
mod environment;
mod error;
mod example;
mod file;
mod flags;
pub mod openid;
mod origin;
mod secret;
mod sources;
pub mod table;
#[cfg(test)]
mod tests;
mod value;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

pub use error::{ConfigError, Hint};
pub use example::example;
pub use flags::{DatabaseFlags, LinkFlags, ServeFlags};
pub use openid::Provider;
pub use origin::Origin;
pub use secret::SecretText;
pub use table::Setting;
pub use value::LogFormat;

use reqwest::Url;
use sources::{Given, Sources};

const SHORTEST_BOUND: Duration = Duration::from_millis(500);
const LONGEST_BOUND: Duration = Duration::from_mins(1);
const LONGEST_GRACE: Duration = Duration::from_mins(10);
const SHORTEST_SEND: Duration = Duration::from_secs(1);
const LONGEST_SEND: Duration = Duration::from_mins(10);
const DAY: Duration = Duration::from_hours(24);
const SHORTEST_STAY: Duration = Duration::from_mins(5);
const LONGEST_IDLE: Duration = DAY.saturating_mul(90);
const LONGEST_LIFE: Duration = DAY.saturating_mul(365);

/// The settings, understood. [`table`] says what each one means.
pub struct Settings {
    /// See [`table::LISTEN`].
    pub listen: SocketAddr,
    /// See [`table::DATABASE_URL`].
    pub database_url: Option<SecretText>,
    /// See [`table::MIGRATE_DATABASE_URL`].
    pub migrate_database_url: Option<SecretText>,
    /// See [`table::DATA_DIR`]; the platform's place where it is `None`.
    pub data_dir: Option<PathBuf>,
    /// See [`table::PG_BIN`].
    pub pg_bin: Option<PathBuf>,
    /// See [`table::POOL_SIZE`].
    pub pool_size: usize,
    /// See [`table::ALLOW_FSYNC_OFF`].
    pub allow_fsync_off: bool,
    /// See [`table::BOUND`].
    pub bound: Duration,
    /// See [`table::OUTAGE_GRACE`].
    pub outage_grace: Duration,
    /// See [`table::CACHE_KEYS`].
    pub cache_keys: usize,
    /// See [`table::REPLICA_NAME`]; the name of the host where it is `None`.
    pub replica_name: Option<String>,
    /// See [`table::METRICS_LISTEN`].
    pub metrics_listen: Option<SocketAddr>,
    /// See [`table::TRUSTED_PROXIES`].
    pub trusted_proxies: Option<String>,
    /// See [`table::PUBLIC_URL`].
    pub public_url: Option<String>,
    /// See [`table::SMTP_URL`].
    pub smtp_url: Option<SecretText>,
    /// See [`table::MAIL_FROM`].
    pub mail_from: Option<String>,
    /// See [`table::WEBHOOK_PRIVATE`].
    pub webhook_private: bool,
    /// See [`table::OTLP_ENDPOINT`].
    pub otlp_endpoint: Option<String>,
    /// See [`table::OTLP_RATIO`].
    pub otlp_ratio: f64,
    /// See [`table::WORKERS`].
    pub workers: usize,
    /// See [`table::KEY_PREFIX`].
    pub key_prefix: String,
    /// See [`table::MAX_LIVE_KEYS`].
    pub max_live_keys: u32,
    /// See [`table::FAILED_AUTH_PER_MINUTE`].
    pub failed_auth_per_minute: u32,
    /// See [`table::STREAMS`].
    pub streams: usize,
    /// See [`table::STREAMS_PER_KEY`].
    pub streams_per_key: usize,
    /// See [`table::SEND_TIMEOUT`].
    pub send_timeout: Duration,
    /// See [`table::SESSION_IDLE`].
    pub session_idle: Duration,
    /// See [`table::SESSION_LIFE`].
    pub session_life: Duration,
    /// See [`table::BOOTSTRAP_ADMIN_EMAIL`].
    pub bootstrap_admin_email: Option<String>,
    /// See [`table::BOOTSTRAP_ADMIN_PASSWORD_FILE`].
    pub bootstrap_admin_password_file: Option<PathBuf>,
    /// See [`table::BOOTSTRAP_FILE`].
    pub bootstrap_file: Option<PathBuf>,
    /// See [`table::LOG`].
    pub log: String,
    /// See [`table::LOG_FORMAT`].
    pub log_format: LogFormat,
    /// Whom people may sign in by besides, in their order.
    pub providers: Vec<Provider>,
    file: Option<PathBuf>,
    given: BTreeMap<&'static str, Given>,
}

impl Settings {
    /// Reads the settings. The environment is given, so that this looks at nothing but its arguments and the files that
    /// they name.
    pub fn load(
        flags: &ServeFlags,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut from = Sources::open(flags, environment)?;
        let settings = Self {
            listen: from.value(&table::LISTEN, value::address)?,
            database_url: from.optional(&table::DATABASE_URL, value::database)?,
            migrate_database_url: from.optional(&table::MIGRATE_DATABASE_URL, value::database)?,
            data_dir: from.optional(&table::DATA_DIR, value::path)?,
            pg_bin: from.optional(&table::PG_BIN, value::path)?,
            pool_size: from.value(&table::POOL_SIZE, value::number(1..=1000))?,
            allow_fsync_off: from.value(&table::ALLOW_FSYNC_OFF, value::yes_or_no)?,
            bound: from.value(&table::BOUND, value::span(SHORTEST_BOUND..=LONGEST_BOUND))?,
            outage_grace: from.value(&table::OUTAGE_GRACE, value::span(Duration::ZERO..=LONGEST_GRACE))?,
            cache_keys: from.value(&table::CACHE_KEYS, value::number(0..=100_000_000))?,
            replica_name: from.optional(&table::REPLICA_NAME, value::replica_name)?,
            metrics_listen: from.optional(&table::METRICS_LISTEN, value::address)?,
            trusted_proxies: from.optional(&table::TRUSTED_PROXIES, value::proxies)?,
            public_url: from.optional(&table::PUBLIC_URL, value::public_url)?,
            smtp_url: from.optional(&table::SMTP_URL, value::smtp)?,
            mail_from: from.optional(&table::MAIL_FROM, value::mailbox)?,
            webhook_private: from.value(&table::WEBHOOK_PRIVATE, value::yes_or_no)?,
            otlp_endpoint: from.optional(&table::OTLP_ENDPOINT, value::collector)?,
            otlp_ratio: from.value(&table::OTLP_RATIO, value::ratio)?,
            workers: from.optional(&table::WORKERS, value::number(1..=1024))?.unwrap_or_else(cores),
            key_prefix: from.value(&table::KEY_PREFIX, value::key_prefix)?,
            max_live_keys: from.value(&table::MAX_LIVE_KEYS, value::number(1..=10_000_000))?,
            streams: from.value(&table::STREAMS, value::number(0..=1_000_000))?,
            streams_per_key: from.value(&table::STREAMS_PER_KEY, value::number(0..=1_000_000))?,
            send_timeout: from.value(&table::SEND_TIMEOUT, value::span(SHORTEST_SEND..=LONGEST_SEND))?,
            failed_auth_per_minute: from.value(&table::FAILED_AUTH_PER_MINUTE, value::number(0..=1_000_000))?,
            session_idle: from.value(&table::SESSION_IDLE, value::stay(SHORTEST_STAY..=LONGEST_IDLE))?,
            session_life: from.value(&table::SESSION_LIFE, value::stay(SHORTEST_STAY..=LONGEST_LIFE))?,
            bootstrap_admin_email: from.optional(&table::BOOTSTRAP_ADMIN_EMAIL, value::email)?,
            bootstrap_admin_password_file: from.optional(&table::BOOTSTRAP_ADMIN_PASSWORD_FILE, value::path)?,
            bootstrap_file: from.optional(&table::BOOTSTRAP_FILE, value::path)?,
            log: from.value(&table::LOG, value::filter)?,
            log_format: from.value(&table::LOG_FORMAT, value::log_format)?,
            providers: from.providers()?,
            file: from.file(),
            given: from.into_given(),
        };
        settings.ensure_whole()?;
        Ok(settings)
    }

    /// Where the value of a setting came from.
    #[must_use]
    pub fn origin(&self, setting: &Setting) -> &Origin {
        self.given.get(setting.name).map_or(&Origin::Default, |given| &given.origin)
    }

    /// The value of a setting as it was written, or its default; `None` for a secret, and for a default that is no text.
    #[must_use]
    pub fn text(&self, setting: &Setting) -> Option<&str> {
        match (self.given.get(setting.name), setting.fallback) {
            (Some(given), _) => given.text.as_deref(),
            (None, table::Fallback::Value(text)) => Some(text),
            (None, table::Fallback::Words(_)) => None,
        }
    }

    /// The file of settings, if one was named.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// What was set and does not do what it seems to, in words for the log (P-18), with what to do.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.ineffective().into_iter().chain(self.in_plain()).collect()
    }

    /// With a database given, nothing of the embedded one has an effect.
    fn ineffective(&self) -> Vec<String> {
        if self.database_url.is_none() {
            return Vec::new();
        }
        let embedded = [table::DATA_DIR, table::PG_BIN];
        let set = embedded.iter().filter(|setting| *self.origin(setting) != Origin::Default);
        set.map(|setting| self.in_vain(setting)).collect()
    }

    /// Browsers keep a session only over TLS, or of this host.
    fn in_plain(&self) -> Option<String> {
        let url = Url::parse(self.public_url.as_deref()?).ok()?;
        let by = self.origin(&table::PUBLIC_URL);
        (url.scheme() == "http" && !openid::is_loopback(&url)).then(|| {
            format!(
                "public_url, set by {by}, is plain HTTP: browsers keep no session over it, and nobody can stay signed in. \
                 Give the address by https:// at which a proxy ends TLS"
            )
        })
    }

    fn in_vain(&self, setting: &Setting) -> String {
        let (by, database) = (self.origin(setting), self.origin(&table::DATABASE_URL));
        format!("{}, set by {by}, has no effect: {database} names another database", setting.name)
    }

    fn ensure_whole(&self) -> Result<(), ConfigError> {
        let mails = self.smtp_url.is_some();
        let migrates = self.migrate_database_url.is_some();
        for (is_set, setting, needed, is_there) in [
            (migrates, table::MIGRATE_DATABASE_URL, table::DATABASE_URL, self.database_url.is_some()),
            (mails, table::SMTP_URL, table::MAIL_FROM, self.mail_from.is_some()),
            (mails, table::SMTP_URL, table::PUBLIC_URL, self.public_url.is_some()),
        ] {
            if is_set && !is_there {
                let origin = self.origin(&setting).clone();
                let (setting, needed) = (setting.name.to_owned(), needed.name.to_owned());
                return Err(ConfigError::Alone { setting, origin, needed });
            }
        }
        self.ensure_providers_lead_back()
    }

    /// A provider sends people back to where it was told beforehand, and not to what a request says.
    fn ensure_providers_lead_back(&self) -> Result<(), ConfigError> {
        let Some(first) = self.providers.first().filter(|_| self.public_url.is_none()) else { return Ok(()) };
        let (setting, origin) = (first.key(&openid::ISSUER), first.origin(&openid::ISSUER).clone());
        Err(ConfigError::Alone { setting, origin, needed: table::PUBLIC_URL.name.to_owned() })
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
