//! Whether who listens still may: each message that is handed on is a decision of its own.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::watch::Watched;
use crate::{
    domain::{Capability, TopicName},
    service::{Admitted, House, Refusal, conclude::Case, fresh::Held, meters::Door},
};

/// How often whoever listens is noted as using the key: one that is in use is not to look unused.
const NOTED: Duration = Duration::from_mins(10);
/// How long to wait before the database is asked again whether the key still may, where it was out of reach.
const AGAIN: Duration = Duration::from_millis(100);

/// Somebody who was let in, and stays.
pub struct Still {
    house: Arc<House>,
    by: Admitted,
    mesh_in_words: String,
    noted: Instant,
    watched: Arc<Watched>,
}

impl Still {
    /// Who was let in just now.
    pub fn new(house: Arc<House>, by: Admitted) -> Result<Self, Refusal> {
        let mesh_in_words = by.mesh_id()?.to_string();
        let watched = house.live.watch.add();
        Ok(Self { house, by, mesh_in_words, noted: Instant::now(), watched })
    }

    /// Judges the key again, by what is remembered of it: as every other request with it would be judged now. Where that cannot be
    /// told it is asked again, for as long as the last judgement holds; nothing is to be handed on meanwhile.
    pub async fn ensure(&mut self) -> Result<(), Refusal> {
        let until = self.watched.seen() + self.house.fresh.bound().hold();
        loop {
            match self.judge().await {
                Err(Refusal::Store(_) | Refusal::Busy) if Instant::now() < until => {
                    tokio::time::sleep(AGAIN).await;
                }
                Err(refusal) => return Err(refusal),
                Ok(held) => {
                    self.note(&held);
                    return Ok(());
                }
            }
        }
    }

    /// Comes when it has to be judged again though nothing is to be handed on: when what the last judgement stands on has changed, or
    /// that cannot be told.
    pub async fn called(&self) {
        self.watched.called().await;
    }

    async fn judge(&self) -> Result<Held, Refusal> {
        let judging = self.house.fresh.judging();
        let found = self.house.fresh.holder(self.house.store.asker(), self.by.hash()?).await?;
        let held = found.map_err(|_| Refusal::Dead)?;
        let place = self.house.place(self.by.org(), &self.mesh_in_words).await?;
        let is_archived = place.is_none_or(|(_, is_archived)| is_archived);
        self.by.ensure_still(Some(&held.known.credential), held.now, is_archived)?;
        self.watched.stand_on(judging.over(&held, self.by.mesh_id()?));
        Ok(held)
    }

    /// From time to time that it is in use.
    fn note(&mut self, held: &Held) {
        if self.noted.elapsed() < NOTED {
            return;
        }
        self.noted = Instant::now();
        let topic: Option<&TopicName> = self.by.topic().ok();
        let capability = topic.map(|_| &Capability::Read);
        let from = self.by.trail().address;
        self.house.goes_on(Case { door: Door::Guard, held: Some(held), capability, topic, from, counts: true });
    }
}
