//! Points at which a test can stop a process: where two things that happen at once could go wrong. In a release there is
//! nothing here.

/// A point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point {
    /// A course is about to begin: nothing is trusted, and the snapshot was not yet read.
    CourseBegins,
    /// Behind the snapshot of a new course, before anything is forgotten.
    CourseRead,
    /// A beat has its number and its time, and was not yet sent.
    BeatSent,
    /// A beat was acknowledged, and nothing was done with that.
    Acknowledged,
    /// What a beat has read was applied, and is not yet said.
    Applied,
    /// A look-up has its ticket, and was not yet sent.
    TicketTaken,
    /// Somebody waits for the next look-up of a secret.
    Joined,
    /// A look-up was answered, and nothing was done with that.
    LookedUp,
    /// A look-up was found to be current, and is about to be remembered.
    Current,
    /// Until when to trust was read, and nothing else.
    TrustRead,
    /// The entry was read, and the clock was not.
    EntryRead,
    /// A change was committed, and nobody waits for it yet.
    Committed,
    /// The rows of the replicas are about to be read.
    Poll,
    /// The rows of the dead are about to be deleted.
    Reap,
}

#[cfg(debug_assertions)]
mod armed {
    use std::{
        collections::HashMap,
        sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    };

    use tokio::sync::Notify;

    use super::Point;

    /// Where tests can stop a process.
    #[derive(Debug, Clone, Default)]
    pub struct Hooks(Arc<Mutex<HashMap<Point, Arc<Gate>>>>);

    #[derive(Debug, Default)]
    struct Gate {
        state: Mutex<State>,
        changed: Condvar,
        told: Notify,
    }

    #[derive(Debug, Default)]
    struct State {
        /// How many have come by.
        come: usize,
        is_open: bool,
    }

    /// A point that is held. Everybody who has come there goes on when this is dropped.
    #[derive(Debug)]
    pub struct Stop {
        hooks: Hooks,
        point: Point,
        gate: Arc<Gate>,
    }

    fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    impl Gate {
        fn come(&self) {
            locked(&self.state).come += 1;
            self.told.notify_waiters();
        }

        fn is_open(&self) -> bool {
            locked(&self.state).is_open
        }
    }

    impl Hooks {
        /// Stops everybody who comes to this point.
        #[must_use]
        pub fn stop_at(&self, point: Point) -> Stop {
            let gate = Arc::new(Gate::default());
            locked(&self.0).insert(point, Arc::clone(&gate));
            Stop { hooks: self.clone(), point, gate }
        }

        /// Counts those who come to this point, and stops nobody.
        #[must_use]
        pub fn count_at(&self, point: Point) -> Stop {
            let stop = self.stop_at(point);
            stop.open();
            stop
        }

        fn gate(&self, point: Point) -> Option<Arc<Gate>> {
            locked(&self.0).get(&point).cloned()
        }

        pub(in crate::service::fresh) async fn at(&self, point: Point) {
            let Some(gate) = self.gate(point) else { return };
            gate.come();
            loop {
                let told = gate.told.notified();
                if gate.is_open() {
                    return;
                }
                told.await;
            }
        }

        pub(in crate::service::fresh) fn pass(&self, point: Point) {
            let Some(gate) = self.gate(point) else { return };
            gate.come();
            let mut state = locked(&gate.state);
            while !state.is_open {
                state = gate.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    impl Stop {
        /// Waits until somebody has come.
        pub async fn reached(&self) {
            self.reached_by(1).await;
        }

        /// Waits until so many have come.
        pub async fn reached_by(&self, many: usize) {
            loop {
                let told = self.gate.told.notified();
                if locked(&self.gate.state).come >= many {
                    return;
                }
                told.await;
            }
        }

        fn open(&self) {
            locked(&self.gate.state).is_open = true;
            self.gate.changed.notify_all();
            self.gate.told.notify_waiters();
        }
    }

    impl Drop for Stop {
        fn drop(&mut self) {
            let mut gates = locked(&self.hooks.0);
            if gates.get(&self.point).is_some_and(|gate| Arc::ptr_eq(gate, &self.gate)) {
                gates.remove(&self.point);
            }
            drop(gates);
            self.open();
        }
    }
}

#[cfg(not(debug_assertions))]
mod armed {
    use super::Point;

    /// Nothing.
    #[derive(Debug, Clone, Default)]
    pub struct Hooks;

    impl Hooks {
        #[expect(clippy::unused_self, clippy::unused_async, reason = "there is something here for tests alone")]
        #[inline]
        pub(in crate::service::fresh) async fn at(&self, _: Point) {}

        #[expect(clippy::unused_self, reason = "there is something here for tests alone")]
        #[inline]
        pub(in crate::service::fresh) fn pass(&self, _: Point) {}
    }
}

pub use armed::*;
