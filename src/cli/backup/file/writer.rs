//! Writing a backup: under another name, which it gives up only when it is whole and on the disk.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use tempfile::{Builder, NamedTempFile};

use super::{FIRST, FORMAT, LAST, Manifest, hex};
use crate::cli::Failure;

/// A backup that is being written. Gone when this is dropped before [`Writer::finish`].
pub(in crate::cli) struct Writer {
    file: NamedTempFile,
    to: PathBuf,
    sum: Sha256,
    bytes: u64,
}

/// A backup that is whole.
pub(in crate::cli) struct Written {
    pub(in crate::cli) bytes: u64,
    pub(in crate::cli) sha256: String,
}

impl Writer {
    /// Begins one, for its owner's eyes only. Refuses to write over anything.
    pub(in crate::cli) fn begin(to: &Path) -> Result<Self, Failure> {
        if to.symlink_metadata().is_ok() {
            return Err(exists(to));
        }
        let name = || Failure::Usage(format!("{} names no file", to.display()));
        to.file_name().ok_or_else(name)?;
        let file = Builder::new().prefix(".meshkey-backup-").tempfile_in(dir(to));
        let file = file.map_err(|error| failed(to, &error))?;
        Ok(Self { file, to: to.to_owned(), sum: Sha256::new(), bytes: 0 })
    }

    /// Says what it is.
    pub(in crate::cli) fn head(&mut self, manifest: &Manifest) -> Result<(), Failure> {
        let manifest = serde_json::to_string(manifest).map_err(|error| Failure::Other(error.to_string()))?;
        let head = format!("{FIRST}{FORMAT}\n{manifest}\n");
        self.keep(head.as_bytes()).map_err(|error| failed(&self.to, &error))
    }

    /// Writes more of it.
    pub(in crate::cli) fn keep(&mut self, piece: &[u8]) -> io::Result<()> {
        self.sum.update(piece);
        self.bytes += piece.len() as u64;
        self.file.write_all(piece)
    }

    /// Writes the sum, and gives the file its name when all of it is on the disk.
    pub(in crate::cli) fn finish(mut self) -> Result<Written, Failure> {
        let sha256 = hex(&self.sum.clone().finalize());
        let last = format!("{LAST}{sha256}\n");
        let to = self.to.clone();
        let flushed = self.keep(last.as_bytes()).and_then(|()| self.file.as_file().sync_all());
        flushed.map_err(|error| failed(&to, &error))?;
        let bytes = self.bytes;
        self.file.persist_noclobber(&to).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => exists(&to),
            _ => failed(&to, &error.error),
        })?;
        let named = File::open(dir(&to)).and_then(|dir| dir.sync_all());
        named.map_err(|error| failed(&to, &error))?;
        Ok(Written { bytes, sha256 })
    }
}

/// The directory that it lies in.
fn dir(to: &Path) -> &Path {
    to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn exists(to: &Path) -> Failure {
    Failure::Conflict(format!("{} is there already, and nothing is written over: choose another name", to.display()))
}

fn failed(to: &Path, error: &io::Error) -> Failure {
    Failure::Other(format!("cannot write {}: {error}", to.display()))
}
