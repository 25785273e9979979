//! `meshkey serve`.

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use super::{Failure, config, notify::Manager, open::settings, show::line};
use crate::{
    app::{self, Origin, Server},
    config::{ServeFlags, Settings},
    service::{operator::Operator, setup},
};

/// Run the service.
#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    flags: ServeFlags,
    /// Check the settings and end, without opening anything
    #[arg(long)]
    check_config: bool,
}

impl Serve {
    /// Serves until it is told to stop.
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.check_config {
            return config::validate(&self.flags);
        }
        let settings = settings(&self.flags, false)?;
        info!(database = app::database_in_words(&settings), "starting; for production give DATABASE_URL");
        let stop = stopped()?;
        let server = app::start(&settings).await?;
        let manager = Manager::of_this_process();
        // In one piece: who waits for the first line may listen no longer.
        line(&format!("meshkey ready on http://{}\n{}", server.address(), promise(&settings)))?;
        say_how_to_get_in(&server, &settings).await;
        manager.is_ready(&format!("serving on http://{}", server.address()));
        stop.await;
        manager.is_stopping();
        info!("stopping: requests under way are finished first");
        server.stop().await;
        Ok(())
    }
}

/// What this process promises of revocations, for who starts it.
fn promise(settings: &Settings) -> String {
    let bound = settings.bound + settings.outage_grace;
    if settings.cache_keys == 0 {
        return "remembers nothing: the database is asked for every decision".to_owned();
    }
    format!(
        "a revocation holds everywhere when it answers, at most {bound:?} after it was made (a beat every {:?}); remembers \
         up to {} keys",
        settings.bound / 4,
        settings.cache_keys
    )
}

/// Says how somebody gets in where nobody can: a block of its own beside the log, in words for people.
async fn say_how_to_get_in(server: &Server, settings: &Settings) {
    let origin = Origin::of(settings, Some(server.address()));
    if let Some((user, code)) = server.newcomer() {
        let (email, link) = (&user.email, origin.reset(code));
        eprintln!(
            "\nThe first org is there. {email} owns it, and sets a password by this link, once, within 60 minutes:\n\n  \
             {}\n\n`meshkey admin reset-password {email}` prints another.\n",
            link.as_str()
        );
    }
    let code = setup::new_code(server.house(), &Operator::on_this_host()).await.unwrap_or_else(|error| {
        // It serves by now: that the database has just gone is no reason to end.
        warn!(%error, "whether this instance is set up could not be asked; if it is not, `meshkey setup-url` prints a link");
        None
    });
    if let Some(code) = code {
        let link = origin.setup(&code);
        eprintln!(
            "\nThis instance is not set up yet. Open this link in a browser to set it up, once, within 60 minutes:\n\n  \
             {}\n\n`meshkey setup-url`, on this host with the same --data-dir or DATABASE_URL, prints another; without a \
             browser: `meshkey init --org acme --mesh main --topic deploys --email you@example.com`.\n",
            link.as_str()
        );
    }
}

/// Comes when the process is told to stop. Listens from the moment of the call.
pub(super) fn stopped() -> Result<impl Future<Output = ()>, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::Other(format!("cannot listen for signals: {error}")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
