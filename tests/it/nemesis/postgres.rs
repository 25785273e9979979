//! A PostgreSQL of a test's own, on TCP, that flushes to disk: to be crashed, started again, copied and promoted.

use std::{
    fs::{self, File},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering::Relaxed},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User, geteuid},
};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio_postgres::{Client, Config, NoTls};

use crate::tools::{eventually, one, shelter};

/// The database of the service.
pub const DATABASE: &str = "keys";
/// By what name a standby is known to its primary.
const STANDBY: &str = "standby";

const SETTINGS: [&str; 12] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=on",
    "synchronous_commit=on",
    "wal_level=replica",
    "hot_standby=on",
    "max_wal_senders=4",
    "max_connections=120",
    "shared_buffers=32MB",
    "max_wal_size=128MB",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
];

/// A free port below those that the system gives to connections: who connects to one of those where nobody listens may
/// reach itself.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let own = std::process::id().wrapping_mul(61) + u32::from(NEXT.fetch_add(1, Relaxed));
        let port = 20_000 + u16::try_from(own % 12_000).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A cluster. It is stopped and gone when this is dropped.
pub struct Postgres {
    pub port: u16,
    dir: TempDir,
    child: Option<Child>,
}

impl Postgres {
    /// A new one, with the login and the database of the service.
    pub async fn new() -> Self {
        let mut postgres = Self::at(shelter());
        let data = postgres.data();
        let how = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"];
        run(program("initdb").args(how).arg("-D").arg(data)).await;
        postgres.start().await;
        let db = postgres.sql("postgres").await.unwrap();
        db.batch_execute("CREATE ROLE meshkey LOGIN CREATEROLE").await.unwrap();
        db.batch_execute(&format!("CREATE DATABASE {DATABASE} OWNER meshkey")).await.unwrap();
        postgres
    }

    fn at(dir: TempDir) -> Self {
        if let Some(user) = lesser() {
            chown(dir.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        }
        Self { port: free_port(), dir, child: None }
    }

    /// A copy of it at this port that follows it through another, and without which it confirms nothing any more.
    pub async fn standby(&self, port: u16, through: u16) -> Self {
        let mut standby = Self::at(shelter());
        standby.port = port;
        let from = format!("host=127.0.0.1 port={through} user=postgres application_name={STANDBY}");
        let how = ["-R", "-X", "stream", "-c", "fast", "--no-sync"];
        run(program("pg_basebackup").args(how).args(["-d", &from]).arg("-D").arg(standby.data())).await;
        standby.start().await;
        let db = self.sql("postgres").await.unwrap();
        db.batch_execute(&format!("ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")).await.unwrap();
        db.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        let state = "SELECT coalesce((SELECT max(sync_state) FROM pg_stat_replication), 'none')";
        eventually("a synchronous standby", async || (one(&db, state).await == "sync").then_some(())).await;
        standby
    }

    /// Starts it, and waits until it can be asked. What an earlier run has left may have to end first.
    pub async fn start(&mut self) {
        eventually("a start of PostgreSQL", async || {
            if self.has_ended() {
                self.child = Some(self.command().spawn().unwrap());
            }
            self.sql("postgres").await.map(|_| ())
        })
        .await;
    }

    fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some())
    }

    fn command(&self) -> Command {
        let mut command = program("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.stderr(File::options().create(true).append(true).open(self.dir.path().join("log")).unwrap());
        command
    }

    /// Ends it: by `SIGQUIT` as `pg_ctl stop -m immediate` does, or harder.
    pub async fn crash(&mut self, signal: Signal) {
        let mut child = self.child.take().unwrap();
        kill(pid(&child), signal).unwrap();
        child.wait().await.unwrap();
    }

    /// Makes a primary of a standby.
    pub async fn promote(&self) {
        let db = self.sql("postgres").await.unwrap();
        db.batch_execute("SELECT pg_promote()").await.unwrap();
        let is_primary = "SELECT NOT pg_is_in_recovery()";
        eventually("a promotion", async || (one(&db, is_primary).await == "t").then_some(())).await;
    }

    /// A connection as the superuser, if there can be one.
    pub async fn sql(&self, database: &str) -> Option<Client> {
        superuser(self.port, database).await
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(child) = self.child.take().filter(|child| child.id().is_some()) {
            let _ = kill(pid(&child), Signal::SIGQUIT);
            let _ = nix::sys::wait::waitpid(pid(&child), None);
        }
        if std::thread::panicking() {
            let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            println!("what PostgreSQL on port {} said last:\n{}", self.port, last(&log, 30));
        }
    }
}

/// A connection as the superuser, if there can be one.
pub async fn superuser(port: u16, database: &str) -> Option<Client> {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user("postgres").dbname(database);
    let (client, connection) = config.connect(NoTls).await.ok()?;
    tokio::spawn(connection);
    Some(client)
}

/// The last lines of a text.
pub fn last(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// The number of a process that has not been waited for.
pub fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().expect("a process that runs").try_into().unwrap())
}

/// As whom PostgreSQL runs, where we are root.
pub fn lesser() -> Option<User> {
    geteuid().is_root().then(|| User::from_name("postgres").unwrap().expect("an account for PostgreSQL"))
}

/// A program of PostgreSQL, which ends with us and has no rights of ours.
fn program(name: &str) -> Command {
    launched(&programs().join(name))
}

/// Any program in that way.
pub fn launched(program: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshkey"));
    command.arg(meshkey::db::embedded::LAUNCH_VERB).args(["--parent", &std::process::id().to_string()]);
    if let Some(user) = lesser() {
        command.args(["--uid", &user.uid.to_string(), "--gid", &user.gid.to_string()]);
    }
    command.arg("--").arg(program).env_clear().envs([("LC_ALL", "C"), ("PATH", "/usr/bin:/bin")]);
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

async fn run(command: &mut Command) {
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Where the programs of the newest PostgreSQL are that can be a primary.
fn programs() -> PathBuf {
    let shelves = ["/usr/lib/postgresql", "/usr", "/opt/homebrew/opt", "/usr/local/opt"];
    let below = shelves.into_iter().flat_map(fs::read_dir).flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = std::env::var_os("MESHKEY_PG_BIN").map(PathBuf::from);
    let all = below.chain(std::env::split_paths(&path));
    let has_all = |dir: &PathBuf| ["postgres", "initdb", "pg_basebackup"].iter().all(|name| dir.join(name).is_file());
    named.or_else(|| all.filter(has_all).max()).expect("the programs of a PostgreSQL server")
}
