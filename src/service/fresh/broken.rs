//! Why a connection of the beats or of the watch was given up.

use thiserror::Error;

use crate::db::{self, connect};

/// Why a connection was given up; another is made.
#[derive(Debug, Error)]
pub(super) enum Break {
    /// None came about.
    #[error(transparent)]
    Connect(#[from] connect::Error),
    /// A statement failed.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// An answer did not come in time.
    #[error("the database did not answer in time")]
    Late,
    /// The other side has ended it.
    #[error("the connection was closed")]
    Closed,
}
