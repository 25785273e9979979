//! The thread that keeps the server alive. It starts the server itself, because the kernel stops a server whose starting
//! thread has ended; so it ends after the server, never before.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error;
use super::server::{Plan, Server};
use super::{orphan, prepare, socket};

/// How often to look whether the server has ended.
const GLANCE: Duration = Duration::from_millis(100);
/// How long what a killed run left in memory may linger.
const LINGER: Duration = Duration::from_secs(15);
/// A server that lived this long did not fail at its start.
const STEADY: Duration = Duration::from_secs(10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Starts the server, tells how that went, and watches it until the other end of `stop` is dropped.
pub(super) fn run(plan: &Plan, stop: &Receiver<()>, tell: &Sender<Result<(), Error>>) {
    match begin(plan) {
        Err(error) => {
            let _ = tell.send(Err(error));
        }
        Ok(server) => {
            let _ = tell.send(Ok(()));
            watch(plan, server, stop);
        }
    }
}

fn begin(plan: &Plan) -> Result<Server, Error> {
    let deadline = Instant::now() + LINGER;
    loop {
        match begin_once(plan) {
            Err(Error::Ended(words)) if lingers(&words) && Instant::now() < deadline => {
                // It may have come up only after we looked.
                orphan::stop(&plan.cluster())?;
                thread::sleep(GLANCE);
            }
            other => return other,
        }
    }
}

fn begin_once(plan: &Plan) -> Result<Server, Error> {
    let mut server = plan.spawn()?;
    server.wait_ready()?;
    prepare::ensure_login(&socket::superuser(plan.socket_dir()))?;
    Ok(server)
}

/// Whether it refuses because its predecessor, killed a moment ago, is not quite gone: nothing is wrong, it takes a little.
fn lingers(words: &str) -> bool {
    words.contains("postmaster.pid\" already exists") || words.contains("pre-existing shared memory block")
}

fn watch(plan: &Plan, mut server: Server, stop: &Receiver<()>) {
    let mut pauses = Pauses::new();
    let mut started = Instant::now();
    while !is_stopped_within(stop, GLANCE) {
        let Some(status) = server.ended() else {
            continue;
        };
        tracing::error!(%status, said = server.last_words(status), "postgres has ended, starting it again");
        let Some(next) = start_again(plan, stop, &mut pauses, started.elapsed()) else {
            return;
        };
        (server, started) = (next, Instant::now());
    }
}

/// The next server. `None` if we are to stop before there is one.
fn start_again(plan: &Plan, stop: &Receiver<()>, pauses: &mut Pauses, lived: Duration) -> Option<Server> {
    let mut pause = pauses.after(lived);
    while !is_stopped_within(stop, pause) {
        match plan.spawn() {
            Ok(server) => return Some(server),
            Err(error) => tracing::error!(%error, "postgres does not start"),
        }
        pause = pauses.after(Duration::ZERO);
    }
    None
}

fn is_stopped_within(stop: &Receiver<()>, time: Duration) -> bool {
    !matches!(stop.recv_timeout(time), Err(RecvTimeoutError::Timeout))
}

/// How long to wait before the next attempt: longer each time, until a server has lived.
struct Pauses(Duration);

impl Pauses {
    fn new() -> Self {
        Self(SHORTEST_PAUSE)
    }

    fn after(&mut self, lived: Duration) -> Duration {
        let pause = if lived >= STEADY { SHORTEST_PAUSE } else { self.0 };
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_begin_again_after_a_steady_life() {
        let mut pauses = Pauses::new();
        let waited: Vec<u128> = (0..9).map(|_| pauses.after(Duration::ZERO).as_millis()).collect();
        assert_eq!(waited, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(pauses.after(STEADY), SHORTEST_PAUSE);
        assert_eq!(pauses.after(Duration::ZERO), SHORTEST_PAUSE * 2);
    }
}
