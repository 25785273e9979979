//! What systemd is told: that it is ready when it can decide, and that it stops when it was told to.

use std::{
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixDatagram},
    },
    process::{Child, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use super::{MESHKEY, clean};
use crate::tools::shelter;

/// A service with a manager that listens.
struct Managed {
    child: Child,
    manager: UnixDatagram,
}

impl Managed {
    fn start(dir: &TempDir, manager: UnixDatagram, socket: &str) -> Self {
        manager.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let mut command = clean(MESHKEY);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path().join("data"));
        command.env("NOTIFY_SOCKET", socket).stdout(Stdio::null()).stderr(Stdio::null());
        Self { child: command.spawn().unwrap(), manager }
    }

    /// The next thing that is said.
    fn told(&self) -> String {
        let mut text = [0; 4096];
        let length = self.manager.recv(&mut text).expect("nothing is said");
        String::from_utf8(text[..length].to_vec()).unwrap()
    }

    fn terminate(&self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM).unwrap();
    }
}

impl Drop for Managed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says `READY=1` once, and not before it can decide; nobody else (PostgreSQL can say it too) says anything.
fn walk(mut managed: Managed) {
    let ready = managed.told();
    let base = ready.strip_prefix("READY=1\nSTATUS=serving on ").unwrap_or_else(|| panic!("{ready}")).trim();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async {
        reqwest::Client::builder().no_proxy().build().unwrap().get(format!("{base}/readyz")).send().await
    });
    assert_eq!(answer.unwrap().status().as_u16(), 200);
    managed.terminate();
    assert!(managed.told().starts_with("STOPPING=1\n"));
    assert_eq!(managed.child.wait().unwrap().code(), Some(0));
    managed.manager.set_nonblocking(true).unwrap();
    assert!(managed.manager.recv(&mut [0; 64]).is_err(), "there is more to hear");
}

#[test]
fn the_manager_is_told_at_a_path() {
    let dir = shelter();
    let path = dir.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    walk(Managed::start(&dir, manager, path.to_str().unwrap()));
}

#[test]
fn the_manager_is_told_at_a_name_without_a_path() {
    let dir = shelter();
    let name = format!("meshkey-it-notify-{}", std::process::id());
    let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    walk(Managed::start(&dir, manager, &format!("@{name}")));
}

/// Whoever is served does not mind whether a manager listens.
#[test]
fn a_manager_that_is_gone_stops_nothing() {
    let dir = shelter();
    let mut command = clean(MESHKEY);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path().join("data"));
    command.env("NOTIFY_SOCKET", dir.path().join("nobody")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut log = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut lines = std::io::BufRead::lines(&mut log);
    let warned = lines.any(|line| line.unwrap().contains("NOTIFY_SOCKET names its socket"));
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
    lines.for_each(drop);
    assert!(warned && child.wait().unwrap().code() == Some(0));
}
