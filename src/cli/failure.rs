//! Failures and their exit codes.

use thiserror::Error;

use super::show;
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
    /// The command line asks for what means nothing, or does not say what must be said.
    #[error("{0}")]
    Usage(String),
    /// There is no key to ask with.
    #[error("{0}")]
    NotSignedIn(String),
    /// The service said no.
    #[error("{words}")]
    Refused {
        /// Its exit code.
        code: u8,
        /// For people; or the problem as it came.
        words: String,
        /// Whether it is the problem as it came.
        is_json: bool,
    },
    /// The database or the service could not be asked.
    #[error("{0}")]
    Unavailable(String),
    /// Whoever read our stdout has had enough, as `head` has.
    #[error("stdout was closed")]
    Closed,
    /// A file that will not do.
    #[error("{0}")]
    Unfit(String),
    /// Somebody has interrupted it.
    #[error("interrupted; nothing was kept")]
    Interrupted,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// Says it on stderr.
    pub(super) fn tell(&self) {
        match self {
            Self::Refused { words, is_json: true, .. } => eprintln!("{}", words.trim_end()),
            Self::Closed => {}
            other => eprintln!("error: {other}"),
        }
    }

    /// With one more line for people.
    pub(super) fn saying(self, line: &str) -> Self {
        match self {
            Self::Refused { code, words, is_json: false } => {
                Self::Refused { code, words: format!("{words}\n  {line}"), is_json: false }
            }
            other => other,
        }
    }

    /// 1 other, 2 usage, 3 key not accepted, 4 not allowed, 5 not found, 6 conflict, 7 refused, 8 out of reach, 9 too many,
    /// 130 interrupted.
    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Refused { code, .. } => *code,
            Self::Closed => 0,
            Self::NotSignedIn(_) => 3,
            Self::Config(_) | Self::Usage(_) | Self::App(app::Error::Bootstrap(_)) => 2,
            Self::App(app::Error::Connect(error)) if error.is_of_the_address() => 2,
            Self::NotFound(_) | Self::App(app::Error::NothingThere(_)) => 5,
            Self::Conflict(_) => 6,
            Self::Unfit(_) => 7,
            Self::Unavailable(_) | Self::App(app::Error::Connect(_)) => 8,
            Self::Interrupted => 130,
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
            Refusal::AlreadySo(_, settled) => {
                Self::Conflict(format!("the org is suspended already ({})", show::settled(&settled)))
            }
            Refusal::Unconfirmed(why) => Self::Unavailable(format!(
                "it is done, but it could not be confirmed that it holds everywhere: {why}; run the same again"
            )),
            Refusal::Conflict(Conflict::NotSuspended) => Self::Conflict("the org is not suspended".to_owned()),
            Refusal::Store(error @ (db::Error::Unavailable(_) | db::Error::Contention)) => {
                Self::Unavailable(error.to_string())
            }
            other => Self::Other(other.to_string()),
        }
    }
}
