//! `meshkey healthcheck`: for whoever starts and stops the service, such as a container engine.

use clap::Args;

use super::{
    Failure, Outcome,
    probe::{Answer, Base},
};
use crate::config::{ServeFlags, Settings};

/// Ask a running service whether it can decide: exit code 0 or 1.
#[derive(Args)]
pub(super) struct Healthcheck {
    /// The service to ask; without it, the one that the settings say where it listens
    #[arg(long, value_name = "URL")]
    url: Option<Base>,
    #[command(flatten)]
    flags: ServeFlags,
}

impl Healthcheck {
    /// Asks. Never ends with another code than 0 or 1: engines keep the others for themselves.
    pub(super) async fn run(self) -> Result<Outcome, Failure> {
        let answer = match self.base() {
            Ok(base) => (base.ask("/readyz").await, base.to_string()),
            Err(why) => (Answer::Nobody(why), "the service".to_owned()),
        };
        match answer {
            (Answer::Good, _) => Ok(Outcome::Done),
            (Answer::Bad(why) | Answer::Nobody(why) | Answer::Stranger(why), place) => {
                eprintln!("not ready: {place}: {}", why.replace('\n', " "));
                Ok(Outcome::Unwell)
            }
        }
    }

    fn base(self) -> Result<Base, String> {
        if let Some(url) = self.url {
            return Ok(url);
        }
        let settings = Settings::load(&self.flags, std::env::vars_os()).map_err(|error| error.to_string())?;
        if settings.listen.port() == 0 {
            return Err("the settings leave the port to the system: name the service with --url".to_owned());
        }
        Base::of(settings.listen).ok_or_else(|| format!("no address: {}", settings.listen))
    }
}
