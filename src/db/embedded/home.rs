//! The data directory: ours alone, apart from what the server's account gets inside it.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use super::account::Account;
use super::error::Error;
use super::init;

/// Where the data goes if nobody says otherwise: `/var/lib/meshkey` for root, else the user's own data directory.
#[must_use]
pub fn default_data_dir() -> PathBuf {
    let of_user = || {
        let data_home = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        data_home
            .filter(|dir| dir.is_absolute())
            .or_else(|| Some(std::env::home_dir()?.join(".local/share")))
            .filter(|dir| dir.is_absolute())
    };
    let shared = if geteuid().is_root() { None } else { of_user() };
    shared.unwrap_or_else(|| PathBuf::from("/var/lib")).join("meshkey")
}

/// The data directory, as it lies there.
pub(super) struct Home {
    root: PathBuf,
    cluster: PathBuf,
    account: Account,
    was_made: bool,
}

impl Home {
    /// Makes the directory if it is not there, and makes sure that it is fit for use.
    pub(super) fn open(data_dir: &Path) -> Result<Self, Error> {
        let path = std::path::absolute(data_dir).map_err(Error::file("find", data_dir))?;
        let account = Account::for_cluster(&path.join("data"))?;
        let was_made = !path.exists();
        if was_made {
            make(&path, account)?;
        }
        let root = path.canonicalize().map_err(Error::file("find", &path))?;
        ensure_ours(&root)?;
        account.ensure_enters(&root)?;
        Ok(Self { cluster: root.join("data"), root, account, was_made })
    }

    /// The same directory, with a cluster that the next start clears away unless it was put in its place.
    pub(super) fn aside(self) -> Self {
        Self { cluster: init::unfinished(&self.root), ..self }
    }

    /// Whether the directory was not there before.
    pub(super) fn was_made(&self) -> bool {
        self.was_made
    }

    /// The directory itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// As whom the server runs here.
    pub(super) fn account(&self) -> Account {
        self.account
    }

    /// Where the cluster is, or will be.
    pub(super) fn cluster(&self) -> PathBuf {
        self.cluster.clone()
    }

    /// The major version that made the cluster. `None` if there is no cluster yet.
    pub(super) fn major(&self) -> Result<Option<u32>, Error> {
        major_of(&self.cluster)
    }

    /// Makes a directory that belongs to the server.
    pub(super) fn make_for_server(&self, path: &Path) -> Result<(), Error> {
        DirBuilder::new().mode(0o700).create(path).map_err(Error::file("make", path))?;
        self.account.give(path)
    }
}

/// The major version that made this cluster. `None` if there is none.
pub(super) fn major_of(cluster: &Path) -> Result<Option<u32>, Error> {
    let path = cluster.join("PG_VERSION");
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    let major = text.trim().parse().map_err(std::io::Error::other);
    major.map(Some).map_err(Error::file("read", &path))
}

/// Makes the data directory. Below a directory that the server's account cannot enter, nothing is made.
fn make(path: &Path, account: Account) -> Result<(), Error> {
    let above = path.ancestors().find(|dir| dir.exists()).unwrap_or(path);
    let above = above.canonicalize().map_err(Error::file("find", above))?;
    account.ensure_enters(&above)?;
    DirBuilder::new().recursive(true).mode(0o755).create(path).map_err(Error::file("make", path))?;
    let mode = match account {
        Account::Ours => 0o700,
        Account::Lesser(..) => 0o711,
    };
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::file("protect", path))
}

fn ensure_ours(root: &Path) -> Result<(), Error> {
    let metadata = fs::metadata(root).map_err(Error::file("look at", root))?;
    if !metadata.is_dir() {
        return Err(Error::file("use", root)(std::io::ErrorKind::NotADirectory.into()));
    }
    if metadata.uid() != geteuid().as_raw() {
        return Err(Error::NotOurs { path: root.to_owned(), uid: metadata.uid() });
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(Error::OpenToOthers { dir: root.to_owned() });
    }
    Ok(())
}
