//! As whom the server runs: as ourselves, or, where we are root, as an account without rights.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use nix::unistd::{Gid, Uid, User, geteuid};

use super::error::Error;

/// Accounts to run as in place of root, the better one first.
const LESSER: [&str; 2] = ["postgres", "nobody"];

/// As whom the server runs.
#[derive(Clone, Copy)]
pub(super) enum Account {
    /// As we do.
    Ours,
    /// As another one, for we are root.
    Lesser(Uid, Gid),
}

impl Account {
    /// Who has to run the cluster at this path: whoever it belongs to, if it is there already.
    pub(super) fn for_cluster(cluster: &Path) -> Result<Self, Error> {
        let ours = geteuid();
        if ours.is_root() {
            return Self::lesser(cluster).ok_or(Error::NoAccount);
        }
        match User::from_uid(ours) {
            Ok(None) => Err(Error::UnknownUser(ours.as_raw())),
            Ok(Some(_)) | Err(_) => Ok(Self::Ours),
        }
    }

    fn lesser(cluster: &Path) -> Option<Self> {
        let owner = fs::symlink_metadata(cluster).ok().filter(|cluster| cluster.uid() != 0);
        if let Some(owner) = owner {
            return Some(Self::Lesser(owner.uid().into(), owner.gid().into()));
        }
        let user = LESSER.into_iter().find_map(|name| User::from_name(name).ok().flatten())?;
        Some(Self::Lesser(user.uid, user.gid))
    }

    /// Hands over what we have just made.
    pub(super) fn give(self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Ours => Ok(()),
            Self::Lesser(uid, gid) => {
                chown(path, Some(uid.as_raw()), Some(gid.as_raw())).map_err(Error::file("hand over", path))
            }
        }
    }

    /// Whether this account can pass through every directory from the root to this one.
    pub(super) fn ensure_enters(self, dir: &Path) -> Result<(), Error> {
        let Self::Lesser(uid, gid) = self else {
            return Ok(());
        };
        for dir in dir.ancestors() {
            let metadata = fs::metadata(dir).map_err(Error::file("look at", dir))?;
            if !may_pass(&metadata, uid, gid) {
                return Err(Error::Closed { dir: dir.to_owned(), uid: uid.as_raw() });
            }
        }
        Ok(())
    }
}

/// The rule of the kernel: only the first class that fits counts.
fn may_pass(dir: &Metadata, uid: Uid, gid: Gid) -> bool {
    let bit = if dir.uid() == uid.as_raw() {
        0o100
    } else if dir.gid() == gid.as_raw() {
        0o010
    } else {
        0o001
    };
    dir.mode() & bit != 0
}
