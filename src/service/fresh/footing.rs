//! What a judgement stands on: whether it would be made again can be told without making it.

use std::time::Duration;

use time::OffsetDateTime;

use super::{
    Fresh, Held,
    changes::{Slot, Ticket},
    memory::Memory,
};
use crate::domain::MeshId;

/// What the judgement over a key in a mesh stands on.
#[derive(Debug)]
pub(in crate::service) struct Footing {
    ticket: Ticket,
    slots: [Slot; 5],
    ends_at: Option<OffsetDateTime>,
}

/// A judgement that is under way: what it reads is at least as fresh as this.
pub(in crate::service) struct Judging(Ticket);

impl Judging {
    /// It was made over that holder, in that mesh.
    pub(in crate::service) fn over(&self, held: &Held, mesh: MeshId) -> Footing {
        let [key, org, own_mesh, person] = held.known.slots;
        let slots = [key, org, own_mesh, person, Slot::of(mesh.uuid())];
        Footing { ticket: self.0, slots, ends_at: held.known.credential.ends_at() }
    }
}

impl Fresh {
    /// Begins to judge.
    pub(in crate::service) fn judging(&self) -> Judging {
        Judging(self.memory.ticket())
    }
}

impl Memory {
    /// Whether a judgement would be made again by what is remembered: nothing that it stands on has changed since, the end of the
    /// secret has not come, and what is remembered may be trusted. A no says only that it has to be made again.
    pub(in crate::service) fn bears(&self, footing: &Footing) -> bool {
        let is_same = || self.changes.none_since(footing.ticket, &footing.slots).then_some(());
        // Nothing else of a key changes with time alone.
        let is_over = |now| footing.ends_at.is_some_and(|end| end <= now);
        self.may_remember() && self.recall(Duration::ZERO, is_same).is_some_and(|found| !is_over(found.now))
    }
}
