//! What an operator does on the host, as processes: each verb by its exit code, its stdout and its stderr.

mod backup;
mod config;
mod doctor;
mod doctor_server;
mod interrupted;
mod migrate;
mod replicas;
mod restore;

use std::{
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

const MESHKEY: &str = env!("CARGO_BIN_EXE_meshkey");

/// A directory that the account of the embedded database may pass through.
fn shelter() -> TempDir {
    tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o755)).tempdir().unwrap()
}

/// The program, with nothing in its environment.
fn meshkey(arguments: &[&str]) -> Command {
    let mut command = Command::new(MESHKEY);
    command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The same, on the embedded database in `dir`.
fn at(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = meshkey(arguments);
    command.arg("--data-dir").arg(dir);
    command
}

/// How it ended, and what it has said.
struct Done {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Done {
    fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    /// Panics, showing all, unless this is the exit code.
    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "out: {}\nerr: {}", self.out, self.err);
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("out: {}\nerr: {}", self.out, self.err))
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A server on an embedded database, killed if a test leaves it.
struct Served {
    child: Child,
    base: String,
}

impl Served {
    fn start(data_dir: &Path) -> Self {
        let mut serve = at(data_dir, &["serve", "--listen", "127.0.0.1:0"]);
        let mut child = serve.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("meshkey ready on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, base }
    }

    fn terminate(mut self) {
        signal(&self.child, nix::sys::signal::Signal::SIGTERM);
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, signal: nix::sys::signal::Signal) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, signal).unwrap();
}

/// Makes org `acme`, mesh `main`, topic `deploys` in `dir`, and gives the admin key.
fn init(data_dir: &Path) -> String {
    let init = ["init", "--org", "acme", "--mesh", "main", "--topic", "deploys", "--json"];
    Done::of(&mut at(data_dir, &init)).expect(0).json()["key"]["secret"].as_str().unwrap().to_owned()
}

/// The database of a server that runs in `dir`, as its superuser.
async fn superuser(data_dir: &Path) -> tokio_postgres::Client {
    let mut config = tokio_postgres::Config::new();
    config.host_path(data_dir.join("run")).user("postgres").dbname("meshkey");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// What lies in a directory, by name.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn file(dir: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}
