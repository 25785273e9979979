//! The way to a database: what its address says, and how a connection is made from it.
//!
//! `sslmode`, against libpq's: `disable` is the same. `allow` and `prefer` (the default) encrypt if the server can, and ask
//! for no proof of who it is. `require`, `verify-ca` and `verify-full` always check the certificate, against `sslrootcert`
//! if that is given and the system's authorities if not; `verify-ca` alone leaves the host's name out of it. So `require`
//! is stricter here: without a check, it would keep out nobody who can stand in the middle. A socket has no TLS.
//!
//! A password leaves a [`Target`] only towards the server: it has no `Debug`, and no error tells a part of an address.

mod address;
mod drive;
mod error;
mod tls;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;

use drive::Driver;
pub use error::{Error, chain};

/// How long a connection may take to come about, and a request may wait for one.
const PATIENCE: Duration = Duration::from_secs(5);
/// A peer that is gone without a word is noticed after 30 s + 3 · 10 s.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;
/// What [`Config`] has where the address says nothing.
const UNSET_IDLE: Duration = Duration::from_hours(2);

/// A database that can be connected to, and as whom.
#[derive(Clone)]
pub struct Target {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Target {
    /// Reads an address: a URL as the cloud providers give it, or `host=… dbname=…`.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let (config, tls) = address::parse(url)?;
        Ok(Self { config: with_defaults(config), tls })
    }

    /// The same database, where every statement runs with the rights of this role. `RESET ROLE` comes back to it.
    #[must_use]
    pub fn as_role(&self, role: &str) -> Self {
        self.with_options(&format!("-c role={role}"))
    }

    /// The same database, where every session begins with these options.
    #[must_use]
    pub fn with_options(&self, options: &str) -> Self {
        let mut target = self.clone();
        let given = target.config.get_options().map(|given| format!("{given} ")).unwrap_or_default();
        target.config.options(format!("{given}{options}"));
        target
    }

    /// Whom it logs in as, if the address says so.
    #[must_use]
    pub fn login(&self) -> Option<&str> {
        self.config.get_user()
    }

    /// One connection, kept going by a task of its own until the client is dropped.
    pub async fn connect(&self) -> Result<Client, Error> {
        let refused = |cause| Error::Refused { place: self.to_string(), cause };
        match self.tls.clone() {
            None => self.config.connect(NoTls).await.map(drive::drive),
            Some(tls) => self.config.connect(tls).await.map(drive::drive),
        }
        .map_err(refused)
    }

    /// One connection, and what is announced to it by `NOTIFY`.
    pub async fn connect_hearing(&self) -> Result<(Client, UnboundedReceiver<Notification>), Error> {
        let refused = |cause| Error::Refused { place: self.to_string(), cause };
        match self.tls.clone() {
            None => self.config.connect(NoTls).await.map(drive::hear),
            Some(tls) => self.config.connect(tls).await.map(drive::hear),
        }
        .map_err(refused)
    }

    /// Whether every way to it ends on this host: a socket, or a loopback address.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let is_loopback = |address: IpAddr| address.is_loopback();
        let is_here = |host: &Host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(is_loopback),
        };
        self.config.get_hosts().iter().all(is_here) && self.config.get_hostaddrs().iter().copied().all(is_loopback)
    }

    /// Whether a server that cannot prove who it is would be refused.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Require
    }

    /// A pool of at most this many connections. They are made when they are needed.
    pub fn pool(&self, size: usize) -> Result<Pool, Error> {
        let config = self.config.clone();
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match self.tls.clone() {
            None => Manager::from_connect(config, Driver(NoTls), fast),
            Some(tls) => Manager::from_connect(config, Driver(tls), fast),
        };
        let pool = Pool::builder(manager).max_size(size).runtime(Runtime::Tokio1);
        Ok(pool.wait_timeout(Some(PATIENCE)).build()?)
    }
}

/// For an embedded server, or another one at a socket: a connection to a host is made without TLS.
impl From<Config> for Target {
    fn from(config: Config) -> Self {
        Self { config: with_defaults(config), tls: None }
    }
}

/// Where it is, for people: hosts, ports and the database, without user and password.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports = self.config.get_ports();
        for (nth, host) in self.config.get_hosts().iter().enumerate() {
            let port = ports.get(nth).or(ports.first()).copied().unwrap_or(5432);
            let comma = if nth == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}:{port}")?,
                Host::Unix(dir) => write!(f, "{comma}{}", dir.display())?,
            }
        }
        match self.config.get_dbname() {
            Some(name) => write!(f, "/{name}"),
            None => Ok(()),
        }
    }
}

/// Adds what the address leaves open, and has the server warn of what [`drive`] has to know.
fn with_defaults(mut config: Config) -> Config {
    let given = config.get_options().map(|given| format!("{given} ")).unwrap_or_default();
    config.options(format!("{given}-c client_min_messages=warning"));
    if config.get_application_name().is_none() {
        config.application_name("meshkey");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    if config.get_keepalives_idle() == UNSET_IDLE {
        config.keepalives_idle(KEEPALIVE_IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(KEEPALIVE_RETRIES);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    #[test]
    fn a_role_comes_after_the_options_that_are_there() {
        let role = |url| target(url).as_role("meshkey_app").config.get_options().map(str::to_owned);
        assert_eq!(role("postgres://h/d").as_deref(), Some("-c client_min_messages=warning -c role=meshkey_app"));
        assert_eq!(
            role("postgres://h/d?options=-c%20statement_timeout%3D5s").as_deref(),
            Some("-c statement_timeout=5s -c client_min_messages=warning -c role=meshkey_app")
        );
    }

    #[test]
    fn what_the_address_says_is_not_overruled() {
        let plain = target("postgres://h/d").config;
        assert_eq!(plain.get_application_name(), Some("meshkey"));
        assert_eq!(plain.get_connect_timeout(), Some(&PATIENCE));
        assert_eq!(plain.get_keepalives_idle(), KEEPALIVE_IDLE);
        let said = target("postgres://h/d?application_name=mine&connect_timeout=9&keepalives_idle=7").config;
        assert_eq!(said.get_application_name(), Some("mine"));
        assert_eq!(said.get_connect_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!(said.get_keepalives_idle(), Duration::from_secs(7));
    }

    #[test]
    fn a_database_is_local_where_nothing_leaves_the_host() {
        for local in ["postgres://127.0.0.1/d", "postgres://[::1]/d", "postgres://localhost/d", "host=/run/pg dbname=d"]
        {
            assert!(target(local).is_local(), "{local}");
        }
        for remote in ["postgres://db.example/d", "postgres://10.0.0.1/d", "postgres://localhost,db.example/d"] {
            assert!(!target(remote).is_local(), "{remote}");
        }
    }

    #[test]
    fn a_target_is_told_without_user_and_password() {
        let table = [
            ("postgres://u:secret@db.example.com/keys", "db.example.com:5432/keys"),
            ("postgres://u:secret@a:1,b:2/keys", "a:1,b:2/keys"),
            ("host=/run/pg user=u password=secret dbname=keys", "/run/pg/keys"),
        ];
        for (url, told) in table {
            assert_eq!(target(url).to_string(), told);
        }
    }

    #[tokio::test]
    async fn a_refusal_says_where_and_why_but_not_the_password() {
        let target = target("postgres://u:secret@127.0.0.1:1/keys");
        let Err(error) = target.connect().await else {
            panic!("somebody listens on port 1");
        };
        let told = error.to_string();
        assert!(told.contains("127.0.0.1:1/keys") && told.contains("refused"), "{told}");
        assert!(!told.contains("secret") && !format!("{error:?}").contains("secret"), "{told}");
    }
}
