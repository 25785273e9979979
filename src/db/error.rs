//! What can go wrong with the store, in the three ways that make a difference above.

use std::{error::Error as _, io};

use thiserror::Error;
use tokio_postgres::error::SqlState;

/// What can go wrong with the store.
#[derive(Debug, Error)]
pub enum Error {
    /// It cannot be asked, or cannot write, for now. Says nothing about any key (G-12, P-16).
    #[error("the database is out of reach: {0}")]
    Unavailable(String),
    /// Two transactions were in each other's way; the same one again will do.
    #[error("the database broke off a transaction that was in another's way")]
    Contention,
    /// A unique name is taken.
    #[error("taken: {0}")]
    Taken(String),
    /// A row that is referred to is not there.
    #[error("missing: {0}")]
    Missing(String),
    /// A row that no migration of ours can have written.
    #[error("the database holds a row that cannot be read: {0}")]
    Corrupt(String),
    /// Anything else: a mistake of ours.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] tokio_postgres::Error),
}

impl Error {
    /// The same, for another who waited for the same answer.
    #[must_use]
    pub fn said_again(&self) -> Self {
        match self {
            Self::Unavailable(why) => Self::Unavailable(why.clone()),
            Self::Contention => Self::Contention,
            Self::Taken(name) => Self::Taken(name.clone()),
            Self::Missing(name) => Self::Missing(name.clone()),
            Self::Corrupt(why) => Self::Corrupt(why.clone()),
            // Its cause cannot be copied.
            Self::Refused(error) => Self::Corrupt(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(told) = error.as_db_error() else {
            let is_lost = error.is_closed() || error.source().is_some_and(<dyn std::error::Error>::is::<io::Error>);
            return if is_lost { Self::Unavailable(error.to_string()) } else { Self::Refused(error) };
        };
        let name = || told.constraint().unwrap_or_default().to_owned();
        match *told.code() {
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Self::Contention,
            SqlState::UNIQUE_VIOLATION => Self::Taken(name()),
            SqlState::FOREIGN_KEY_VIOLATION => Self::Missing(name()),
            SqlState::READ_ONLY_SQL_TRANSACTION
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
            | SqlState::LOCK_NOT_AVAILABLE => Self::Unavailable(told.message().to_owned()),
            // What was prepared gives something else since a newer version has changed the schema: it is prepared anew.
            SqlState::FEATURE_NOT_SUPPORTED if told.message().starts_with("cached plan") => {
                Self::Unavailable(told.message().to_owned())
            }
            ref code if is_passing(code.code()) => Self::Unavailable(told.message().to_owned()),
            _ => Self::Refused(error),
        }
    }
}

/// Connection trouble, no resources, intervention by an operator, trouble of the system: all of them pass.
fn is_passing(code: &str) -> bool {
    ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class))
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => Self::Unavailable(error.to_string()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}
