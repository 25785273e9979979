//! A cluster that is made aside, and takes its place only when it is whole: a restore that fails or is killed leaves nothing
//! that looks like an installation.

use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;

use super::dump::{RESTORE, Tools};
use super::error::Error;
use super::find::{Binaries, Places};
use super::home::Home;
use super::lock::Lock;
use super::{Embedded, Settings, init, socket};

/// What a start or a restore that did not come to its end leaves in the data directory, and what a file system has of itself.
const NOTHING: [&str; 4] = ["LOCK", "run", "postgres.log", "lost+found"];

/// A running server on a new cluster, which is gone when this is dropped before [`Aside::take_place`].
pub struct Aside {
    server: Embedded,
    tools: Tools,
    litter: Litter,
    is_durable: bool,
}

impl Aside {
    /// Starts it. Refuses a directory in which there is anything, and one that another process holds.
    ///
    /// Blocks, usually for a second or two.
    pub fn start(settings: Settings) -> Result<Self, Error> {
        let binaries = Binaries::find(&Places::of_this_machine(settings.bin.as_deref()), None, &settings.data_dir)?;
        binaries.tool(RESTORE)?;
        ensure_free(&settings.data_dir)?;
        let home = Home::open(&settings.data_dir)?.aside();
        let litter = Litter { root: home.root().to_owned(), cluster: home.cluster(), is_ours: home.was_made() };
        let lock = Lock::take(home.root())?;
        ensure_free(home.root())?;
        init::remove_unfinished(home.root())?;
        init::make_cluster(&home, &binaries, &settings, &home.cluster())?;
        let is_durable = settings.durable;
        let tools = Tools::new(&binaries, home.account(), &settings.launcher);
        let server = Embedded::run(home, binaries, settings, lock)?;
        Ok(Self { server, tools, litter, is_durable })
    }

    /// The login `meshkey`, in the database of that name, which it owns.
    #[must_use]
    pub fn login(&self) -> Config {
        self.server.login()
    }

    /// The superuser in the database `meshkey`.
    #[must_use]
    pub fn superuser(&self) -> Config {
        socket::superuser_in_ours(self.server.socket_dir())
    }

    /// The programs that fill it, and where they find it.
    #[must_use]
    pub fn tools(&self) -> (&Tools, &Path) {
        (&self.tools, self.server.socket_dir())
    }

    /// Stops it, and makes it the cluster of the data directory.
    pub fn take_place(mut self) -> Result<(), Error> {
        self.server.halt();
        init::put_in_place(&self.litter.root, &self.litter.cluster, self.is_durable)?;
        self.litter.is_ours = false;
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.server.halt();
    }
}

/// What is to be cleared away, unless it was put in its place.
struct Litter {
    root: PathBuf,
    cluster: PathBuf,
    is_ours: bool,
}

impl Drop for Litter {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.cluster);
        if self.is_ours {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// Refuses a directory that holds anything but what counts for nothing.
fn ensure_free(data_dir: &Path) -> Result<(), Error> {
    if !data_dir.exists() {
        return Ok(());
    }
    let entries = fs::read_dir(data_dir).map_err(Error::file("list", data_dir))?;
    let is_nothing = |name: &str| NOTHING.contains(&name) || name.starts_with(init::UNFINISHED);
    match entries.flatten().find(|entry| !is_nothing(&entry.file_name().to_string_lossy())) {
        Some(_) => Err(Error::NotEmpty(data_dir.to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_anything_of_somebody_is_not_free() {
        let dir = tempfile::tempdir().unwrap();
        assert!(ensure_free(&dir.path().join("absent")).is_ok());
        for name in NOTHING.into_iter().chain(["data.init.4711"]) {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        assert!(ensure_free(dir.path()).is_ok());
        for name in ["data", "notes.txt"] {
            fs::create_dir(dir.path().join(name)).unwrap();
            assert!(matches!(ensure_free(dir.path()), Err(Error::NotEmpty(_))), "{name}");
            fs::remove_dir(dir.path().join(name)).unwrap();
        }
    }
}
