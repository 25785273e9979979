//! One run of `postgres`: started, ready, ended.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::error::Error;
use super::find::Binaries;
use super::home::Home;
use super::log::Log;
use super::orphan::{GLANCE, STOPPING};
use super::pid_file::PidFile;
use super::socket::{PORT, SocketDir};
use super::{Settings, launch};

/// The longest that a recovery may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Of every server. No statement goes to its log, and no value: they could hold what must not be read there.
const ALWAYS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "shared_buffers=64MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=128MB",
    "min_wal_size=8MB",
    "logging_collector=off",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
];
const DURABLE: &[&str] = &["max_connections=100", "fsync=on", "full_page_writes=on"];
const FOR_TESTS: &[&str] = &["max_connections=300", "fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// Everything a start needs, for the first one and those after a crash.
pub(super) struct Plan {
    home: Home,
    binaries: Binaries,
    socket_dir: PathBuf,
    settings: Settings,
}

impl Plan {
    /// Puts together what a start needs.
    pub(super) fn new(home: Home, binaries: Binaries, socket: &SocketDir, settings: Settings) -> Self {
        Self { home, binaries, socket_dir: socket.path().to_owned(), settings }
    }

    /// Where its data is.
    pub(super) fn cluster(&self) -> PathBuf {
        self.home.cluster()
    }

    /// Where the server will listen.
    pub(super) fn socket_dir(&self) -> &PathBuf {
        &self.socket_dir
    }

    /// Starts it. The thread that calls this must live as long as the server: when it ends, the kernel stops the server.
    pub(super) fn spawn(&self) -> Result<Server, Error> {
        let (log, file) = Log::open(self.home.root())?;
        let child = self.command().stdout(Stdio::null()).stderr(file).spawn();
        let program = || self.settings.launcher.clone().into_os_string();
        let child = child.map_err(|cause| Error::Run { program: program(), cause })?;
        Ok(Server { child, log, cluster: self.home.cluster() })
    }

    fn command(&self) -> Command {
        let program = self.binaries.program("postgres");
        let mut command = launch::command(&self.settings.launcher, self.home.account(), self.home.root(), &program);
        command.arg("-D").arg(self.home.cluster()).arg("-k").arg(&self.socket_dir);
        command.args(["-p", &PORT.to_string()]);
        let durability = if self.settings.durable { DURABLE } else { FOR_TESTS };
        for setting in ALWAYS.iter().chain(durability) {
            command.args(["-c", setting]);
        }
        command
    }
}

/// A server that was started, stopped when this is dropped.
pub(super) struct Server {
    child: Child,
    log: Log,
    cluster: PathBuf,
}

impl Server {
    /// Waits until it accepts connections.
    pub(super) fn wait_ready(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_ready() {
            if let Some(status) = self.ended() {
                return Err(Error::Ended(self.last_words(status)));
            }
            if Instant::now() > deadline {
                return Err(Error::NotReady);
            }
            thread::sleep(GLANCE);
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        PidFile::read(&self.cluster).is_some_and(|file| file.is_ready && file.pid == self.pid().as_raw())
    }

    /// How it ended. `None` while it runs.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it said before it ended so.
    pub(super) fn last_words(&self, status: ExitStatus) -> String {
        let said = self.log.tail();
        if said.is_empty() { status.to_string() } else { said }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    fn ends_within(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.ended().is_none() {
            if Instant::now() > deadline {
                return false;
            }
            thread::sleep(GLANCE);
        }
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for (signal, patience) in STOPPING {
            if self.ended().is_some() {
                return;
            }
            let _ = kill(self.pid(), signal);
            if self.ends_within(patience) {
                return;
            }
            tracing::warn!(%signal, "postgres does not end");
        }
    }
}
