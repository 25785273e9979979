//! `postmaster.pid`, in which a server says who it is and whether it is ready.

use std::fs;
use std::path::Path;

/// What it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    /// The server's process.
    pub(super) pid: i32,
    /// Whether it accepts connections.
    pub(super) is_ready: bool,
}

impl PidFile {
    /// Reads that of a cluster. `None` if no server has begun to run there.
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim);
        let pid = lines.next()?.parse().ok().filter(|pid| *pid > 0)?;
        Some(Self { pid, is_ready: lines.nth(6) == Some("ready") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_on_the_eighth_line() {
        let started = "4711\n/srv/data\n1763765460\n5432\n/srv/run\n\n  1048577    3\n";
        let is_ready = |text: &str| PidFile::parse(text).map(|file| file.is_ready);
        assert_eq!(is_ready(&format!("{started}ready   \n")), Some(true));
        assert_eq!(is_ready(&format!("{started}starting\n")), Some(false));
        assert_eq!(is_ready(started), Some(false));
        assert_eq!(PidFile::parse(started).map(|file| file.pid), Some(4711));
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("-1\n"), None);
    }
}
