//! The server: the house, served until it is told to stop.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    middleware::from_fn,
    web::{Data, ServiceConfig},
};
use tokio::task::JoinHandle;
use tracing::warn;

use super::{Error, Share, database, house};
use crate::{
    config::Settings,
    db::{embedded::Embedded, fresh::check},
    http,
    service::{House, uses::keep_writing},
};

/// A running server.
pub struct Server {
    address: SocketAddr,
    house: Arc<House>,
    handle: ServerHandle,
    serving: JoinHandle<io::Result<()>>,
    background: JoinHandle<()>,
    embedded: Option<Embedded>,
}

/// How long requests under way may take when the server stops.
const GRACE: u64 = 20;
/// How long a head may take to arrive.
const HEAD: Duration = Duration::from_secs(5);

/// Opens the house and serves it.
pub async fn start(settings: &Settings) -> Result<Server, Error> {
    start_with(settings, |_| {}).await
}

/// The same, with routes of one's own before ours. Their handlers take a [`http::Caller`], as ours do, and are guarded by it.
pub async fn start_with(settings: &Settings, own: fn(&mut ServiceConfig)) -> Result<Server, Error> {
    for warning in settings.warnings() {
        warn!("{warning}");
    }
    let listener = TcpListener::bind(settings.listen).map_err(|error| Error::Listen(settings.listen, error))?;
    let address = listener.local_addr().map_err(|error| Error::Listen(settings.listen, error))?;
    let database = database(settings, Share::Alone).await?;
    let house = Arc::new(house(settings, &database).await?);
    check::ensure_feed(&database.target).await?;
    house.fresh.begin();
    let server = serve(listener, Arc::clone(&house), settings.workers, own)?;
    let background = tokio::spawn(keep_writing(Arc::clone(&house)));
    let handle = server.handle();
    Ok(Server { address, house, handle, serving: tokio::spawn(server), background, embedded: database.embedded })
}

fn serve(
    listener: TcpListener,
    house: Arc<House>,
    workers: usize,
    own: fn(&mut ServiceConfig),
) -> Result<actix_web::dev::Server, Error> {
    let house = Data::from(house);
    let server = HttpServer::new(move || {
        let app = App::new().app_data(house.clone()).wrap(from_fn(http::trace::trace));
        app.configure(own).configure(http::routes::configure)
    });
    let server = server.workers(workers).client_request_timeout(HEAD).shutdown_timeout(GRACE).disable_signals();
    Ok(server.listen(listener).map_err(Error::Serve)?.run())
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it serves.
    #[must_use]
    pub const fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// Stops: takes no new request, finishes those under way, writes down what was noted, stops the database if it is ours.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        if let Ok(Err(error)) = self.serving.await {
            warn!(%error, "the server ended with an error");
        }
        self.house.fresh.stop().await;
        self.background.abort();
        if let Err(error) = self.house.uses.flush(&self.house.store).await {
            warn!(%error, "the last uses could not be written");
        }
        self.house.store.close();
        if let Some(embedded) = self.embedded {
            tokio::task::spawn_blocking(move || embedded.stop()).await.unwrap_or_default();
        }
    }
}
