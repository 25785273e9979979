//! Who is to be judged again. Whoever listens where nothing comes would judge itself twice within the bound, and find each time what it
//! found before. Instead one task looks for all of them whether that still stands, and calls those of whom it does not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior},
};

use crate::service::{House, fresh::Footing};

/// All who are there.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Vec<Weak<Watched>>>);

/// One who is there.
#[derive(Debug)]
pub(super) struct Watched {
    seen: Mutex<Seen>,
    call: Notify,
}

#[derive(Debug)]
struct Seen {
    /// What its last judgement stands on; nothing before the first.
    footing: Option<Footing>,
    /// When it was last seen that the judgement stands.
    at: Instant,
}

impl Watch {
    /// One more, who was let in just now.
    pub(super) fn add(&self) -> Arc<Watched> {
        let seen = Mutex::new(Seen { footing: None, at: Instant::now() });
        let watched = Arc::new(Watched { seen, call: Notify::new() });
        lock(&self.0).push(Arc::downgrade(&watched));
        watched
    }

    /// Calls all whose judgement does not stand any more. Those who have gone are forgotten.
    fn look(&self, stands: impl Fn(&Footing) -> bool) {
        let look = |one: &Weak<Watched>| one.upgrade().map(|one| one.look(&stands)).is_some();
        lock(&self.0).retain(look);
    }
}

impl Watched {
    /// It was judged just now, and that stands on this.
    pub(super) fn stand_on(&self, footing: Footing) {
        *lock(&self.seen) = Seen { footing: Some(footing), at: Instant::now() };
    }

    /// When it was last seen that the judgement stands.
    pub(super) fn seen(&self) -> Instant {
        lock(&self.seen).at
    }

    /// Comes when it is to be judged again.
    pub(super) async fn called(&self) {
        self.call.notified().await;
    }

    fn look(&self, stands: impl Fn(&Footing) -> bool) {
        let mut seen = lock(&self.seen);
        if seen.footing.as_ref().is_some_and(stands) {
            seen.at = Instant::now();
        } else {
            self.call.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at all of them, for ever, twice within the time in which a revocation has to hold. To be spawned and aborted.
pub async fn keep_watching(house: Arc<House>) {
    let mut look = tokio::time::interval(house.fresh.bound().hold() / 2);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        house.live.watch.look(|footing| house.fresh.memory.bears(footing));
    }
}
