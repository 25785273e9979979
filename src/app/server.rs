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

use super::{
    Error, Share, bootstrap, database, descriptors, house, house::name, links::passkeys_origin, spans::witness,
};
use crate::{
    config::Settings,
    db::{embedded::Embedded, fresh::check},
    domain::{OneTimeCode, User},
    http::{self, metrics::Board, oauth::PublicUrl, trace::Witness},
    service::{
        House,
        live::{self, keep_pumping, keep_telling, keep_watching},
        mail::keep_sending,
        passkeys::Passkeys,
        uses::keep_writing,
        webhooks::keep_calling,
    },
    telemetry::spans::Spans,
};

/// A running server.
pub struct Server {
    address: SocketAddr,
    newcomer: Option<(User, OneTimeCode)>,
    house: Arc<House>,
    board: Data<Board>,
    door: Door,
    side_door: Option<(SocketAddr, Door)>,
    background: JoinHandle<()>,
    mail: JoinHandle<()>,
    webhooks: JoinHandle<()>,
    live: [JoinHandle<()>; 3],
    spans: Option<Arc<Spans>>,
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
    descriptors::take(settings.streams);
    let listen = |wanted| listen(wanted, settings.send_timeout).map_err(|error| Error::Listen(wanted, error));
    let (listener, address) = listen(settings.listen)?;
    let side_listener = settings.metrics_listen.map(listen).transpose()?;
    let spans =
        settings.otlp_endpoint.as_deref().map(|endpoint| Spans::open(endpoint, settings.otlp_ratio, &name(settings)));
    let spans = spans.transpose()?.map(Arc::new);
    let database = database(settings, Share::Alone).await?;
    let mut house = house(settings, &database).await?;
    // The port may be one that was free.
    house.passkeys = Passkeys::at(&passkeys_origin(settings, address));
    let house = Arc::new(house);
    check::ensure_feed(&database.target).await?;
    let newcomer = bootstrap::apply(settings, &house).await?;
    house.fresh.begin();
    let board = Data::new(Board::new(Arc::clone(&house)));
    let door = serve(listener, Arc::clone(&house), &board, settings, spans.as_ref().map(witness), own)?;
    let side_door = match side_listener {
        Some((listener, address)) => Some((address, serve_metrics(listener, board.clone())?)),
        None => None,
    };
    let background = tokio::spawn(keep_writing(Arc::clone(&house)));
    let mail = tokio::spawn(keep_sending(Arc::clone(&house)));
    let webhooks = tokio::spawn(keep_calling(Arc::clone(&house)));
    let live = [
        tokio::spawn(keep_pumping(Arc::clone(&house), database.target.clone())),
        tokio::spawn(keep_watching(Arc::clone(&house))),
        tokio::spawn(keep_telling(Arc::clone(&house))),
    ];
    let embedded = database.embedded;
    Ok(Server { address, newcomer, house, board, door, side_door, background, mail, webhooks, live, spans, embedded })
}

/// What serves on one address.
struct Door {
    handle: ServerHandle,
    serving: JoinHandle<io::Result<()>>,
}

impl Door {
    fn open(server: actix_web::dev::Server) -> Self {
        Self { handle: server.handle(), serving: tokio::spawn(server) }
    }

    async fn close(self, gracefully: bool) {
        self.handle.stop(gracefully).await;
        if let Ok(Err(error)) = self.serving.await {
            warn!(%error, "the server ended with an error");
        }
    }
}

fn listen(wanted: SocketAddr, patience: Duration) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(wanted)?;
    give_up_after(&listener, patience)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Has the system close every connection whose client has taken nothing of what it was sent for so long. Nobody else can: an answer is
/// not asked for more while there is no room for it, and so never sees that nobody takes it. What is accepted has it from the listener.
#[cfg(target_os = "linux")]
fn give_up_after(listener: &TcpListener, patience: Duration) -> io::Result<()> {
    socket2::SockRef::from(listener).set_tcp_user_timeout(Some(patience))
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
const fn give_up_after(_: &TcpListener, _: Duration) -> io::Result<()> {
    Ok(())
}

fn serve(
    listener: TcpListener,
    house: Arc<House>,
    board: &Data<Board>,
    settings: &Settings,
    witness: Option<Witness>,
    own: fn(&mut ServiceConfig),
) -> Result<Door, Error> {
    let (house, requests) = (Data::from(house), Data::from(Arc::clone(board.requests())));
    let url = settings.public_url.clone().map(PublicUrl::new).map(Data::new);
    let witness = witness.map(Data::new);
    let server = HttpServer::new(move || {
        let app = App::new().app_data(house.clone()).app_data(requests.clone());
        let app = url.iter().fold(app, |app, url| app.app_data(url.clone()));
        let app = witness.iter().fold(app, |app, witness| app.app_data(witness.clone()));
        app.wrap(from_fn(http::trace::trace)).configure(own).configure(http::routes::configure)
    });
    let server =
        server.workers(settings.workers).client_request_timeout(HEAD).shutdown_timeout(GRACE).disable_signals();
    Ok(Door::open(server.listen(listener).map_err(Error::Serve)?.run()))
}

/// One worker: who scrapes takes nothing from who asks.
fn serve_metrics(listener: TcpListener, board: Data<Board>) -> Result<Door, Error> {
    let server = HttpServer::new(move || App::new().app_data(board.clone()).configure(http::metrics::configure));
    let server = server.workers(1).client_request_timeout(HEAD).disable_signals();
    Ok(Door::open(server.listen(listener).map_err(Error::Serve)?.run()))
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who was made at the start and has no password yet, with the code to set one.
    #[must_use]
    pub const fn newcomer(&self) -> Option<&(User, OneTimeCode)> {
        self.newcomer.as_ref()
    }

    /// What it serves.
    #[must_use]
    pub const fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// Where it serves metrics, if it does.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.side_door.as_ref().map(|(address, _)| *address)
    }

    /// What it tells there.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Stops: takes no new request, finishes those under way, writes down what was noted, stops the database if it is ours.
    pub async fn stop(self) {
        // A stream would be waited for.
        self.house.live.stop();
        self.door.close(true).await;
        if let Some((_, door)) = self.side_door {
            door.close(false).await;
        }
        self.house.fresh.stop().await;
        if let Err(error) = self.house.uses.flush(&self.house.store).await {
            warn!(%error, "the last uses could not be written");
        }
        self.background.abort();
        self.mail.abort();
        self.webhooks.abort();
        self.live.iter().for_each(JoinHandle::abort);
        if let Err(error) = live::peers::leave(&self.house).await {
            warn!(%error, "that nobody is connected here any more could not be told; it shows within a minute");
        }
        self.house.store.close();
        if let Some(spans) = self.spans {
            spans.close().await;
        }
        if let Some(embedded) = self.embedded {
            tokio::task::spawn_blocking(move || embedded.stop()).await.unwrap_or_default();
        }
    }
}
