//! Freshness: what a replica remembers of keys, and why a revoked one is accepted by none. The protocol, and why it is
//! right: `docs/adr/0011-remembering-keys.md`. Its rules are in [`crate::domain::fresh`]; here they meet the clock and the
//! database.

mod beats;
mod broken;
mod changes;
mod clock;
mod flights;
#[cfg(feature = "server")]
mod footing;
pub mod hooks;
mod known;
mod limits;
mod look;
mod memory;
mod thread;
mod waits;

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;

use crate::{
    db::connect::Target,
    domain::fresh::{Bound, Change, Effect, Unconfirmed},
};

pub use clock::boot;
#[cfg(feature = "server")]
pub(super) use footing::Footing;
#[cfg(feature = "server")]
pub(super) use known::Noted;
pub use known::{Known, KnownPlace};
pub use look::Held;
pub use memory::{Basis, Memory, Recalled};

use broken::Break;
use flights::Flights;
use hooks::Hooks;
use thread::Thread;
use waits::Wait;

/// What a process is to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// A server: it makes changes and waits for the others, and looks after the rows of the dead.
    Serve,
    /// The guard within a service of somebody else's: it judges, and is waited for.
    Guard,
}

/// How a process remembers.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// What it is to the others.
    pub duty: Duty,
    /// The bound and the grace.
    pub bound: Bound,
    /// How many keys may be remembered; none for a process that asks the database for every decision.
    pub most_keys: usize,
    /// What people call this replica.
    pub name: String,
}

/// What a process remembers, and its ties to the other replicas.
pub struct Fresh {
    /// What is remembered.
    pub memory: Arc<Memory>,
    flights: Arc<Flights>,
    thread: Thread,
}

impl Fresh {
    /// Remembers nothing yet, and touches nothing: the beats begin with [`Fresh::begin`], the watch of the others with the
    /// first wait.
    #[must_use]
    pub fn new(target: &Target, wishes: Wishes) -> Self {
        let hooks = Hooks::default();
        let flights = Arc::new(Flights::new(hooks.clone()));
        let memory = Arc::new(Memory::new(wishes.bound, wishes.most_keys, Arc::default(), hooks));
        let thread = Thread::new(target.clone(), wishes, Arc::clone(&memory));
        Self { memory, flights, thread }
    }

    /// Begins to beat; also where nothing is to be remembered, since a beat shows that the database is the primary still.
    pub fn begin(&self) {
        self.thread.beat();
    }

    /// Waits until a change that was committed just now holds everywhere: every replica says that it knows of it, or trusts
    /// no more what it remembers from before.
    pub(super) async fn wait(&self, change: Change) -> Result<Effect, Unconfirmed> {
        let since = boot();
        self.memory.hooks().at(hooks::Point::Committed).await;
        let (answer, answered) = oneshot::channel();
        self.thread.watch(Wait::new(change, since, answer));
        answered.await.unwrap_or(Err(Unconfirmed::NotAsked))
    }

    /// For how long at most a change waits, if no other replica has a longer hold.
    #[must_use]
    pub fn bound(&self) -> Bound {
        self.memory.bound()
    }

    /// Trusts nothing any more, and takes the row of this process away, so that nobody has to wait for it.
    pub async fn stop(&self) {
        self.memory.distrust();
        self.thread.stop().await;
    }
}

/// How long a wait may last for a change that takes nothing away: somebody who is dead is not waited for.
pub(super) fn courtesy(bound: Bound) -> Duration {
    bound.beat()
}
