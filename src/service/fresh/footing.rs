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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::{
        db::fresh::beat::Changed,
        domain::fresh::{Applied, Bound, Server, Tick, Trust},
        service::fresh::{boot, hooks::Hooks},
    };

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    const HOUR: Duration = Duration::from_hours(1);

    /// What is remembered by a replica that trusts it until then.
    fn trusting(most_keys: usize, until: Tick) -> Memory {
        let memory = Memory::new(Bound::new(HOUR, Duration::ZERO), most_keys, Arc::default(), Hooks::default());
        let applied = Applied { snapshot: "1:1:".parse().unwrap(), server: Server("1/1".into()) };
        memory.publish(&applied, boot(), NOW, Trust { until: Some(until), announced: until, is_more_to_say: false });
        memory
    }

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(number as u128)
    }

    fn footing(memory: &Memory, ends_at: Option<OffsetDateTime>) -> Footing {
        Footing { ticket: memory.ticket(), slots: std::array::from_fn(|number| Slot::of(id(number))), ends_at }
    }

    #[test]
    fn a_judgement_stands_until_something_that_it_stands_on_changes() {
        let memory = trusting(1, boot().after(HOUR));
        for number in 0..5 {
            let footing = footing(&memory, None);
            memory.apply(&[Changed::Subject(id(5))]);
            assert!(memory.bears(&footing));
            memory.apply(&[Changed::Subject(id(number))]);
            assert!(!memory.bears(&footing));
        }
        let footing = footing(&memory, None);
        memory.apply(&[Changed::Everything]);
        assert!(!memory.bears(&footing));
    }

    #[test]
    fn or_until_its_end_comes() {
        let memory = trusting(1, boot().after(HOUR));
        assert!(memory.bears(&footing(&memory, Some(NOW + HOUR))));
        assert!(!memory.bears(&footing(&memory, Some(NOW))));
    }

    #[test]
    fn or_until_what_is_remembered_is_trusted_no_more() {
        for (most_keys, until) in [(1, boot()), (0, boot().after(HOUR))] {
            let memory = trusting(most_keys, until);
            assert!(!memory.bears(&footing(&memory, None)));
        }
        let memory = trusting(1, boot().after(HOUR));
        let footing = footing(&memory, None);
        memory.distrust();
        assert!(!memory.bears(&footing));
    }
}
