//! Why there is no embedded server, and what to do about it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::find::OLDEST;

/// A reason for having no server of our own.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The platform has no server, or only old ones.
    #[error(
        "no PostgreSQL server of version {OLDEST} or later was found: {install}, or name the directory of its programs in \
         MESHKEY_PG_BIN, or use a database of your own with DATABASE_URL"
    )]
    NotInstalled {
        /// How this platform installs one.
        install: &'static str,
    },
    /// The directory that was named has none.
    #[error(
        "MESHKEY_PG_BIN is {}, which holds no PostgreSQL server of version {OLDEST} or later: name the directory that \
         holds the programs postgres and initdb", .0.display()
    )]
    NotInThere(PathBuf),
    /// The cluster was made by a version that is not there any more.
    #[error(
        "{} was made by PostgreSQL {major}, whose programs were not found: install PostgreSQL {major}, or name the \
         directory of its programs in MESHKEY_PG_BIN", cluster.display()
    )]
    MajorMissing {
        /// Where the cluster is.
        cluster: PathBuf,
        /// What it needs.
        major: u32,
    },
    /// What saves and restores a database is not there.
    #[error(
        "{tool} is not in {}, beside the programs of the server: install the client programs of PostgreSQL {major} (on \
         Debian `apt-get install postgresql-client-{major}`), or name a directory that has both in MESHKEY_PG_BIN",
        dir.display()
    )]
    ToolMissing {
        /// Which program.
        tool: &'static str,
        /// Where it was looked for.
        dir: PathBuf,
        /// Of which version.
        major: u32,
    },
    /// The database could not be saved or restored.
    #[error("{tool} failed: {said}")]
    ToolFailed {
        /// Which program.
        tool: &'static str,
        /// What it said.
        said: String,
    },
    /// What was saved could not be written down.
    #[error("cannot write the backup: {0}")]
    Keep(#[source] io::Error),
    /// Something is there already, and is not written over.
    #[error(
        "{} is not empty, and a restore writes over nothing: choose another directory with --data-dir, or stop what runs \
         there and move the directory away", .0.display()
    )]
    NotEmpty(PathBuf),
    /// Another process works there.
    #[error(
        "{} is in use by process {pid}, started {since}: stop that one, or choose another data directory with --data-dir",
        path.display()
    )]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// Who holds it.
        pid: u32,
        /// Since when, as RFC 3339.
        since: String,
    },
    /// The data directory is somebody else's.
    #[error(
        "{} belongs to user id {uid}, not to us: choose a data directory of your own with --data-dir", path.display()
    )]
    NotOurs {
        /// The data directory.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// Others could put links in our way.
    #[error(
        "others may write in {dir}: take that from them with `chmod go-w {dir}`, or choose another data directory with \
         --data-dir", dir = dir.display()
    )]
    OpenToOthers {
        /// The data directory.
        dir: PathBuf,
    },
    /// The server's account cannot reach the data directory.
    #[error(
        "PostgreSQL would run as user id {uid}, which cannot enter {dir}: choose a data directory outside of it with \
         --data-dir, or let others pass with `chmod o+x {dir}`", dir = dir.display()
    )]
    Closed {
        /// What it cannot enter.
        dir: PathBuf,
        /// Who cannot.
        uid: u32,
    },
    /// We are root, and there is nobody else.
    #[error(
        "PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody` to run as: make one, start \
         as another user, or use a database of your own with DATABASE_URL"
    )]
    NoAccount,
    /// We are somebody whom the system does not know, as in many containers.
    #[error(
        "user id {0} has no entry in /etc/passwd, without which PostgreSQL does not run: add one, start as another \
         user, or use a database of your own with DATABASE_URL"
    )]
    UnknownUser(u32),
    /// A file stood in the way.
    #[error("cannot {act} {}: {cause}", path.display())]
    File {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// A cluster could not be made.
    #[error("initdb could not make a cluster: {0}")]
    InitFailed(String),
    /// The server ended before it was ready.
    #[error("postgres ended while it started: {0}")]
    Ended(String),
    /// The server takes too long.
    #[error("postgres is not ready after a minute: see postgres.log in the data directory")]
    NotReady,
    /// A server of an earlier run cannot be stopped.
    #[error("process {0}, a postgres of an earlier run, does not end: stop it by hand")]
    Orphan(i32),
    /// The server runs, but its database could not be prepared.
    #[error("cannot prepare the database: {0}")]
    Prepare(String),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// The hidden verb was called by hand.
    #[error("this verb is for the use of meshkey itself: run `meshkey serve`")]
    Orders,
    /// Who asked for a server is gone.
    #[error("the process that wanted a server has ended")]
    ParentGone,
    /// Root could not become another user.
    #[error(
        "cannot become user id {uid}: {cause}; start as that user, or use a database of your own with DATABASE_URL"
    )]
    Rights {
        /// Whom we could not become.
        uid: u32,
        /// Why not.
        cause: io::Error,
    },
    /// A program of PostgreSQL does not run.
    #[error("cannot run {}: {cause}", program.display())]
    Run {
        /// Which.
        program: OsString,
        /// Why not.
        cause: io::Error,
    },
}

impl Error {
    /// What to make of an [`io::Error`] that came while we tried to `act` on `path`.
    pub(super) fn file(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::File { act, path, cause }
    }
}
