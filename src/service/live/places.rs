//! How many listen: so many with one key, and so many in all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::KeyId;

/// The places that there are.
#[derive(Debug)]
pub(super) struct Places {
    most_of_key: usize,
    most: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of: HashMap<KeyId, usize>,
}

/// A place that is taken, until this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    key: KeyId,
    taken: Arc<Mutex<Taken>>,
}

impl Places {
    pub(super) fn new(most_of_key: usize, most: usize) -> Self {
        Self { most_of_key, most, taken: Arc::default() }
    }

    /// Takes one, unless there is none left for this key.
    pub(super) fn take(&self, key: KeyId) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.of.get(&key).copied().unwrap_or_default();
        if own >= self.most_of_key || taken.all >= self.most {
            return None;
        }
        taken.all += 1;
        taken.of.insert(key, own + 1);
        Some(Seat { key, taken: Arc::clone(&self.taken) })
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.of.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                taken.of.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_of_a_key_and_so_many_in_all_and_each_is_given_back() {
        let (places, [one, other]) = (Places::new(2, 3), [KeyId::new(), KeyId::new()]);
        let seats: Vec<_> = [one, one, other].map(|key| places.take(key).unwrap()).into();
        assert!(places.take(one).is_none() && places.take(other).is_none());
        assert_eq!(places.taken(), 3);
        drop(seats);
        assert_eq!((places.taken(), places.taken.lock().unwrap().of.len()), (0, 0));
    }
}
