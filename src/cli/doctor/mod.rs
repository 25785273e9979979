//! `meshkey doctor`: everything that the service needs, looked at in turn, with what to do about what is wrong.
//!
//! It changes nothing: it does not bring the schema up to date, and makes no data directory. An embedded database that does
//! not run is started for as long as the look takes.

mod clock;
mod data_dir;
mod database;
mod finding;
mod freshness;
mod mail;
mod openid;
mod schema;
mod server;

use clap::Args;

use self::finding::{Finding, Report};
use super::{Failure, Outcome, config::in_words, open::stop, probe::Base};
use crate::{
    app::{self, Share},
    config::{ServeFlags, Settings},
};

/// Look at everything that the service needs, and say what to do about what is wrong.
#[derive(Args)]
pub(super) struct Doctor {
    /// The service to ask; without it, the one that the settings say where it listens
    #[arg(long, value_name = "URL")]
    url: Option<Base>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: ServeFlags,
}

impl Doctor {
    /// Looks. Exit code 1 if anything has failed; a warning is no failure.
    pub(super) async fn run(self) -> Result<Outcome, Failure> {
        let mut report = Report::default();
        self.look(&mut report).await;
        report.tell(self.json)?;
        Ok(if report.is_healthy() { Outcome::Done } else { Outcome::Unwell })
    }

    async fn look(&self, report: &mut Report) {
        let settings = match super::open::settings(&self.flags, true) {
            Ok(settings) => settings,
            Err(failure) => {
                let fix = "`meshkey config show` tells each setting and where it came from, docs/reference/settings.md what it may be";
                report.add(Finding::fail("config", failure.to_string()).fix(fix));
                return;
            }
        };
        config(&settings, report);
        if !report.is_healthy() {
            return;
        }
        if data_dir::look(&settings, report) {
            look_at_database(&settings, report).await;
        }
        mail::look(&settings, report).await;
        openid::look(&settings, report).await;
        server::look(&settings, self.url.as_ref(), report).await;
    }
}

fn config(settings: &Settings, report: &mut Report) {
    let fix = "`meshkey config show` tells where each setting came from";
    if let Err(error) = app::check(settings) {
        return report.add(Finding::fail("config", error.to_string()).fix(fix));
    }
    let warnings = settings.warnings();
    if warnings.is_empty() {
        report.add(Finding::ok("config", in_words(settings)));
    }
    for warning in warnings {
        report.add(Finding::warn("config", warning).fix(fix));
    }
}

async fn look_at_database(settings: &Settings, report: &mut Report) {
    match app::database(settings, Share::Existing).await {
        Ok(database) => {
            database::look(settings, &database, report).await;
            stop(database.embedded).await;
        }
        Err(error) => {
            let fix = "postgres.log in the data directory says more";
            report.add(Finding::fail("database", error.to_string()).fix(fix));
        }
    }
}
