//! The composition root: from settings to a house, and from a house to a server.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    middleware::from_fn,
    web::{Data, ServiceConfig},
};
use thiserror::Error;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::{
    config::Settings,
    db::{
        self, Store,
        connect::{self, Target},
        embedded::{self, Embedded},
        fresh::{check, feed},
        migrate, roles,
        store::{APP, OPERATOR},
    },
    domain::{Prefix, fresh::Bound, secret::MalformedPrefix},
    http,
    service::{
        House,
        fresh::{Fresh, Wishes},
        turns::Turns,
        uses::{Uses, keep_writing},
    },
};

/// Why the house cannot be opened.
#[derive(Debug, Error)]
pub enum Error {
    /// The embedded database.
    #[error(transparent)]
    Embedded(#[from] embedded::Error),
    /// The way to the database.
    #[error(transparent)]
    Connect(#[from] connect::Error),
    /// The schema.
    #[error(transparent)]
    Migrate(#[from] migrate::Error),
    /// The roles.
    #[error(transparent)]
    Roles(#[from] roles::Error),
    /// The prefix of new keys.
    #[error(transparent)]
    Prefix(#[from] MalformedPrefix),
    /// The address to listen on.
    #[error("cannot listen on {0}: {1}; is another server there? --listen chooses another address")]
    Listen(SocketAddr, #[source] io::Error),
    /// The server's threads.
    #[error("cannot start the server: {0}")]
    Serve(#[source] io::Error),
    /// What remembering keys needs.
    #[error(transparent)]
    Fresh(#[from] check::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] db::Error),
    /// No installation where one must be.
    #[error("there is no installation in {}; --data-dir or DATABASE_URL names another, `meshkey init` makes one", .0.display())]
    NothingThere(PathBuf),
    /// Our own binary, as which the embedded database is started.
    #[error("cannot find this program's own binary: {0}")]
    OwnBinary(#[source] io::Error),
}

/// Where the database is.
pub struct Database {
    /// The login that serves.
    pub target: Target,
    /// The login that migrates.
    pub migrator: Target,
    /// The login that serves, where it may be another than that.
    pub service_login: Option<String>,
    /// The directory of its socket, if it is the embedded one.
    pub socket: Option<PathBuf>,
    /// Ours, if it is the embedded one and nobody else has started it.
    pub embedded: Option<Embedded>,
}

/// Whether another process may have the embedded database running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// It must be ours: what a server wants.
    Alone,
    /// Another process may have it: what a command on the host wants.
    WithServer,
    /// As well, and there must be one: a mistyped directory is no new installation.
    Existing,
}

/// The directory of the embedded database.
#[must_use]
pub fn data_dir(settings: &Settings) -> PathBuf {
    settings.data_dir.clone().unwrap_or_else(embedded::default_data_dir)
}

/// Which database the settings name, for people. Never says a password.
#[must_use]
pub fn database_in_words(settings: &Settings) -> String {
    match &settings.database_url {
        None => format!("the embedded PostgreSQL in {}", data_dir(settings).display()),
        Some(url) => Target::parse(url.reveal()).map_or_else(|_| "unreadable".to_owned(), |target| target.to_string()),
    }
}

/// Finds the database that the settings name, or starts the embedded one.
pub async fn database(settings: &Settings, share: Share) -> Result<Database, Error> {
    let Some(url) = &settings.database_url else { return embedded(settings, share).await };
    let target = Target::parse(url.reveal())?;
    let migrator = match &settings.migrate_database_url {
        Some(url) => Target::parse(url.reveal())?,
        None => target.clone(),
    };
    let service_login = target.login().map(str::to_owned);
    Ok(Database { target, migrator, service_login, socket: None, embedded: None })
}

async fn embedded(settings: &Settings, share: Share) -> Result<Database, Error> {
    let wanted = embedded_settings(settings)?;
    if share == Share::Existing && !embedded::is_there(&wanted.data_dir) {
        return Err(Error::NothingThere(wanted.data_dir));
    }
    let open = move || -> Result<_, embedded::Error> {
        if let (Share::WithServer | Share::Existing, Some(socket)) = (share, embedded::running_at(&wanted.data_dir)) {
            return Ok((socket, None));
        }
        let own = Embedded::start(wanted)?;
        Ok((own.socket_dir().to_owned(), Some(own)))
    };
    let opened = tokio::task::spawn_blocking(open).await;
    let (socket, embedded) = opened.map_err(|error| Error::Serve(io::Error::other(error)))??;
    Ok(Database { embedded, ..at_socket(socket) })
}

/// The embedded database at this socket, whoever has started it.
#[must_use]
pub fn at_socket(socket: PathBuf) -> Database {
    let target = Target::from(embedded::login_at(&socket));
    Database { migrator: target.clone(), target, service_login: None, socket: Some(socket), embedded: None }
}

/// How the embedded database is run.
pub fn embedded_settings(settings: &Settings) -> Result<embedded::Settings, Error> {
    let (data_dir, bin) = (data_dir(settings), settings.pg_bin.clone());
    Ok(embedded::Settings { data_dir, launcher: own_binary()?, bin, durable: true })
}

/// Whether the settings would do, as far as that can be told without opening anything.
pub fn check(settings: &Settings) -> Result<(), Error> {
    for url in [&settings.database_url, &settings.migrate_database_url].into_iter().flatten() {
        Target::parse(url.reveal())?;
    }
    if let (None, Some(bin)) = (&settings.database_url, &settings.pg_bin) {
        embedded::ensure_programs(bin)?;
    }
    settings.key_prefix.parse::<Prefix>()?;
    Ok(())
}

/// On Linux a path that leads to this very program even when its file was replaced.
fn own_binary() -> Result<PathBuf, Error> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { Ok(own) } else { std::env::current_exe().map_err(Error::OwnBinary) }
}

/// Brings the schema up to date.
pub async fn migrate(database: &Database) -> Result<migrate::Outcome, Error> {
    let mut migrator = database.migrator.connect().await?;
    let outcome = migrate::up(&mut migrator, database.service_login.as_deref()).await?;
    if !outcome.applied.is_empty() {
        info!(applied = ?outcome.applied, "the schema was brought up to date");
    }
    if !outcome.unknown.is_empty() {
        warn!(unknown = ?outcome.unknown, "the database has migrations of a newer version than this one");
    }
    Ok(outcome)
}

/// Brings the schema up to date, and refuses to work as a role that row-level security does not bind.
pub async fn house(settings: &Settings, database: &Database) -> Result<House, Error> {
    check::ensure_primary(&database.target.connect().await?).await?;
    migrate(database).await?;
    for role in [APP, OPERATOR] {
        let bound = database.target.as_role(role).connect().await?;
        roles::refuse_unbound(&bound, settings.allow_fsync_off).await?;
    }
    let house = house_as_it_is(settings, database)?;
    if house.store.operate(async |operator| feed::claim(operator).await).await? {
        info!("what another database system said of changes and replicas was forgotten");
    }
    Ok(house)
}

/// The house as it is: nothing is changed, and nothing asked.
pub fn house_as_it_is(settings: &Settings, database: &Database) -> Result<House, Error> {
    Ok(House {
        store: Store::new(&database.target, settings.pool_size)?,
        fresh: Fresh::new(&database.target, wishes(settings)),
        prefix: settings.key_prefix.parse()?,
        most_live_keys: i64::from(settings.max_live_keys),
        uses: Uses::default(),
        turns: Turns::of(settings.pool_size),
        walks: Turns::of(1),
    })
}

/// How a process with these settings remembers.
fn wishes(settings: &Settings) -> Wishes {
    let host = || nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let name = settings.replica_name.clone().or_else(host).unwrap_or_else(|| "unnamed".to_owned());
    Wishes { bound: Bound::new(settings.bound, settings.outage_grace), most_keys: settings.cache_keys, name }
}

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
