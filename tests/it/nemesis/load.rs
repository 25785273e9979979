//! The clients, at work until they are told that it is over.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, VecDeque},
    rc::Rc,
    time::Duration,
};

use futures_util::future::join_all;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::time::{Instant, sleep};

use super::{
    asking::{Road, answer},
    history::{History, Outcome},
    keys::{Held, Way},
    town::{Doors, REPLICAS},
};
use crate::tools::eventually;

const ASKERS: usize = 10;
const ENDERS: usize = 5;
/// How many keys of each ender live at a time.
const LIVING: usize = 3;
/// How many of those ended last are still asked with.
const GHOSTS: usize = 30;

/// The clients and what they know. All of them run in one thread.
pub struct Load<'a> {
    pub doors: &'a Doors,
    pub history: RefCell<History>,
    pub keys: RefCell<Vec<Rc<Held>>>,
    dice: RefCell<StdRng>,
    start: Instant,
    count: Cell<usize>,
    retries: Cell<usize>,
    from_memory: Cell<usize>,
    is_over: Cell<bool>,
}

impl<'a> Load<'a> {
    pub fn new(doors: &'a Doors, seed: u64) -> Self {
        Self {
            doors,
            history: RefCell::default(),
            keys: RefCell::default(),
            dice: RefCell::new(StdRng::seed_from_u64(seed)),
            start: Instant::now(),
            count: Cell::new(0),
            retries: Cell::new(0),
            from_memory: Cell::new(0),
            is_over: Cell::new(false),
        }
    }

    /// Works beside what is done meanwhile, until that is done and every end that was begun is answered.
    pub async fn beside(&self, deeds: impl Future<Output = ()>) {
        let deeds = async {
            deeds.await;
            self.is_over.set(true);
        };
        tokio::join!(self.run(), deeds);
    }

    async fn run(&self) {
        let askers = join_all((0..ASKERS).map(|_| self.keep_asking()));
        let enders = join_all((0..ENDERS).map(|_| self.keep_ending(LIVING, &Way::ASKED)));
        tokio::join!(askers, enders, self.keep_ending(1, &[Way::Suspend]), self.keep_looking());
    }

    async fn keep_asking(&self) {
        while !self.is_over.get() {
            if let Some(key) = self.some_key() {
                self.ask(&key, self.any(), Road::ALL[self.below(Road::ALL.len())]).await;
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// A key of the last ones, living or not.
    fn some_key(&self) -> Option<Rc<Held>> {
        let keys = self.keys.borrow();
        let last = keys.len().min(GHOSTS + ENDERS * LIVING);
        (last > 0).then(|| Rc::clone(&keys[keys.len() - 1 - self.below(last)]))
    }

    /// Makes keys, and ends each after it has lived a while. Who is first to ask afterwards is its ender, everywhere.
    async fn keep_ending(&self, living: usize, ways: &[Way]) {
        let mut own = VecDeque::new();
        while !self.is_over.get() {
            let key = Rc::new(self.make(ways[self.below(ways.len())]).await);
            self.keys.borrow_mut().push(Rc::clone(&key));
            own.push_back(key);
            if let Some(key) = (own.len() > living).then(|| own.pop_front()).flatten() {
                self.end(&key).await;
                let road = Road::ALL[self.below(Road::ALL.len())];
                join_all((0..REPLICAS).map(|at| self.ask(&key, at, road))).await;
            }
        }
    }

    /// Looks now and then whether decisions come from memory.
    async fn keep_looking(&self) {
        while !self.is_over.get() {
            let request = self.doors.stranger(self.any()).bare("GET", "/readyz");
            let answer = answer(request).await;
            let is_from_memory = answer.is_some_and(|answer| answer.body["decides"] == "memory");
            self.from_memory.set(self.from_memory.get() + usize::from(is_from_memory));
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// The time since the load began: the one clock of a history.
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// A number for a new key.
    pub fn number(&self) -> usize {
        self.count.replace(self.count.get() + 1)
    }

    /// One of the servers.
    pub fn any(&self) -> usize {
        self.below(REPLICAS)
    }

    fn below(&self, end: usize) -> usize {
        self.dice.borrow_mut().random_range(0..end)
    }

    /// Waits until so many more ends are answered.
    pub async fn until_ended(&self, more: usize) {
        let before = self.history.borrow().waits().len();
        eventually("ends that are answered", async || {
            (self.history.borrow().waits().len() >= before + more).then_some(())
        })
        .await;
    }

    /// One more attempt that was not answered.
    pub fn count_retry(&self) {
        self.retries.set(self.retries.get() + 1);
    }

    /// Panics unless all went as it must, now that nothing breaks any more, and unless there was enough of it to say so.
    pub async fn ensure_right(&self) {
        self.ensure_settled().await;
        let history = self.history.borrow();
        let (count, waits) = (history.count(), history.waits());
        let at = |hundredth: usize| waits.get(waits.len() * hundredth / 100);
        println!("{count:?}, {} looks at who decides from memory", self.from_memory.get());
        println!(
            "{} ends, by {:?}, after {:?} / {:?} / {:?} (half, nine in ten, all), {} attempts without an answer",
            waits.len(),
            self.ways(),
            at(50),
            at(90),
            waits.last(),
            self.retries.get()
        );
        assert_eq!(history.violations(), [""; 0]);
        assert!(self.has_enough(), "nothing is proved");
    }

    /// Whether so much has happened that it proves something.
    pub fn has_enough(&self) -> bool {
        let history = self.history.borrow();
        let (count, ends) = (history.count(), history.waits().len());
        let is_asked = count.accepted > 100 && count.refused > 50;
        is_asked && ends >= 10 && self.ways().len() >= 4 && self.from_memory.get() > 0
    }

    /// In which ways keys were ended.
    fn ways(&self) -> BTreeSet<Way> {
        let (keys, history) = (self.keys.borrow(), self.history.borrow());
        keys.iter().filter(|key| history.ends.contains_key(&key.number)).map(|key| key.way).collect()
    }

    /// Whether every server says the same of every key, now that nothing breaks any more.
    async fn ensure_settled(&self) {
        let keys = self.keys.borrow().clone();
        for key in keys {
            let is_ended = self.history.borrow().ends.contains_key(&key.number);
            let expected = if is_ended { Outcome::Refused } else { Outcome::Accepted };
            for at in 0..REPLICAS {
                let told = eventually("a decision", async || {
                    Some(self.ask(&key, at, Road::VerifyIn).await).filter(|told| *told != Outcome::Unknown)
                });
                assert_eq!(told.await, expected, "{:?} {} at {at}", key.way, key.id);
            }
        }
    }
}
