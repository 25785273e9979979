//! The one list of settings. The flag, the variable and the key of the file are spelled from its names, the help from its
//! words, and a test holds `docs/reference/settings.md` against it.

/// A second variable that is heard too.
#[derive(Clone, Copy)]
pub enum Alias {
    /// There is none.
    None,
    /// Counts where our own variable is not set: other programs read it too.
    Yields(&'static str),
    /// Must say the same as our own variable where both are set: to guess would be to open the wrong database.
    Agrees(&'static str),
}

impl Alias {
    /// The variable, if there is one.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Yields(name) | Self::Agrees(name) => Some(name),
        }
    }
}

/// What holds when nobody has said anything.
#[derive(Clone, Copy)]
pub enum Fallback {
    /// This value, written like any other.
    Value(&'static str),
    /// What the program works out, in words for the docs.
    Words(&'static str),
}

impl Fallback {
    /// The text for the docs.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Value(text) | Self::Words(text) => text,
        }
    }
}

/// Everything that is said about a setting.
#[derive(Clone, Copy)]
pub struct Setting {
    /// Its name, as in the file.
    pub name: &'static str,
    /// The variable of another name that is heard too.
    pub alias: Alias,
    /// Whether the value must be shown to nobody, and may come from a file of its own.
    pub secret: bool,
    /// What holds when it is not given.
    pub fallback: Fallback,
    /// What it decides, for the help and the docs.
    pub doc: &'static str,
}

impl Setting {
    pub(super) const fn open(name: &'static str, fallback: Fallback, doc: &'static str) -> Self {
        Self { name, alias: Alias::None, secret: false, fallback, doc }
    }

    pub(super) const fn secret(name: &'static str, fallback: Fallback, doc: &'static str) -> Self {
        Self { secret: true, ..Self::open(name, fallback, doc) }
    }

    const fn or(self, alias: Alias) -> Self {
        Self { alias, ..self }
    }

    /// Its flag: `--data-dir`.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }

    /// Its own variable: `MESHKEY_DATA_DIR`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("MESHKEY_{}", self.name.to_uppercase())
    }

    /// Every variable that may carry it, its own first.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        let own = [self.variable()].into_iter().chain(self.alias.name().map(str::to_owned));
        own.flat_map(|name| self.with_file(name)).collect()
    }

    fn with_file(&self, name: String) -> impl Iterator<Item = String> + use<> {
        let file = self.secret.then(|| format!("{name}_FILE"));
        [name].into_iter().chain(file)
    }
}

macro_rules! settings {
    ($($name:ident = $make:ident($text:expr, $fallback:expr, $doc:expr)$(.or($alias:expr))?;)+) => {
        $(#[doc = $doc] pub const $name: Setting = Setting::$make($text, $fallback, $doc)$(.or($alias))?;)+
        /// Every setting, in the order of the docs.
        pub const ALL: &[Setting] = &[$($name),+];
    };
}

settings! {
    LISTEN = open("listen", Fallback::Value("127.0.0.1:7700"), "Address and port to serve on");
    DATABASE_URL = secret(
        "database_url",
        Fallback::Words("none: an embedded PostgreSQL"),
        "PostgreSQL to use: `postgres://user:password@host/name`"
    ).or(Alias::Agrees("DATABASE_URL"));
    MIGRATE_DATABASE_URL = secret(
        "migrate_database_url",
        Fallback::Words("that of `database_url`"),
        "The same database with a login that may change its schema"
    );
    DATA_DIR = open(
        "data_dir",
        Fallback::Words("`$XDG_DATA_HOME/meshkey`, as root `/var/lib/meshkey`"),
        "Directory of the embedded PostgreSQL"
    );
    PG_BIN = open(
        "pg_bin",
        Fallback::Words("the newest found"),
        "Directory of the PostgreSQL programs that the embedded one runs"
    );
    POOL_SIZE = open("pool_size", Fallback::Value("16"), "Most connections to PostgreSQL, 1 to 1000");
    ALLOW_FSYNC_OFF = open(
        "allow_fsync_off",
        Fallback::Value("false"),
        "Whether a database that can lose what it confirmed will do, for tests"
    );
    BOUND = open(
        "bound",
        Fallback::Value("2s"),
        "After how long at most a revocation holds everywhere, whatever is out of reach: `500ms` to `60s`"
    );
    OUTAGE_GRACE = open(
        "outage_grace",
        Fallback::Value("0s"),
        "How long beyond the bound `send` and `read` are still decided from memory while the database is out of reach, up to `10m`; every revocation may have to wait as much longer"
    );
    CACHE_KEYS = open(
        "cache_keys",
        Fallback::Value("1000000"),
        "How many keys are remembered at most, up to 100000000; with 0 the database is asked for every decision"
    );
    REPLICA_NAME = open(
        "replica_name",
        Fallback::Words("the name of the host"),
        "What this process is called in `meshkey replicas list`"
    );
    METRICS_LISTEN = open(
        "metrics_listen",
        Fallback::Words("none"),
        "Address and port for Prometheus metrics at `/metrics`, which everybody who reaches it may read"
    );
    TRUSTED_PROXIES = open(
        "trusted_proxies",
        Fallback::Words("none"),
        "Addresses and ranges of the proxies before it, by commas, whose `X-Forwarded-For` says where a request comes from"
    );
    PUBLIC_URL = open(
        "public_url",
        Fallback::Words("none"),
        "The scheme, host and port by which clients reach the service, such as `https://keys.example.org`: with it the service tells OAuth clients where everything is"
    );
    SMTP_URL = secret(
        "smtp_url",
        Fallback::Words("none: no mail is sent"),
        "Server that mail is handed to: `smtps://user:password@host`, or `smtp://host:587?tls=required`"
    );
    MAIL_FROM = open(
        "mail_from",
        Fallback::Words("none"),
        "Address that mail comes from, such as `Meshkey <keys@example.org>`; needed where there is an `smtp_url`, as is `public_url`"
    );
    WEBHOOK_PRIVATE = open(
        "webhook_private",
        Fallback::Value("false"),
        "Whether webhooks may call addresses of this host and of private networks, and by `http://`: whoever manages an org says what is called"
    );
    OTLP_ENDPOINT = open(
        "otlp_endpoint",
        Fallback::Words("none"),
        "Address of a collector that takes spans by OTLP over HTTP, such as `http://127.0.0.1:4318`: each request is told there"
    );
    OTLP_RATIO = open(
        "otlp_ratio",
        Fallback::Value("1"),
        "How many of the traces that begin here are sent to the collector, from `0` for none to `1` for all"
    );
    WORKERS = open("workers", Fallback::Words("the number of cores"), "Threads that answer requests, 1 to 1024");
    KEY_PREFIX = open("key_prefix", Fallback::Value("mshk"), "First letters of every new key: 4 to 12 of `a-z` and `0-9`, a letter first");
    MAX_LIVE_KEYS = open("max_live_keys", Fallback::Value("100000"), "Most live keys in an org, 1 to 10000000");
    FAILED_AUTH_PER_MINUTE = open(
        "failed_auth_per_minute",
        Fallback::Value("60"),
        "How many requests a minute with a key that nobody holds are answered 401 for each address, and the rest 429, up to 1000000; with 0 all are answered 401"
    );
    STREAMS = open(
        "streams",
        Fallback::Value("20000"),
        "How many streams and sockets may be open in this process, up to 1000000; the rest is answered 429"
    );
    STREAMS_PER_KEY = open(
        "streams_per_key",
        Fallback::Value("100"),
        "How many of them with one key, up to 1000000"
    );
    SEND_TIMEOUT = open(
        "send_timeout",
        Fallback::Value("60s"),
        "After how long a client that takes nothing of what it is sent is given up, and its connection closed: `1s` to `10m`; on Linux"
    );
    SESSION_IDLE = open(
        "session_idle",
        Fallback::Value("12h"),
        "After how long without a request a person is signed out: `5m` to `90d`"
    );
    SESSION_LIFE = open(
        "session_life",
        Fallback::Value("7d"),
        "After how long at most a person signs in again: `5m` to `365d`"
    );
    BOOTSTRAP_ADMIN_EMAIL = open(
        "bootstrap_admin_email",
        Fallback::Words("none"),
        "Address of the person who owns the first org: `serve` makes both where the database is empty"
    );
    BOOTSTRAP_ADMIN_PASSWORD_FILE = open(
        "bootstrap_admin_password_file",
        Fallback::Words("none: `serve` prints a link to set it"),
        "File that holds the first password of that person"
    );
    BOOTSTRAP_FILE = open(
        "bootstrap_file",
        Fallback::Words("none: the org is called `main`"),
        "TOML file that says what `serve` makes where the database is empty: `org`, `name`, `mesh`, `topics`, `admin_email`, `admin_name`"
    );
    LOG = open("log", Fallback::Value("info"), "What to log, such as `info` or `info,meshkey::http=debug`")
        .or(Alias::Yields("RUST_LOG"));
    LOG_FORMAT = open("log_format", Fallback::Value("json"), "Form of the log: `json` or `text`");
}
