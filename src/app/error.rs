//! Why the house cannot be opened.

use std::{io, net::SocketAddr, path::PathBuf};

use thiserror::Error;

use crate::{
    db::{self, connect, embedded, fresh::check, migrate, roles},
    domain::{address::MalformedNetwork, secret::MalformedPrefix},
    service::Refusal,
    service::mail::MalformedMail,
    service::openid::MalformedProvider,
    telemetry::spans,
};

/// Why the house cannot be opened.
#[derive(Debug, Error)]
pub enum Error {
    /// The embedded database.
    #[error(transparent)]
    Embedded(#[from] embedded::Error),
    /// The way to the database.
    #[error(transparent)]
    Connect(#[from] connect::Error),
    /// The schema.
    #[error(transparent)]
    Migrate(#[from] migrate::Error),
    /// The roles.
    #[error(transparent)]
    Roles(#[from] roles::Error),
    /// The prefix of new keys.
    #[error(transparent)]
    Prefix(#[from] MalformedPrefix),
    /// The proxies that are trusted.
    #[error(transparent)]
    Proxies(#[from] MalformedNetwork),
    /// The way that mail goes.
    #[error(transparent)]
    Mail(#[from] MalformedMail),
    /// The address to listen on.
    #[error("cannot listen on {0}: {1}; is another server there? --listen chooses another address")]
    Listen(SocketAddr, #[source] io::Error),
    /// By whom people may sign in besides.
    #[error(transparent)]
    Provider(#[from] MalformedProvider),
    /// What sends spans.
    #[error(transparent)]
    Spans(#[from] spans::Error),
    /// The server's threads.
    #[error("cannot start the server: {0}")]
    Serve(#[source] io::Error),
    /// What remembering keys needs.
    #[error(transparent)]
    Fresh(#[from] check::Error),
    /// What the settings say of the first org and its owner.
    #[error("{0}")]
    Bootstrap(String),
    /// The first org could not be made.
    #[error("the first org could not be made: {0}")]
    Refused(#[from] Refusal),
    /// The database.
    #[error(transparent)]
    Store(#[from] db::Error),
    /// No installation where one must be.
    #[error("there is no installation in {}; --data-dir or DATABASE_URL names another, `meshkey init` makes one", .0.display())]
    NothingThere(PathBuf),
    /// Our own binary, as which the embedded database is started.
    #[error("cannot find this program's own binary: {0}")]
    OwnBinary(#[source] io::Error),
}
