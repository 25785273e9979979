//! Who listens where: so many with one key, and so many in all.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::{
    db::hubs::{self, Spot},
    domain::KeyId,
};

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
    at: HashMap<Spot, (i64, Instant)>,
    /// Where something is other than it was when this was last asked.
    changed: HashSet<Spot>,
}

/// A place that is taken, until this is dropped.
#[derive(Debug)]
pub struct Seat {
    spot: Spot,
    taken: Arc<Mutex<Taken>>,
}

/// What is to be told of the places.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) taken: Vec<hubs::Taken>,
    pub(super) left: Vec<Spot>,
    /// How many are taken in all.
    pub(super) all: usize,
}

impl Places {
    pub(super) fn new(most_of_key: usize, most: usize) -> Self {
        Self { most_of_key, most, taken: Arc::default() }
    }

    /// Takes one, unless there is none left for this key.
    pub(super) fn take(&self, spot: Spot) -> Option<Seat> {
        let mut taken = self.lock();
        let own = taken.of.get(&spot.key).copied().unwrap_or_default();
        if own >= self.most_of_key || taken.all >= self.most {
            return None;
        }
        taken.all += 1;
        taken.of.insert(spot.key, own + 1);
        taken.at.entry(spot.clone()).or_insert_with(|| (0, Instant::now())).0 += 1;
        taken.changed.insert(spot.clone());
        Some(Seat { spot, taken: Arc::clone(&self.taken) })
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.lock().all
    }

    /// What is other than it was when this was last asked.
    pub(super) fn changes(&self) -> News {
        let mut taken = self.lock();
        let mut news = News { all: taken.all, ..News::default() };
        for spot in std::mem::take(&mut taken.changed) {
            match taken.at.get(&spot) {
                Some((count, since)) => news.taken.push((spot, *count, since.elapsed())),
                None => news.left.push(spot),
            }
        }
        news
    }

    /// All that there is to tell.
    pub(super) fn everything(&self) -> News {
        let mut taken = self.lock();
        taken.changed.clear();
        let all = taken.at.iter().map(|(spot, (count, since))| (spot.clone(), *count, since.elapsed()));
        News { taken: all.collect(), left: Vec::new(), all: taken.all }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.of.get_mut(&self.spot.key) {
            *own -= 1;
            if *own == 0 {
                taken.of.remove(&self.spot.key);
            }
        }
        if let Some((count, _)) = taken.at.get_mut(&self.spot) {
            *count -= 1;
            if *count == 0 {
                taken.at.remove(&self.spot);
            }
        }
        taken.changed.insert(self.spot.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{MeshId, OrgId, peer::Via};

    fn spot(key: KeyId) -> Spot {
        Spot {
            org: OrgId::from(uuid::Uuid::nil()),
            mesh: MeshId::from(uuid::Uuid::nil()),
            key,
            topic: None,
            via: Via::Socket,
        }
    }

    #[test]
    fn so_many_of_a_key_and_so_many_in_all_and_each_is_given_back() {
        let (places, [one, other]) = (Places::new(2, 3), [KeyId::new(), KeyId::new()].map(spot));
        let seats: Vec<_> = [&one, &one, &other].map(|spot| places.take(spot.clone()).unwrap()).into();
        assert!(places.take(one.clone()).is_none() && places.take(other.clone()).is_none());
        assert_eq!(places.taken(), 3);
        drop(seats);
        let taken = places.lock();
        assert_eq!((taken.all, taken.of.len(), taken.at.len()), (0, 0, 0));
    }

    #[test]
    fn what_has_changed_is_told_once_as_it_is_then() {
        let (places, one) = (Places::new(9, 9), spot(KeyId::new()));
        let seats = [places.take(one.clone()).unwrap(), places.take(one.clone()).unwrap()];
        let counts = |news: &News| news.taken.iter().map(|(_, count, _)| *count).collect::<Vec<_>>();
        let news = places.changes();
        assert_eq!((counts(&news), news.left.len(), news.all), (vec![2], 0, 2));
        assert!(places.changes().taken.is_empty());
        let [first, second] = seats;
        drop(first);
        assert_eq!(counts(&places.changes()), [1]);
        assert_eq!(counts(&places.everything()), [1]);
        drop(second);
        let news = places.changes();
        assert_eq!((news.taken.len(), news.left, news.all), (0, vec![one], 0));
    }
}
