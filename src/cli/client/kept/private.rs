//! Files of one's own: read only where nobody else could have written them, and replaced as a whole.

use std::{
    env,
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use nix::unistd::geteuid;
use zeroize::Zeroizing;

use super::super::super::Failure;

/// The directory with both files.
#[derive(Debug, Clone)]
pub(in crate::cli::client) struct Place(PathBuf);

/// Who may see a file, and who may write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::client) enum Private {
    /// It may be shown to anybody.
    No,
    /// It holds keys.
    Yes,
}

impl Private {
    /// The bits of a mode that let somebody else write. Who shares a group may share what is no secret.
    const fn of_writers(self) -> u32 {
        match self {
            Self::No => 0o002,
            Self::Yes => 0o022,
        }
    }

    const fn mode(self) -> u32 {
        match self {
            Self::No => 0o644,
            Self::Yes => 0o600,
        }
    }
}

impl Place {
    /// `$XDG_CONFIG_HOME/meshkey`, or else `~/.config/meshkey`; none where neither is known.
    pub(in crate::cli::client) fn find() -> Option<Self> {
        let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
        Some(Self(base.join("meshkey")))
    }

    /// The same where there must be one.
    pub(in crate::cli::client) fn needed() -> Result<Self, Failure> {
        let none = "neither XDG_CONFIG_HOME nor HOME names a directory: there is nowhere to keep a profile";
        Self::find().ok_or_else(|| Failure::Usage(none.to_owned()))
    }

    /// A file in it.
    pub(in crate::cli::client) fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes it, for its owner alone, and holds it against others of our commands until the file is dropped.
    pub(in crate::cli::client) fn hold(&self) -> Result<File, Failure> {
        let failed = |error: io::Error| unfit(&self.0, &error.to_string());
        let made = self.0.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| match DirBuilder::new().mode(0o700).create(&self.0) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made,
        })
        .map_err(failed)?;
        self.ensure_own(Private::Yes)?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(self.at("lock"));
        let lock = lock.map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(lock)
    }

    /// Reads a file, if there is one that may be looked at.
    pub(in crate::cli::client) fn read(
        &self,
        name: &str,
        private: Private,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        let path = self.at(name);
        let failed = |error: io::Error| unfit(&path, &error.to_string());
        let link = match fs::symlink_metadata(&path) {
            Ok(found) => found,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        self.ensure_own(private)?;
        ensure_ours(&path, &link)?;
        let file = File::open(&path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        ensure_ours(&path, &found)?;
        if !found.is_file() {
            return Err(unfit(&path, "it is no file"));
        }
        if found.mode() & private.of_writers() != 0 {
            return Err(unfit(
                &path,
                &format!("others may write it: chmod {:o} it, and look at what it says", private.mode()),
            ));
        }
        if private == Private::Yes && found.mode() & 0o077 != 0 {
            eprintln!("warning: others may read {}, which holds keys: chmod 600 it", path.display());
        }
        let mut text = Zeroizing::new(String::with_capacity(usize::try_from(found.len()).unwrap_or_default() + 1));
        io::Read::read_to_string(&mut &file, &mut text).map_err(failed)?;
        Ok(Some(text))
    }

    /// Replaces a file as a whole: who is interrupted leaves the old one.
    pub(in crate::cli::client) fn write(&self, name: &str, text: &str, private: Private) -> Result<(), Failure> {
        let (path, new) = (self.at(name), self.at(&format!("{name}.{}.new", std::process::id())));
        let written = write_new(&new, text, private.mode()).and_then(|()| fs::rename(&new, &path));
        let written = written.and_then(|()| File::open(&self.0)?.sync_all());
        written.map_err(|error| {
            let _ = fs::remove_file(&new);
            unfit(&path, &error.to_string())
        })
    }

    /// In a directory that others may write to, they may put another file in its place.
    fn ensure_own(&self, private: Private) -> Result<(), Failure> {
        let found = fs::metadata(&self.0).map_err(|error| unfit(&self.0, &error.to_string()))?;
        ensure_ours(&self.0, &found)?;
        if found.mode() & private.of_writers() != 0 {
            return Err(unfit(&self.0, "others may write into it: chmod 700 it, and look at what is in it"));
        }
        Ok(())
    }
}

fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    // A file that exists, or a link, is never written through.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// What belongs to somebody else is that person's to change, a link too.
fn ensure_ours(path: &Path, found: &Metadata) -> Result<(), Failure> {
    if [geteuid().as_raw(), 0].contains(&found.uid()) {
        Ok(())
    } else {
        Err(unfit(path, "it belongs to somebody else"))
    }
}

fn unfit(path: &Path, why: &str) -> Failure {
    Failure::Unfit(format!("{}: {why}", path.display()))
}
