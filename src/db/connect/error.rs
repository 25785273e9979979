//! Why a database cannot be reached.

use std::path::PathBuf;

use thiserror::Error;

/// A reason for having no connection. None of them tells a part of the address that could be a password.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Not an address.
    #[error(
        "the database address is not understood: it should look like postgres://user:password@host:5432/database, with \
         special characters in the password percent-encoded"
    )]
    Malformed,
    /// A value that its option cannot have.
    #[error("the database address has a value for {0} that it cannot have")]
    Value(&'static str),
    /// An option that we do not know. It is not named, for it could be a piece of a password.
    #[error(
        "option {nth} of the database address is unknown: leave it out, or check for characters that need encoding"
    )]
    UnknownOption {
        /// Which one, counted from 1.
        nth: usize,
    },
    /// An option that we know and cannot honour.
    #[error("the database address has {option}, which is not supported: {instead}")]
    Unsupported {
        /// Which one.
        option: &'static str,
        /// What to do in its place.
        instead: &'static str,
    },
    /// No host in it.
    #[error(
        "the database address names no host: write postgres://user@host/database, or give the directory of a socket as in \
         postgres:///database?host=/var/run/postgresql"
    )]
    NoHost,
    /// Half a client certificate.
    #[error("sslcert and sslkey in the database address go together: give both or none")]
    HalfIdentity,
    /// A file that the address names.
    #[error("cannot use {} as {option}: {cause}", path.display())]
    File {
        /// The option that names it.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The system has no certificate authorities.
    #[error(
        "this system has no certificate authorities: install the package ca-certificates, or name a file with sslrootcert"
    )]
    NoAuthorities,
    /// TLS could not be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The server, or the way to it, said no.
    #[error("cannot connect to the database {place}: {}{}", chain(cause), advice(cause))]
    Refused {
        /// Hosts, ports and database.
        place: String,
        /// Why not.
        cause: tokio_postgres::Error,
    },
    /// The pool was misconfigured.
    #[error("cannot make a pool of connections: {0}")]
    Pool(#[from] deadpool_postgres::BuildError),
}

impl Error {
    /// Whether the address itself, or a file that it names, is at fault: nothing was asked of any server.
    #[must_use]
    pub const fn is_of_the_address(&self) -> bool {
        !matches!(self, Self::Refused { .. } | Self::Pool(_))
    }
}

/// What to do about it, where that is not plain from the reason.
fn advice(cause: &tokio_postgres::Error) -> &'static str {
    if chain(cause).contains("UnknownIssuer") {
        return "; name the file of its certificate authority with sslrootcert";
    }
    ""
}

/// An error with all its causes: those of the database driver keep to themselves what the server said.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}
