//! The first start: a new cluster, whole or not at all.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use super::Settings;
use super::error::Error;
use super::find::Binaries;
use super::home::Home;
use super::{launch, orphan, socket};

/// How the names of unfinished clusters begin.
pub(super) const UNFINISHED: &str = "data.init.";

/// Where this run makes a cluster before it is whole: a name of its own, for the initdb of a killed run may still be at work.
pub(super) fn unfinished(root: &Path) -> PathBuf {
    root.join(format!("{UNFINISHED}{}", process::id()))
}

/// Makes the cluster if there is none: aside, and then renamed, so that a crash half way leaves nothing that looks like one.
pub(super) fn ensure_cluster(home: &Home, binaries: &Binaries, settings: &Settings) -> Result<(), Error> {
    remove_unfinished(home.root())?;
    if home.major()?.is_some() {
        return Ok(());
    }
    let fresh = unfinished(home.root());
    make_cluster(home, binaries, settings, &fresh)?;
    put_in_place(home.root(), &fresh, settings.durable)
}

/// Makes a cluster at this path.
pub(super) fn make_cluster(home: &Home, binaries: &Binaries, settings: &Settings, at: &Path) -> Result<(), Error> {
    home.make_for_server(at)?;
    let program = binaries.program("initdb");
    let mut initdb = launch::command(&settings.launcher, home.account(), home.root(), &program);
    run(with_arguments(&mut initdb, at, settings.durable))
}

/// Gives a whole cluster its name, from when on it is the one of this data directory.
pub(super) fn put_in_place(root: &Path, fresh: &Path, durable: bool) -> Result<(), Error> {
    fs::rename(fresh, root.join("data")).map_err(Error::file("rename", fresh))?;
    if durable {
        let flushed = File::open(root).and_then(|root| root.sync_all());
        flushed.map_err(Error::file("flush", root))?;
    }
    Ok(())
}

fn with_arguments<'a>(initdb: &'a mut Command, fresh: &Path, durable: bool) -> &'a mut Command {
    initdb.args(["--username", socket::SUPERUSER, "--encoding=UTF8", "--locale=C", "--wal-segsize=1"]);
    initdb.args(["--auth-local=trust", "--auth-host=reject", "--pgdata"]).arg(fresh);
    if !durable {
        initdb.arg("--no-sync");
    }
    initdb
}

fn run(initdb: &mut Command) -> Result<(), Error> {
    let output = initdb.output();
    let output = output.map_err(|cause| Error::Run { program: initdb.get_program().to_owned(), cause })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " / ");
    Err(Error::InitFailed(if said.is_empty() { output.status.to_string() } else { said }))
}

/// Clears away what a killed run has left half made.
pub(super) fn remove_unfinished(root: &Path) -> Result<(), Error> {
    let entries = fs::read_dir(root).map_err(Error::file("list", root))?;
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
        orphan::stop(&entry.path())?;
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::warn!(%error, path = %entry.path().display(), "an unfinished cluster is left behind");
        }
    }
    Ok(())
}
