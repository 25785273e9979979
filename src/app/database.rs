//! The database that the settings name.

use std::{io, path::PathBuf};

use super::Error;
use crate::{
    config::Settings,
    db::{
        connect::Target,
        embedded::{self, Embedded},
    },
    domain::Prefix,
};

/// Where the database is.
pub struct Database {
    /// The login that serves.
    pub target: Target,
    /// The login that migrates.
    pub migrator: Target,
    /// The login that serves, where it may be another than that.
    pub service_login: Option<String>,
    /// The directory of its socket, if it is the embedded one.
    pub socket: Option<PathBuf>,
    /// Ours, if it is the embedded one and nobody else has started it.
    pub embedded: Option<Embedded>,
}

/// Whether another process may have the embedded database running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// It must be ours: what a server wants.
    Alone,
    /// Another process may have it: what a command on the host wants.
    WithServer,
    /// As well, and there must be one: a mistyped directory is no new installation.
    Existing,
}

/// The directory of the embedded database.
#[must_use]
pub fn data_dir(settings: &Settings) -> PathBuf {
    settings.data_dir.clone().unwrap_or_else(embedded::default_data_dir)
}

/// Which database the settings name, for people. Never says a password.
#[must_use]
pub fn database_in_words(settings: &Settings) -> String {
    match &settings.database_url {
        None => format!("the embedded PostgreSQL in {}", data_dir(settings).display()),
        Some(url) => Target::parse(url.reveal()).map_or_else(|_| "unreadable".to_owned(), |target| target.to_string()),
    }
}

/// Finds the database that the settings name, or starts the embedded one.
pub async fn database(settings: &Settings, share: Share) -> Result<Database, Error> {
    let Some(url) = &settings.database_url else { return embedded(settings, share).await };
    let target = Target::parse(url.reveal())?;
    let migrator = match &settings.migrate_database_url {
        Some(url) => Target::parse(url.reveal())?,
        None => target.clone(),
    };
    let service_login = target.login().map(str::to_owned);
    Ok(Database { target, migrator, service_login, socket: None, embedded: None })
}

async fn embedded(settings: &Settings, share: Share) -> Result<Database, Error> {
    let wanted = embedded_settings(settings)?;
    if share == Share::Existing && !embedded::is_there(&wanted.data_dir) {
        return Err(Error::NothingThere(wanted.data_dir));
    }
    let open = move || -> Result<_, embedded::Error> {
        if let (Share::WithServer | Share::Existing, Some(socket)) = (share, embedded::running_at(&wanted.data_dir)) {
            return Ok((socket, None));
        }
        let own = Embedded::start(wanted)?;
        Ok((own.socket_dir().to_owned(), Some(own)))
    };
    let opened = tokio::task::spawn_blocking(open).await;
    let (socket, embedded) = opened.map_err(|error| Error::Serve(io::Error::other(error)))??;
    Ok(Database { embedded, ..at_socket(socket) })
}

/// The embedded database at this socket, whoever has started it.
#[must_use]
pub fn at_socket(socket: PathBuf) -> Database {
    let target = Target::from(embedded::login_at(&socket));
    Database { migrator: target.clone(), target, service_login: None, socket: Some(socket), embedded: None }
}

/// How the embedded database is run.
pub fn embedded_settings(settings: &Settings) -> Result<embedded::Settings, Error> {
    let (data_dir, bin) = (data_dir(settings), settings.pg_bin.clone());
    Ok(embedded::Settings { data_dir, launcher: own_binary()?, bin, durable: true })
}

/// Whether the settings would do, as far as that can be told without opening anything.
pub fn check(settings: &Settings) -> Result<(), Error> {
    for url in [&settings.database_url, &settings.migrate_database_url].into_iter().flatten() {
        Target::parse(url.reveal())?;
    }
    if let (None, Some(bin)) = (&settings.database_url, &settings.pg_bin) {
        embedded::ensure_programs(bin)?;
    }
    settings.key_prefix.parse::<Prefix>()?;
    Ok(())
}

/// On Linux a path that leads to this very program even when its file was replaced.
fn own_binary() -> Result<PathBuf, Error> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { Ok(own) } else { std::env::current_exe().map_err(Error::OwnBinary) }
}
