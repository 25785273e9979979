//! What a killed run left behind: a server whose parent is gone, stopped before a new one starts.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::Error;
use super::pid_file::PidFile;

/// Ask for a fast shutdown, then for an immediate one, then end it; each with the time it gets.
pub(super) const STOPPING: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(20)),
    (Signal::SIGQUIT, Duration::from_secs(5)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];

/// How often to look whether it has ended.
pub(super) const GLANCE: Duration = Duration::from_millis(5);

/// Stops the server of this cluster, if one runs. The caller holds the data directory, so it can only be a left-over.
pub(super) fn stop(cluster: &Path) -> Result<(), Error> {
    let Some(PidFile { pid, .. }) = PidFile::read(cluster) else {
        return Ok(());
    };
    for (signal, patience) in STOPPING {
        if !is_server_of(pid, cluster) {
            return Ok(());
        }
        tracing::warn!(pid, %signal, "stopping a postgres of an earlier run");
        let _ = kill(Pid::from_raw(pid), signal);
        let deadline = Instant::now() + patience;
        while is_server_of(pid, cluster) && Instant::now() < deadline {
            thread::sleep(GLANCE);
        }
    }
    if is_server_of(pid, cluster) { Err(Error::Orphan(pid)) } else { Ok(()) }
}

/// Whether this process is the server of this cluster, and not one that was given its number later.
fn is_server_of(pid: i32, cluster: &Path) -> bool {
    let arguments = command_line(pid);
    let mut pairs = arguments.iter().zip(arguments.iter().skip(1));
    pairs.any(|(name, value)| name == b"-D" && value == cluster.as_os_str().as_encoded_bytes())
}

/// The arguments of a process. None for one that is gone, or has ended and waits for its parent.
#[cfg(target_os = "linux")]
fn command_line(pid: i32) -> Vec<Vec<u8>> {
    let text = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    text.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
}

/// The arguments of a process, as far as they can be told apart: there is no `/proc` here.
#[cfg(not(target_os = "linux"))]
fn command_line(pid: i32) -> Vec<Vec<u8>> {
    let mut ps = std::process::Command::new("/bin/ps");
    let text = ps.args(["-o", "args=", "-p", &pid.to_string()]).output().map(|output| output.stdout);
    text.unwrap_or_default().split(|byte| byte.is_ascii_whitespace()).map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_that_only_has_the_number_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut sleeper = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
        std::fs::write(dir.path().join("postmaster.pid"), format!("{}\n", sleeper.id())).unwrap();
        stop(dir.path()).unwrap();
        assert!(sleeper.try_wait().unwrap().is_none());
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    }
}
