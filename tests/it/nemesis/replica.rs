//! A server in a process of its own, at an address that it keeps when it is started again.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use nix::sys::signal::{Signal, kill};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::postgres::{DATABASE, free_port, last, pid};
use crate::{canary, tools::eventually};

/// The longest that a start may take, as long as nobody keeps it from starting.
const START: Duration = Duration::from_secs(20);
/// The longest that a command on the host may take.
const TELL: Duration = Duration::from_secs(10);

/// How the database is reached through a port, by somebody whom the database knows by that name.
pub fn url(port: u16, name: &str) -> String {
    format!("postgres://meshkey@127.0.0.1:{port}/{DATABASE}?application_name={name}")
}

/// The same where the primary is behind one of two ports, now the first and later perhaps the second.
pub fn url_of_two(first: u16, second: u16, name: &str) -> String {
    let hosts = format!("127.0.0.1:{first},127.0.0.1:{second}");
    format!("postgres://meshkey@{hosts}/{DATABASE}?application_name={name}&target_session_attrs=read-write")
}

/// The program, with nothing in its environment.
pub fn meshkey(arguments: &[&str], url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshkey"));
    command.args(arguments).args(["--database-url", url]).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a command on the host to its end; none, if that does not come soon.
pub async fn try_tell(arguments: &[&str], url: &str) -> Option<Output> {
    timeout(TELL, meshkey(arguments, url).output()).await.ok().map(Result::unwrap)
}

/// The same, where nothing is broken.
pub async fn tell(arguments: &[&str], url: &str) -> Output {
    let output = try_tell(arguments, url).await.expect("a command that ends");
    assert!(output.status.success(), "{output:?}");
    output
}

/// The server. It is killed when this is dropped.
pub struct Replica {
    pub name: String,
    pub base: String,
    url: String,
    listen: String,
    log: PathBuf,
    child: Option<Child>,
}

impl Replica {
    /// One that finds its database there. It is not started.
    pub fn new(name: &str, url: String, dir: &Path) -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        Self { name: name.to_owned(), base: format!("http://{listen}"), url, listen, log: dir.join(name), child: None }
    }

    /// Starts it; again, as whoever looks after it would, until it serves.
    pub async fn start(&mut self) {
        eventually("a start of the service", async || self.try_start().await).await;
    }

    async fn try_start(&mut self) -> Option<()> {
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let mut command = meshkey(&["serve", "--listen", &self.listen], &self.url);
        command.envs([("MESHKEY_POOL_SIZE", "8"), ("MESHKEY_WORKERS", "1"), ("MESHKEY_LOG", "warn")]);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let read = timeout(START, said.read_line(&mut line)).await;
        if !matches!(read, Ok(Ok(1..))) {
            return None;
        }
        assert_eq!(line.trim(), format!("meshkey ready on {}", self.base));
        // Whatever else it says must find somebody who reads.
        tokio::spawn(async move { said.read_to_string(&mut line).await });
        self.child = Some(child);
        Some(())
    }

    /// Kills it, and waits until it is gone.
    pub async fn kill(&mut self) {
        self.child.take().unwrap().kill().await.unwrap();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(pid(self.child.as_ref().unwrap()), signal).unwrap();
    }

    /// Panics if it has ended by itself, or has said what must not be said.
    pub fn ensure_well(&mut self) {
        let ended = self.child.as_mut().unwrap().try_wait().unwrap();
        assert!(ended.is_none(), "{} has ended: {ended:?}", self.name);
        canary::ensure_none("the log of a server", &self.said());
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("what {} said last:\n{}", self.name, last(&self.said(), 15));
        }
    }
}
