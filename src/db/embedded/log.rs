//! What the server says of itself: `postgres.log`, ours to write, so that its account cannot turn it into a link.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::Error;

/// Beyond this size the next start begins a new log.
const LARGEST: u64 = 10 * 1024 * 1024;
/// How much of the end is told in an error.
const TOLD_LINES: usize = 3;
const TOLD_BYTES: u64 = 4096;

/// The log, from one start on.
pub(super) struct Log {
    path: PathBuf,
    begin: u64,
}

impl Log {
    /// Opens it for a server that is about to start.
    pub(super) fn open(root: &Path) -> Result<(Self, File), Error> {
        let path = root.join("postgres.log");
        let open = || -> std::io::Result<(u64, File)> {
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
            if file.metadata()?.len() > LARGEST {
                file.set_len(0)?;
            }
            Ok((file.metadata()?.len(), file))
        };
        let (begin, file) = open().map_err(Error::file("open", &path))?;
        Ok((Self { path, begin }, file))
    }

    /// The last lines since then.
    pub(super) fn tail(&self) -> String {
        let text = self.read_end().unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(TOLD_LINES)..].join(" / ")
    }

    fn read_end(&self) -> std::io::Result<String> {
        let mut file = File::open(&self.path)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(self.begin.max(end.saturating_sub(TOLD_BYTES))))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    #[test]
    fn the_end_of_this_start_is_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("postgres.log"), "of an earlier start\n").unwrap();
        let (log, mut file) = Log::open(dir.path()).unwrap();
        assert_eq!(log.tail(), "");
        file.write_all(b"one\ntwo\n\nthree\nfour\n").unwrap();
        assert_eq!(log.tail(), "two / three / four");
    }

    #[test]
    fn a_large_log_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("postgres.log");
        File::create(&path).unwrap().set_len(LARGEST + 1).unwrap();
        Log::open(dir.path()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    }
}
