//! Which of the things that decide over keys have changed since when.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// How many slots there are. Things that share one are thought to change together: a look-up more, never one too few.
const SLOTS: usize = 1 << 17;

/// Where the last change of a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot(u32);

impl Slot {
    /// The slot of a thing. Ids end in random bits.
    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below the number of slots")]
    pub(super) const fn of(id: Uuid) -> Self {
        Self((id.as_u128() % SLOTS as u128) as u32)
    }
}

/// A ticket: taken before something is looked up, it tells later whether what was read may be out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// Numbers the changes that were applied, and knows for each slot the number of the last. Nothing is ever evicted: what is
/// forgotten could not be told from what has not changed.
///
/// Only the beats write; a reader waits for nobody.
pub(super) struct Changes {
    last_number: AtomicU64,
    everything: AtomicU64,
    last: Box<[AtomicU64]>,
}

impl Changes {
    pub(super) fn new() -> Self {
        let last = std::iter::repeat_with(AtomicU64::default).take(SLOTS).collect();
        Self { last_number: AtomicU64::new(0), everything: AtomicU64::new(0), last }
    }

    /// A ticket. What is asked of the database from now on sees every change whose number is not above it.
    pub(super) fn ticket(&self) -> Ticket {
        Ticket(self.last_number.load(Ordering::Acquire))
    }

    /// Applies a change.
    pub(super) fn tell(&self, slot: Slot) {
        let number = self.ticket().0 + 1;
        self.last[slot.0 as usize].store(number, Ordering::Release);
        self.last_number.store(number, Ordering::Release);
    }

    /// Voids everything that was read before, and every look-up under way.
    pub(super) fn tell_everything(&self) {
        let number = self.ticket().0 + 1;
        self.everything.store(number, Ordering::Release);
        self.last_number.store(number, Ordering::Release);
    }

    /// Whether nothing in these slots has changed since the ticket was taken.
    pub(super) fn none_since(&self, ticket: Ticket, slots: &[Slot]) -> bool {
        let is_before = |number: &AtomicU64| number.load(Ordering::Acquire) <= ticket.0;
        is_before(&self.everything) && slots.iter().all(|slot| is_before(&self.last[slot.0 as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_voids_what_it_names_and_nothing_else() {
        let changes = Changes::new();
        let [key, org, other] = [1_u128, 2, 3].map(|id| Slot::of(Uuid::from_u128(id)));
        let before = changes.ticket();
        changes.tell(key);
        assert!(!changes.none_since(before, &[key, org]) && changes.none_since(before, &[other, org]));
        let after = changes.ticket();
        assert!(changes.none_since(after, &[key, org]));
        changes.tell_everything();
        assert!(!changes.none_since(after, &[other]) && changes.none_since(changes.ticket(), &[key, org, other]));
    }
}
