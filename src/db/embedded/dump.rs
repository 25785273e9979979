//! Saving the database and filling it again, by the programs that PostgreSQL has for this.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::account::Account;
use super::error::Error;
use super::find::{Binaries, Places};
use super::{home, launch, socket};

const DUMP: &str = "pg_dump";
pub(super) const RESTORE: &str = "pg_restore";
/// How much is passed on at once.
const PIECE: usize = 64 * 1024;
/// How much is kept of what a program says.
const SAID: usize = 4096;

/// The programs, and as whom they run.
pub struct Tools {
    dir: PathBuf,
    account: Account,
    launcher: PathBuf,
}

impl Tools {
    pub(super) fn new(binaries: &Binaries, account: Account, launcher: &Path) -> Self {
        Self { dir: binaries.dir().to_owned(), account, launcher: launcher.to_owned() }
    }

    /// Those that save the cluster of this data directory: of the version that made it.
    pub fn of(data_dir: &Path, bin: Option<&Path>, launcher: &Path) -> Result<Self, Error> {
        let cluster = data_dir.join("data");
        let binaries = Binaries::find(&Places::of_this_machine(bin), home::major_of(&cluster)?, &cluster)?;
        binaries.tool(DUMP)?;
        Ok(Self::new(&binaries, Account::for_cluster(&cluster)?, launcher))
    }

    /// Saves the database as this exported snapshot sees it, and hands it on piece by piece.
    pub async fn dump(
        &self,
        socket_dir: &Path,
        snapshot: &str,
        mut keep: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), Error> {
        let mut command = self.command(DUMP, socket_dir);
        command.args(["--format=custom", "--snapshot", snapshot]);
        let mut child = start(DUMP, command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (kept, said) = tokio::join!(hand_on(output, &mut keep), hear(errors));
        kept.and(end(DUMP, child, &said).await)
    }

    /// Fills the database, all or nothing, from what [`Tools::dump`] has handed on.
    pub async fn restore(&self, socket_dir: &Path, from: impl Read) -> Result<(), Error> {
        let mut command = self.command(RESTORE, socket_dir);
        command.args(["--exit-on-error", "--single-transaction"]);
        let mut child = start(RESTORE, command.stdin(Stdio::piped()).stdout(Stdio::null()))?;
        let (input, errors) = (child.stdin.take(), child.stderr.take());
        let (fed, said) = tokio::join!(feed(input, from), hear(errors));
        // Where it ended before it had heard all, what it said is the reason.
        end(RESTORE, child, &said).await?;
        fed
    }

    fn command(&self, tool: &'static str, socket_dir: &Path) -> Command {
        let program = self.dir.join(tool);
        let mut command: process::Command = launch::command(&self.launcher, self.account, Path::new("/"), &program);
        // Its session ends soon after it does, also while it waits for a lock.
        let database = format!("dbname={} options='-c client_connection_check_interval=1s'", socket::LOGIN);
        command.args(["--no-password", "--username", socket::SUPERUSER, "--dbname", &database]);
        command.args(["--port", &socket::PORT.to_string(), "--host"]).arg(socket_dir);
        Command::from(command)
    }
}

fn start(tool: &'static str, command: &mut Command) -> Result<Child, Error> {
    let child = command.stderr(Stdio::piped()).kill_on_drop(true).spawn();
    child.map_err(|cause| Error::Run { program: tool.into(), cause })
}

async fn hand_on(output: Option<ChildStdout>, keep: &mut impl FnMut(&[u8]) -> io::Result<()>) -> Result<(), Error> {
    let Some(mut output) = output else { return Ok(()) };
    let failed = |cause: io::Error| Error::ToolFailed { tool: DUMP, said: cause.to_string() };
    let mut piece = vec![0; PIECE];
    loop {
        let length = output.read(&mut piece).await.map_err(failed)?;
        if length == 0 {
            return Ok(());
        }
        keep(&piece[..length]).map_err(Error::Keep)?;
    }
}

async fn feed(input: Option<ChildStdin>, mut from: impl Read) -> Result<(), Error> {
    let Some(mut input) = input else { return Ok(()) };
    let failed = |cause: io::Error| Error::ToolFailed { tool: RESTORE, said: cause.to_string() };
    let mut piece = vec![0; PIECE];
    loop {
        let length = from.read(&mut piece).map_err(failed)?;
        if length == 0 {
            return input.shutdown().await.map_err(failed);
        }
        input.write_all(&piece[..length]).await.map_err(failed)?;
    }
}

/// What a program says, as long as it runs.
async fn hear(errors: Option<ChildStderr>) -> Vec<u8> {
    let mut said = Vec::new();
    if let Some(mut errors) = errors {
        let _ = errors.read_to_end(&mut said).await;
    }
    said
}

/// Waits for its end; what it said is the reason where it failed.
async fn end(tool: &'static str, mut child: Child, said: &[u8]) -> Result<(), Error> {
    let status = child.wait().await.map_err(|cause| Error::Run { program: tool.into(), cause })?;
    if status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&said[..said.len().min(SAID)]).trim().replace('\n', " / ");
    Err(Error::ToolFailed { tool, said: if said.is_empty() { status.to_string() } else { said } })
}
