//! Failures and their exit codes.

use thiserror::Error;

use crate::{
    app,
    config::ConfigError,
    db,
    service::{Conflict, Refusal},
    telemetry,
};

/// Why a command failed, in words that say what to do.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// A setting.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The log.
    #[error(transparent)]
    Telemetry(#[from] telemetry::TelemetryError),
    /// The house cannot be opened.
    #[error(transparent)]
    App(#[from] app::Error),
    /// It is there already.
    #[error("{0}")]
    Conflict(String),
    /// It is not there.
    #[error("{0}")]
    NotFound(String),
    /// The database could not be asked.
    #[error("{0}")]
    Unavailable(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// 1 other, 2 usage, 5 not found, 6 conflict, 8 out of reach.
    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Config(_) => 2,
            Self::NotFound(_) | Self::App(app::Error::NothingThere(_)) => 5,
            Self::Conflict(_) => 6,
            Self::Unavailable(_) | Self::App(app::Error::Connect(_)) => 8,
            Self::App(_) | Self::Telemetry(_) | Self::Other(_) => 1,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Conflict(Conflict::AlreadyExists) => Self::Conflict(
                "an org of this name exists already; `meshkey org list` shows those there are".to_owned(),
            ),
            Refusal::Conflict(Conflict::AlreadySuspended) => Self::Conflict("the org is suspended already".to_owned()),
            Refusal::Conflict(Conflict::NotSuspended) => Self::Conflict("the org is not suspended".to_owned()),
            Refusal::Store(error @ (db::Error::Unavailable(_) | db::Error::Contention)) => {
                Self::Unavailable(error.to_string())
            }
            other => Self::Other(other.to_string()),
        }
    }
}
