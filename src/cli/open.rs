//! Opening the house for a command on the host: over the socket of a running server, or by starting the database for as
//! long as the command takes.

use crate::{
    app::{self, Origin, Share},
    config::{self, LogFormat, ServeFlags, Settings},
    db::embedded::Embedded,
    service::House,
    telemetry,
};

use super::Failure;

/// A house, opened for a command.
pub(super) struct Opened {
    pub(super) house: House,
    /// Where people reach the service.
    pub(super) origin: Origin,
    embedded: Option<Embedded>,
}

/// Reads the settings and starts the log. A command's log is quiet unless something was asked for.
pub(super) fn settings(flags: &ServeFlags, quiet: bool) -> Result<Settings, Failure> {
    let settings = Settings::load(flags, std::env::vars_os())?;
    let is_default = settings.origin(&config::table::LOG) == &config::Origin::Default;
    let filter = if quiet && is_default { "error" } else { &settings.log };
    telemetry::init(filter, settings.log_format == LogFormat::Json)?;
    Ok(settings)
}

/// Reads the settings of a command, and says to people which database it is: another directory is another installation.
pub(super) fn named(flags: impl Into<ServeFlags>, for_people: bool) -> Result<Settings, Failure> {
    let settings = settings(&flags.into(), true)?;
    if for_people {
        eprintln!("database: {}", app::database_in_words(&settings));
    }
    Ok(settings)
}

/// Opens the house that the flags name.
pub(super) async fn open(flags: impl Into<ServeFlags>, share: Share, for_people: bool) -> Result<Opened, Failure> {
    let settings = named(flags, for_people)?;
    let database = app::database(&settings, share).await?;
    let house = app::house(&settings, &database).await?;
    Ok(Opened { house, origin: Origin::of(&settings, None), embedded: database.embedded })
}

/// Stops the database, if it was started for this command.
pub(super) async fn stop(embedded: Option<Embedded>) {
    if let Some(embedded) = embedded {
        tokio::task::spawn_blocking(move || embedded.stop()).await.unwrap_or_default();
    }
}

impl Opened {
    /// Closes it, and stops the database if it was started for this.
    pub(super) async fn close(self) {
        self.house.store.close();
        stop(self.embedded).await;
    }
}
