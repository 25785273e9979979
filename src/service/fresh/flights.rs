//! Look-ups of one secret at the same time: at most one under way, and one that waits for it. Who comes while one is under
//! way takes the *next*: the one under way may have begun before a revocation was answered that the new one must see.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

use super::{
    hooks::{Hooks, Point},
    look::Answer,
};
use crate::{db::Error, domain::SecretHash};

type Waiting = Vec<oneshot::Sender<Result<Answer, Error>>>;

/// Who waits for the next look-up of a secret of which one is under way.
pub(super) struct Flights {
    waiting: Mutex<HashMap<SecretHash, Waiting>>,
    hooks: Hooks,
}

/// A look-up that is under way; another may begin when it is dropped, whatever became of it.
struct Flight<'a>(&'a Flights, SecretHash);

impl Flights {
    pub(super) fn new(hooks: Hooks) -> Self {
        Self { waiting: Mutex::default(), hooks }
    }

    /// The answer of a look-up that begins after this was called.
    pub(super) async fn join<F>(
        self: &Arc<Self>,
        hash: SecretHash,
        fly: impl Fn() -> F + Send + 'static,
    ) -> Result<Answer, Error>
    where
        F: Future<Output = Result<Answer, Error>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        if self.enter(hash, answer) {
            let flights = Arc::clone(self);
            // In a task of its own: who asked first may go away, and others wait.
            drop(tokio::spawn(async move { flights.fly(hash, fly).await }));
        }
        self.hooks.pass(Point::Joined);
        answered.await.unwrap_or_else(|_| Err(Error::Unavailable("a look-up was given up".to_owned())))
    }

    /// Waits for the next one; tells whether there is nobody who would begin it.
    fn enter(&self, hash: SecretHash, answer: oneshot::Sender<Result<Answer, Error>>) -> bool {
        let mut flights = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !flights.contains_key(&hash);
        flights.entry(hash).or_default().push(answer);
        is_first
    }

    async fn fly<F>(&self, hash: SecretHash, fly: impl Fn() -> F)
    where
        F: Future<Output = Result<Answer, Error>> + Send,
    {
        let flight = Flight(self, hash);
        while let Some(waiting) = flight.board() {
            let answer = fly().await;
            for one in waiting {
                let _ = one.send(answer.as_ref().map(Clone::clone).map_err(Error::said_again));
            }
        }
    }
}

impl Flight<'_> {
    /// Those who have come until now; if nobody has, it is over.
    fn board(&self) -> Option<Waiting> {
        let mut flights = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = std::mem::take(flights.get_mut(&self.1)?);
        if waiting.is_empty() {
            flights.remove(&self.1);
            return None;
        }
        Some(waiting)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}
