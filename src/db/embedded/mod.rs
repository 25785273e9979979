//! A PostgreSQL of our own, for those who give no `DATABASE_URL`.
//!
//! The rules of this room:
//! - It is a real server with the programs that the platform installed, it flushes to disk, and it listens on one Unix socket
//!   in a directory that nobody else can enter. Who can open that socket is trusted.
//! - It dies with us, also by `kill -9`: the kernel tells it, because the thread that started it ends only with the process.
//!   Where the kernel cannot, the next start stops what was left behind.
//! - Started as root it runs as `postgres` or `nobody`. The data directory itself stays ours, so that this account can plant
//!   nothing in the way of what root does there, and nothing is given away or opened that we did not make.
//!
//! What lies in the data directory: `LOCK` (who holds it), `data` (the cluster), `run` (the socket), `postgres.log`.

mod account;
mod aside;
mod dump;
mod error;
mod find;
mod home;
mod init;
mod install;
mod launch;
mod lock;
mod log;
mod orphan;
mod pid_file;
mod prepare;
mod server;
mod socket;
mod supervise;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use tokio_postgres::Config;

pub use aside::Aside;
pub use dump::Tools;
pub use error::Error;
pub use home::default_data_dir;
pub use launch::{LAUNCH_VERB, launch};

use find::{Binaries, Places, Version};
use home::Home;
use lock::Lock;
use server::Plan;
use socket::SocketDir;

/// How to run it.
#[derive(Clone)]
pub struct Settings {
    /// Where it keeps everything. Made if it is not there.
    pub data_dir: PathBuf,
    /// The binary that answers to [`LAUNCH_VERB`]: our own, `/proc/self/exe`.
    pub launcher: PathBuf,
    /// The directory of its programs; without one they are looked for.
    pub bin: Option<PathBuf>,
    /// Whether what is committed survives a power cut. Only tests may do without.
    pub durable: bool,
}

/// A running server, stopped when this is dropped.
pub struct Embedded {
    version: Version,
    socket: SocketDir,
    stop: Option<Sender<()>>,
    supervisor: Option<JoinHandle<()>>,
    lock: Lock,
}

impl Embedded {
    /// Starts the server, on its first time with a new cluster, and waits until its database can be used.
    ///
    /// Blocks, usually for some milliseconds, and for as long as a recovery after a crash takes.
    pub fn start(settings: Settings) -> Result<Self, Error> {
        let home = Home::open(&settings.data_dir)?;
        let lock = Lock::take(home.root())?;
        orphan::stop(&home.cluster())?;
        let binaries =
            Binaries::find(&Places::of_this_machine(settings.bin.as_deref()), home.major()?, &home.cluster())?;
        init::ensure_cluster(&home, &binaries, &settings)?;
        let mut server = Self::run(home, binaries, settings, lock)?;
        server.lock.announce(server.socket.path())?;
        Ok(server)
    }

    /// Runs the cluster that is there, and tells nobody.
    fn run(home: Home, binaries: Binaries, settings: Settings, lock: Lock) -> Result<Self, Error> {
        let socket = SocketDir::make(&home, lock.left_behind())?;
        let version = binaries.version.clone();
        let plan = Plan::new(home, binaries, &socket, settings);
        Self::supervised(plan, version, socket, lock)
    }

    fn supervised(plan: Plan, version: Version, socket: SocketDir, lock: Lock) -> Result<Self, Error> {
        let (stop, stopped) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let supervisor = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || supervise::run(&plan, &stopped, &tell))
            .map_err(Error::Thread)?;
        told.recv().map_err(|_| Error::NotReady)??;
        let server = Self { version, socket, stop: Some(stop), supervisor: Some(supervisor), lock };
        tracing::info!(version = server.version(), socket = %server.socket_dir().display(), "embedded postgresql is ready");
        Ok(server)
    }

    /// The version of the server, such as `15.18`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.version.as_str()
    }

    /// The directory that holds its socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        self.socket.path()
    }

    /// The cluster's superuser, in the database `postgres`.
    #[must_use]
    pub fn superuser(&self) -> Config {
        socket::superuser(self.socket.path())
    }

    /// The login `meshkey`, in the database of that name, which it owns.
    #[must_use]
    pub fn login(&self) -> Config {
        socket::login(self.socket.path())
    }

    /// Ends its connections and shuts it down. Waits, but not for ever.
    pub fn stop(self) {
        drop(self);
    }
}

impl Embedded {
    /// Stops the server, and keeps the directory.
    fn halt(&mut self) {
        drop(self.stop.take());
        if let Some(supervisor) = self.supervisor.take()
            && supervisor.join().is_err()
        {
            tracing::error!("the thread that watches postgresql has failed");
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.halt();
        self.lock.withdraw();
    }
}

/// The login of a server that another process keeps in this directory, if it answers.
#[must_use]
pub fn running(data_dir: &Path) -> Option<Config> {
    running_at(data_dir).map(|socket_dir| login_at(&socket_dir))
}

/// The directory of the socket of a server that another process keeps in this directory, if it answers.
#[must_use]
pub fn running_at(data_dir: &Path) -> Option<PathBuf> {
    lock::announced(data_dir).filter(|socket_dir| socket::answers(socket_dir))
}

/// The login `meshkey` at this socket, in the database of that name, which it owns.
#[must_use]
pub fn login_at(socket_dir: &Path) -> Config {
    socket::login(socket_dir)
}

/// The database `meshkey` at this socket, as the cluster's superuser, whom row-level security hides nothing from.
#[must_use]
pub fn superuser_at(socket_dir: &Path) -> Config {
    socket::superuser_in_ours(socket_dir)
}

/// Whether a server could be run in this directory, which is there: it is ours, closed to others, and the server's account
/// can reach it. Changes nothing.
pub fn ensure_fit(data_dir: &Path) -> Result<(), Error> {
    Home::open(data_dir).map(drop)
}

/// The major version that a new cluster would be of.
pub fn newest_major(bin: Option<&Path>) -> Result<u32, Error> {
    Ok(Binaries::find(&Places::of_this_machine(bin), None, Path::new("data"))?.major())
}

/// Whether this directory holds the programs of a server. Runs none of them.
pub fn ensure_programs(bin: &Path) -> Result<(), Error> {
    if find::are_in(bin) { Ok(()) } else { Err(Error::NotInThere(bin.to_owned())) }
}

/// Whether a cluster was made in this directory.
#[must_use]
pub fn is_there(data_dir: &Path) -> bool {
    data_dir.join("data").join("PG_VERSION").exists() || lock::announced(data_dir).is_some()
}
