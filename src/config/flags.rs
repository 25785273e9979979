//! The command line as a source. Values stay text here, so that a bad one gets the same answer from every source.

use clap::Args;

use super::{
    origin::Found,
    origin::Origin,
    secret::SecretText,
    table::{self, Setting},
};

/// Flags of every verb that works on the database.
#[derive(Args, Clone, Default)]
pub struct DatabaseFlags {
    /// The file of settings.
    #[arg(long, value_name = "FILE", help = "TOML file of settings [env: MESHKEY_CONFIG]")]
    pub config: Option<String>,
    /// The directory of the embedded `PostgreSQL`.
    #[arg(long, value_name = "DIR", help = help(table::DATA_DIR))]
    pub data_dir: Option<String>,
    /// The database to use in place of the embedded one.
    #[arg(long, value_name = "URL", help = help(table::DATABASE_URL), long_help = argv_is_public())]
    pub database_url: Option<SecretText>,
    /// The directory of the `PostgreSQL` programs.
    #[arg(long, value_name = "DIR", help = help(table::PG_BIN))]
    pub pg_bin: Option<String>,
    /// What to log.
    #[arg(long, value_name = "FILTER", help = help(table::LOG))]
    pub log: Option<String>,
    /// The form of the log.
    #[arg(long, value_name = "FORM", help = help(table::LOG_FORMAT))]
    pub log_format: Option<String>,
}

/// Flags of `meshkey serve`.
#[derive(Args, Clone, Default)]
pub struct ServeFlags {
    /// The address and port to serve on.
    #[arg(long, value_name = "ADDRESS:PORT", help = help(table::LISTEN))]
    pub listen: Option<String>,
    /// Whose word about addresses is taken.
    #[arg(long, value_name = "ADDRESSES", help = help(table::TRUSTED_PROXIES))]
    pub trusted_proxies: Option<String>,
    /// The threads that answer requests.
    #[arg(long, value_name = "NUMBER", help = help(table::WORKERS))]
    pub workers: Option<String>,
    /// The most connections to `PostgreSQL`.
    #[arg(long, value_name = "NUMBER", help = help(table::POOL_SIZE))]
    pub pool_size: Option<String>,
    /// The first letters of every new key.
    #[arg(long, value_name = "LETTERS", help = help(table::KEY_PREFIX))]
    pub key_prefix: Option<String>,
    /// The most live keys in an org.
    #[arg(long, value_name = "NUMBER", help = help(table::MAX_LIVE_KEYS))]
    pub max_live_keys: Option<String>,
    /// After how long at most a revocation holds.
    #[arg(long, value_name = "TIME", help = help(table::BOUND))]
    pub bound: Option<String>,
    /// How long beyond that some decisions go on without the database.
    #[arg(long, value_name = "TIME", help = help(table::OUTAGE_GRACE))]
    pub outage_grace: Option<String>,
    /// How many keys are remembered.
    #[arg(long, value_name = "NUMBER", help = help(table::CACHE_KEYS))]
    pub cache_keys: Option<String>,
    /// What this process is called.
    #[arg(long, value_name = "NAME", help = help(table::REPLICA_NAME))]
    pub replica_name: Option<String>,
    /// Where the metrics are.
    #[arg(long, value_name = "ADDRESS:PORT", help = help(table::METRICS_LISTEN))]
    pub metrics_listen: Option<String>,
    /// Where clients reach the service.
    #[arg(long, value_name = "URL", help = help(table::PUBLIC_URL))]
    pub public_url: Option<String>,
    /// Where the database is.
    #[command(flatten)]
    pub database: DatabaseFlags,
}

/// Flags of a command on the host that prints a link to the service.
#[derive(Args, Clone, Default)]
pub struct LinkFlags {
    /// Where people reach the service.
    #[arg(long, value_name = "URL", help = help(table::PUBLIC_URL))]
    pub public_url: Option<String>,
    /// Where it listens, for links where nothing else is said.
    #[arg(long, value_name = "ADDRESS:PORT", help = help(table::LISTEN))]
    pub listen: Option<String>,
    /// Where the database is.
    #[command(flatten)]
    pub database: DatabaseFlags,
}

impl From<&LinkFlags> for ServeFlags {
    fn from(flags: &LinkFlags) -> Self {
        let LinkFlags { public_url, listen, database } = flags.clone();
        Self { listen, public_url, database, ..Self::default() }
    }
}

impl From<&DatabaseFlags> for ServeFlags {
    fn from(database: &DatabaseFlags) -> Self {
        Self { database: database.clone(), ..Self::default() }
    }
}

impl ServeFlags {
    /// What the command line says of a setting.
    pub(super) fn find(&self, setting: &Setting) -> Option<Found> {
        let text = self.text(setting.name)?;
        Some(Found::new(text, Origin::flag(setting)))
    }

    fn text(&self, name: &str) -> Option<&str> {
        match name {
            "listen" => self.listen.as_deref(),
            "trusted_proxies" => self.trusted_proxies.as_deref(),
            "workers" => self.workers.as_deref(),
            "pool_size" => self.pool_size.as_deref(),
            "key_prefix" => self.key_prefix.as_deref(),
            "max_live_keys" => self.max_live_keys.as_deref(),
            "bound" => self.bound.as_deref(),
            "outage_grace" => self.outage_grace.as_deref(),
            "cache_keys" => self.cache_keys.as_deref(),
            "replica_name" => self.replica_name.as_deref(),
            "metrics_listen" => self.metrics_listen.as_deref(),
            "public_url" => self.public_url.as_deref(),
            _ => self.database.text(name),
        }
    }
}

impl DatabaseFlags {
    /// The file of settings, if the command line names one.
    pub(super) fn file(&self) -> Option<Found> {
        let path = self.config.as_deref()?;
        Some(Found::new(path, Origin::Flag("--config".to_owned())))
    }

    fn text(&self, name: &str) -> Option<&str> {
        match name {
            "data_dir" => self.data_dir.as_deref(),
            "database_url" => self.database_url.as_ref().map(SecretText::reveal),
            "pg_bin" => self.pg_bin.as_deref(),
            "log" => self.log.as_deref(),
            "log_format" => self.log_format.as_deref(),
            _ => None,
        }
    }
}

fn help(setting: Setting) -> String {
    format!("{} [default: {}] [env: {}]", setting.doc, setting.fallback.words(), setting.variable())
}

fn argv_is_public() -> String {
    format!(
        "{}.\n\nEvery process on this host can read a flag, and the URL holds a password: {}_FILE, which names a \
         file, is better",
        help(table::DATABASE_URL),
        table::DATABASE_URL.variable()
    )
}
