//! The program on its own PostgreSQL, which flushes to disk: both are there to be killed.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use meshkey::db::embedded;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::client::Client;

/// A directory that the account of the server can pass through.
pub fn shelter() -> TempDir {
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap()
}

/// A running program, killed when it is dropped.
pub struct Program {
    child: Child,
    base: String,
    data_dir: PathBuf,
}

impl Program {
    /// Serves from this directory, with this in its environment and nothing else.
    pub fn serve(data_dir: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = command(data_dir, &["serve", "--listen", "127.0.0.1:0"])
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("meshkey ready on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, base, data_dir: data_dir.to_owned() }
    }

    /// Runs a command on the host beside it; gives what it prints.
    pub fn tell(&self, arguments: &[&str]) -> Value {
        let output = command(&self.data_dir, arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Its client in org `acme`, with this key.
    pub fn client(&self, secret: &str) -> Client {
        Client::new(&self.base, "acme").with_key(secret)
    }

    /// Its database, as the superuser.
    pub async fn sql(&self) -> Option<tokio_postgres::Client> {
        let mut config = embedded::running(&self.data_dir)?;
        let (client, connection) = config.user("postgres").connect(NoTls).await.ok()?;
        tokio::spawn(connection);
        Some(client)
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn kill_postmaster(&self) {
        kill(self.postmaster(), Signal::SIGKILL).unwrap();
    }

    fn postmaster(&self) -> Pid {
        let text = fs::read_to_string(self.data_dir.join("data/postmaster.pid")).unwrap();
        Pid::from_raw(text.lines().next().unwrap().trim().parse().unwrap())
    }

    /// Sends a signal to every process of its PostgreSQL.
    pub fn send_postgres(&self, signal: Signal) {
        let postmaster = self.postmaster();
        let children = fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).unwrap();
        let children = children.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()));
        for pid in [postmaster].into_iter().chain(children) {
            let _ = kill(pid, signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshkey"));
    command.args(arguments).arg("--data-dir").arg(data_dir).env_clear().stdin(Stdio::null());
    command
}
