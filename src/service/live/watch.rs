//! Who is to be judged again. Where nothing comes, whoever listens would judge itself twice within the bound, and find each time what it
//! found before. Instead one task looks for all of them whether that still stands, and calls those of whom it does not.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use crate::service::{House, fresh::Footing};

/// In how many pieces all are looked at: if all have to be judged again, they do not ask at once.
const PIECES: u32 = 64;

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

    /// Calls all whose judgement does not stand any more, in no more time than that.
    async fn look(&self, lasts: Duration, stands: impl Fn(&Footing) -> bool) {
        let (start, all) = (Instant::now(), self.all());
        let most = all.len().div_ceil(PIECES as usize).max(1);
        for (number, piece) in (1..).zip(all.chunks(most)) {
            let called = piece.iter().filter(|one| one.look(&stands)).count();
            if called > 0 {
                sleep_until(start + lasts * number / PIECES).await;
            }
        }
    }

    /// Those who have gone are forgotten.
    fn all(&self) -> Vec<Arc<Watched>> {
        let mut all = lock(&self.0);
        all.retain(|one| one.strong_count() > 0);
        all.iter().filter_map(Weak::upgrade).collect()
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

    /// Whether it had to be called.
    fn look(&self, stands: impl Fn(&Footing) -> bool) -> bool {
        let mut seen = lock(&self.seen);
        if seen.footing.as_ref().is_some_and(stands) {
            seen.at = Instant::now();
            return false;
        }
        self.call.notify_one();
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at all of them, for ever: at each twice within the time in which a revocation has to hold, however long a look lasts. To be
/// spawned and aborted.
pub async fn keep_watching(house: Arc<House>) {
    let quarter = house.fresh.bound().hold() / 4;
    let mut look = interval(quarter);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        house.live.watch.look(quarter, |footing| house.fresh.memory.bears(footing)).await;
    }
}
