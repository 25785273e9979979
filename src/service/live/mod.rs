//! What is sent, as it comes. Each replica has one hub: it hears by one `LISTEN` where something was sent, reads each message once
//! from the log, and hands it to whoever listens there. Whoever cannot keep up goes on from the log at its own pace; nobody is handed a
//! message twice, or misses one.
//!
//! That something was sent is told by a notification, which is only a hint: the hub looks at every topic that somebody listens to once
//! a second besides, so that a message that was written by hand, or whose hint was lost, comes all the same.

mod hub;
pub mod peers;
mod places;
mod pump;
mod reader;
mod still;
mod watch;

use tokio::sync::{
    Notify,
    watch::{Receiver, Sender},
};
use uuid::Uuid;

use self::{hub::Hub, places::Places, watch::Watch};
pub use self::{
    hub::Line,
    peers::keep_telling,
    places::Seat,
    pump::keep_pumping,
    reader::{Ended, Heard, Reader},
    still::Still,
    watch::keep_watching,
};
use super::{Admitted, Refusal};
use crate::{
    db::{hubs::Spot, live::Place},
    domain::{TopicName, peer::Via},
};

/// What listening stands on.
#[derive(Debug)]
pub struct Live {
    /// By which id it says who is connected here. Given anew at each start.
    hub_id: Uuid,
    hub: Hub,
    places: Places,
    watch: Watch,
    wake: Notify,
    closing: Sender<bool>,
}

impl Live {
    /// Nobody listens yet. So many may, with one key and in all.
    #[must_use]
    pub fn new(most_of_key: usize, most: usize) -> Self {
        Self {
            hub_id: Uuid::now_v7(),
            hub: Hub::default(),
            places: Places::new(most_of_key, most),
            watch: Watch::default(),
            wake: Notify::new(),
            closing: Sender::new(false),
        }
    }

    /// Something was sent there, and is committed.
    pub(super) fn sent(&self, place: Place) {
        self.hub.note(place);
        self.wake.notify_one();
    }

    /// A place for this caller, who follows a topic or opens a socket, if there is one left.
    pub fn take(&self, by: &Admitted, topic: Option<TopicName>, via: Via) -> Result<Seat, Refusal> {
        let (org, mesh, key) = (by.org(), by.mesh_id()?, by.credential()?.key);
        self.places.take(Spot { org, mesh, key, topic, via }).ok_or(Refusal::Full)
    }

    /// Hears of the end of all streams.
    #[must_use]
    pub fn closing(&self) -> Receiver<bool> {
        self.closing.subscribe()
    }

    /// How many listen.
    #[must_use]
    pub fn listening(&self) -> usize {
        self.places.taken()
    }

    /// Ends all streams: the server stops.
    pub fn stop(&self) {
        self.closing.send_replace(true);
    }
}
