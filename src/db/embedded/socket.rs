//! The one way to the server: a socket in a directory of its own.

use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;

use super::error::Error;
use super::home::Home;

/// The port names the socket's file; there is no other use for it.
pub(super) const PORT: u16 = 5432;
/// The login that the service works from, and its database.
pub(super) const LOGIN: &str = "meshkey";
/// The cluster's superuser, and the database that is always there.
pub(super) const SUPERUSER: &str = "postgres";

/// The kernel takes paths of 107 bytes (Linux) or 103 (macOS).
const LONGEST: usize = 100;
/// How the names of directories for too deep data directories begin.
const SHORT: &str = "/tmp/meshkey-";

/// The directory of the socket, removed with this if it is not in the data directory.
pub(super) struct SocketDir(PathBuf);

impl SocketDir {
    /// Makes it anew: in the data directory, or, where that lies too deep, under a name in `/tmp` that nobody could know.
    pub(super) fn make(home: &Home, left_behind: Option<&Path>) -> Result<Self, Error> {
        let usual = home.root().join("run");
        for old in left_behind.filter(|old| is_short(old)).into_iter().chain([&*usual]) {
            remove(old)?;
        }
        let path = if file_in(&usual).as_os_str().len() <= LONGEST { usual } else { fresh() };
        home.make_for_server(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SocketDir {
    fn drop(&mut self) {
        if is_short(&self.0)
            && let Err(error) = remove(&self.0)
        {
            tracing::warn!(%error, "a directory is left behind");
        }
    }
}

fn fresh() -> PathBuf {
    PathBuf::from(format!("{SHORT}{:016x}", rand::random::<u64>()))
}

fn is_short(dir: &Path) -> bool {
    dir.to_str().and_then(|dir| dir.strip_prefix(SHORT)).is_some_and(|name| !name.contains('/'))
}

fn remove(dir: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", dir)(error)),
        _ => Ok(()),
    }
}

fn file_in(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}"))
}

/// Whether somebody listens there.
pub(super) fn answers(dir: &Path) -> bool {
    UnixStream::connect(file_in(dir)).is_ok()
}

/// The login of the service at this socket.
pub(super) fn login(dir: &Path) -> Config {
    config(dir, LOGIN)
}

/// The superuser at this socket.
pub(super) fn superuser(dir: &Path) -> Config {
    config(dir, SUPERUSER)
}

/// The superuser in the database of the service.
pub(super) fn superuser_in_ours(dir: &Path) -> Config {
    superuser(dir).dbname(LOGIN).clone()
}

fn config(dir: &Path, name: &str) -> Config {
    let mut config = Config::new();
    config.host_path(dir).port(PORT).user(name).dbname(name);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_that_we_name_so_are_removed() {
        assert!(is_short(&fresh()));
        for other in ["/tmp/meshkey-1/../../etc", "/tmp/other", "/srv/run", "meshkey-1"] {
            assert!(!is_short(Path::new(other)), "{other}");
        }
        assert!(file_in(&fresh()).as_os_str().len() <= LONGEST);
    }
}
