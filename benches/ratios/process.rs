//! Servers, each in a process of its own, as in real life.

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::Outcome;

/// Ticks of the clock by which Linux counts what a process has worked.
const TICKS: f64 = 100.0;

/// A running server, told to stop when it is dropped.
pub struct Process {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub address: SocketAddr,
    /// How long it took until it said that it is ready.
    pub ready_after: Duration,
}

impl Process {
    /// Starts it, and waits until it says where it listens.
    pub fn start(mut command: Command) -> Outcome<Self> {
        let start = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let mut said = BufReader::new(stdout).lines();
        let address = said.find_map(|line| line.ok()?.split_once("ready on http://")?.1.parse().ok());
        match address {
            Some(address) => Ok(Self { child, said, address, ready_after: start.elapsed() }),
            None => Err(format!("{command:?} ended: {}", child.wait()?).into()),
        }
    }

    /// For how many seconds it has worked so far, on all cores. Linux tells it.
    pub fn worked(&self) -> Option<f64> {
        let told = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let mut counts = told.rsplit_once(')')?.1.split_whitespace().skip(11);
        let (user, system): (f64, f64) = (counts.next()?.parse().ok()?, counts.next()?.parse().ok()?);
        Some((user + system) / TICKS)
    }

    /// How many MiB of its memory are in use. Linux tells it.
    pub fn resident(&self) -> Option<f64> {
        let told = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let kib: f64 =
            told.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()?;
        Some(kib / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        // It has ended when it says no more.
        self.said.by_ref().for_each(drop);
        let _ = self.child.wait();
    }
}
