//! Who listens where, and what is to be read for them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::broadcast;

use crate::{
    db::live::Place,
    domain::{Message, OrgId},
};

/// How many messages of a topic are kept for those who have not taken them yet. Whoever is further behind goes on from the log.
const KEPT: usize = 64;

/// A message, written down once for all who hear it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number in its topic.
    pub seq: i64,
    /// The message, as the API has it.
    pub json: Arc<[u8]>,
}

impl Line {
    /// Writes a message down.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        // A message is made of what can be written: none fails.
        let json = serde_json::to_vec(message).unwrap_or_default().into();
        Self { seq: message.seq, json }
    }
}

/// What those hear who listen to a topic.
#[derive(Debug)]
struct Feed {
    org: OrgId,
    /// Up to here it was handed out.
    last: i64,
    line: broadcast::Sender<Line>,
}

/// The hub of this replica.
#[derive(Debug, Default)]
pub(super) struct Hub {
    feeds: Mutex<HashMap<Place, Feed>>,
    /// Where something was sent here that the others are to hear of.
    untold: Mutex<BTreeSet<Place>>,
}

impl Hub {
    /// Listens to a topic whose last message has this number, or was a newer one.
    pub(super) fn listen(&self, org: OrgId, place: &Place, last: i64) -> broadcast::Receiver<Line> {
        let mut feeds = self.feeds();
        let feed = feeds.entry(place.clone());
        feed.or_insert_with(|| Feed { org, last, line: broadcast::Sender::new(KEPT) }).line.subscribe()
    }

    /// Something was sent there.
    pub(super) fn note(&self, place: Place) {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
    }

    /// Where something was sent since this was last asked.
    pub(super) fn take_untold(&self) -> BTreeSet<Place> {
        std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where anybody listens. What nobody listens to any more is forgotten.
    pub(super) fn heard(&self) -> Vec<Place> {
        let mut feeds = self.feeds();
        feeds.retain(|_, feed| feed.line.receiver_count() > 0);
        feeds.keys().cloned().collect()
    }

    /// Whose topic it is and from which number on it is to be read, if anybody listens there.
    pub(super) fn from(&self, place: &Place) -> Option<(OrgId, i64)> {
        let feeds = self.feeds();
        let feed = feeds.get(place).filter(|feed| feed.line.receiver_count() > 0);
        feed.map(|feed| (feed.org, feed.last))
    }

    /// Hands these out, in their order, to whoever listens there.
    pub(super) fn hand_out(&self, place: &Place, lines: impl IntoIterator<Item = Line>) {
        let mut feeds = self.feeds();
        let Some(feed) = feeds.get_mut(place) else { return };
        for line in lines {
            if line.seq > feed.last {
                feed.last = line.seq;
                // Whoever listened may have gone.
                let _ = feed.line.send(line);
            }
        }
    }

    fn feeds(&self) -> MutexGuard<'_, HashMap<Place, Feed>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
