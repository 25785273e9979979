//! Who holds the data directory. The lock is the kernel's and ends with its holder; the text in the file is for people,
//! and tells other processes of this host where the server's socket is.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::Error;

/// How long the lock of a process that was killed a moment ago may linger.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a holder writes down.
#[derive(Default)]
struct Note {
    pid: Option<u32>,
    since: String,
    socket: Option<PathBuf>,
}

impl Note {
    fn of_ours() -> Self {
        let since = OffsetDateTime::now_utc().replace_nanosecond(0).ok();
        let since = since.and_then(|since| since.format(&Rfc3339).ok()).unwrap_or_default();
        Self { pid: Some(std::process::id()), since, socket: None }
    }

    fn read(text: &str) -> Self {
        let mut note = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            match name {
                "pid" => note.pid = value.parse().ok(),
                "started" => value.clone_into(&mut note.since),
                "socket" => note.socket = Some(PathBuf::from(value)),
                _ => {}
            }
        }
        note
    }

    fn text(&self) -> String {
        let mut text = format!("pid {}\nstarted {}\n", self.pid.unwrap_or_default(), self.since);
        if let Some(socket) = self.socket.as_deref().and_then(Path::to_str) {
            let _ = writeln!(text, "socket {socket}");
        }
        text
    }
}

/// The data directory is ours while this lives.
pub(super) struct Lock {
    file: File,
    path: PathBuf,
    note: Note,
    before: Note,
}

impl Lock {
    /// Takes the directory, or says who has it.
    pub(super) fn take(root: &Path) -> Result<Self, Error> {
        let path = root.join("LOCK");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(Error::file("open", &path))?;
        let held = !lock_within(&file, PATIENCE).map_err(Error::file("lock", &path))?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(Error::file("read", &path))?;
        let before = Note::read(&text);
        if held {
            let pid = before.pid.unwrap_or_default();
            return Err(Error::InUse { path: root.to_owned(), pid, since: before.since });
        }
        let mut lock = Self { file, path, note: Note::of_ours(), before };
        lock.write()?;
        Ok(lock)
    }

    /// The socket directory that the holder before us had, if it did not say that it is gone.
    pub(super) fn left_behind(&self) -> Option<&Path> {
        self.before.socket.as_deref()
    }

    /// Tells others of this host that the server is ready, and where.
    pub(super) fn announce(&mut self, socket_dir: &Path) -> Result<(), Error> {
        self.note.socket = Some(socket_dir.to_owned());
        self.write()
    }

    /// Tells them that it is no more.
    pub(super) fn withdraw(&mut self) {
        self.note.socket = None;
        if let Err(error) = self.write() {
            tracing::warn!(%error, "the lock file still names a server that has stopped");
        }
    }

    fn write(&mut self) -> Result<(), Error> {
        let text = self.note.text();
        let file = &mut self.file;
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(Error::file("write", &self.path))
    }
}

fn lock_within(file: &File, patience: Duration) -> std::io::Result<bool> {
    let deadline = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(false),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The socket directory that the holder of this data directory has announced, if there is a holder.
pub(super) fn announced(root: &Path) -> Option<PathBuf> {
    let mut file = File::open(root.join("LOCK")).ok()?;
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    Note::read(&text).socket
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_what_was_written() {
        let note = Note { socket: Some("/srv/my data/run".into()), ..Note::of_ours() };
        let read = Note::read(&note.text());
        assert_eq!((read.pid, &read.since, &read.socket), (note.pid, &note.since, &note.socket));
    }

    #[test]
    fn who_comes_second_is_told_who_was_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::take(dir.path()).unwrap();
        let Err(Error::InUse { pid, since, .. }) = Lock::take(dir.path()) else {
            panic!("two holders");
        };
        assert_eq!((pid, since), (std::process::id(), first.note.since.clone()));
        drop(first);
        assert!(Lock::take(dir.path()).is_ok());
    }

    #[test]
    fn a_server_is_announced_only_while_its_holder_lives() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(announced(dir.path()), None);
        let mut lock = Lock::take(dir.path()).unwrap();
        assert_eq!(announced(dir.path()), None);
        lock.announce(Path::new("/srv/run")).unwrap();
        assert_eq!(announced(dir.path()), Some("/srv/run".into()));
        drop(lock);
        // A child that another test is starting has the file open until its own program begins.
        let deadline = Instant::now() + Duration::from_secs(10);
        while announced(dir.path()).is_some() {
            assert!(Instant::now() < deadline, "it is announced still");
            thread::sleep(Duration::from_millis(10));
        }
    }
}
