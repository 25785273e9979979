//! The watch of the replicas: one for all changes of this process that wait.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, error::TryRecvError},
        oneshot,
    },
    time::timeout,
};
use tracing::{info, warn};

use super::{Break, boot, hooks::Point, memory::Memory};
use crate::{
    db::{connect::Target, fresh::poll::Lookout, store::OPERATOR},
    domain::fresh::{Bound, Change, Effect, Reaper, Replica, Server, Tick, Unconfirmed, Watch},
};

/// How long to wait between two looks at the replicas: this, and twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// Nothing is lost if a call or the end of a dead row is lost in a crash.
const OPTIONS: &str = "-c synchronous_commit=off -c default_transaction_isolation=read\\ committed";

/// A change that waits.
pub(super) struct Wait {
    watch: Watch,
    answer: oneshot::Sender<Result<Effect, Unconfirmed>>,
    has_called: bool,
}

impl Wait {
    pub(super) const fn new(change: Change, since: Tick, answer: oneshot::Sender<Result<Effect, Unconfirmed>>) -> Self {
        Self { watch: Watch::begin(change, since), answer, has_called: false }
    }

    /// Tells how it ended, if anybody still wants to know.
    fn end(self, how: Result<Effect, Unconfirmed>) {
        let _ = self.answer.send(how);
    }
}

/// The watch.
pub(super) struct Waits {
    target: Target,
    bound: Bound,
    memory: Arc<Memory>,
    come: UnboundedReceiver<Wait>,
    waiting: Vec<Wait>,
    reaper: Reaper,
    lookout: Option<Lookout>,
}

impl Waits {
    pub(super) fn new(target: &Target, memory: Arc<Memory>, come: UnboundedReceiver<Wait>) -> Self {
        let (target, bound) = (target.as_role(OPERATOR).with_options(OPTIONS), memory.bound());
        Self { target, bound, memory, come, waiting: Vec::new(), reaper: Reaper::default(), lookout: None }
    }

    /// Watches until nobody can come any more.
    pub(super) async fn run(&mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.next(pause).await {
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => pause = (pause * 2).min(LONGEST_PAUSE),
                Ok(()) => pause = FIRST_PAUSE,
            }
            self.look().await;
        }
    }

    /// Waits for somebody to come, and no longer than the pause; with nobody waiting, no longer than the bound: then the
    /// dead are looked for.
    async fn next(&mut self, pause: Duration) -> Result<(), TryRecvError> {
        let pause = if self.waiting.is_empty() { self.bound.get() } else { pause };
        let come = tokio::select! {
            come = self.come.recv() => Some(come.ok_or(TryRecvError::Disconnected)?),
            () = tokio::time::sleep(pause) => None,
        };
        let has_come = come.is_some();
        self.waiting.extend(come);
        while let Ok(wait) = self.come.try_recv() {
            self.waiting.push(wait);
        }
        if has_come { Ok(()) } else { Err(TryRecvError::Empty) }
    }

    /// Looks at the replicas once, and answers those whose wait is over.
    async fn look(&mut self) {
        let seen = timeout(self.bound.patience(), self.ask()).await;
        match seen {
            Ok(Ok((sent, here, rows))) => {
                self.memory.meters().saw_replicas(rows.len());
                self.see(sent, &here, &rows);
                let dead = self.reaper.see(boot(), &rows);
                self.answer();
                self.reap(&dead).await;
            }
            failed => {
                self.lookout = None;
                let error = failed.ok().and_then(Result::err).unwrap_or(Break::Late);
                if !self.waiting.is_empty() {
                    warn!(%error, waiting = self.waiting.len(), "the replicas could not be looked at");
                }
                self.answer();
            }
        }
    }

    /// Calls for those who have just come, and reads the rows.
    async fn ask(&mut self) -> Result<(Tick, Server, Vec<Replica>), Break> {
        let lookout = match self.lookout.take() {
            Some(lookout) => lookout,
            None => Lookout::new(self.target.connect().await?).await?,
        };
        // Calling is a courtesy: what does not hear it beats anyway. A full queue of notifications must not keep the rows from
        // being read; on a connection that has ended they will not be.
        if self.waiting.iter().any(|wait| !wait.has_called) {
            // Once, even if it hangs: the rows are read without it then.
            self.waiting.iter_mut().for_each(|wait| wait.has_called = true);
            if let Err(error) = lookout.wake().await {
                warn!(%error, "the replicas could not be called");
            }
        }
        self.memory.hooks().at(Point::Poll).await;
        let sent = boot();
        let (here, rows) = lookout.replicas().await?;
        self.lookout = Some(lookout);
        Ok((sent, here, rows))
    }

    fn see(&mut self, sent: Tick, here: &Server, rows: &[Replica]) {
        for mut wait in std::mem::take(&mut self.waiting) {
            match wait.watch.see(sent, here, rows) {
                Ok(()) => self.waiting.push(wait),
                Err(unconfirmed) => wait.end(Err(unconfirmed)),
            }
        }
    }

    /// Answers those whose wait is over, and those who have waited for as long as they would have to, and could not ask.
    fn answer(&mut self) {
        let (now, hold) = (boot(), self.bound.hold());
        for wait in std::mem::take(&mut self.waiting) {
            match wait.watch.ended(now) {
                Some(effect) => wait.end(Ok(effect)),
                None if !wait.watch.has_seen() && wait.watch.lasts(now) >= hold => {
                    wait.end(Err(Unconfirmed::NotAsked));
                }
                None if wait.answer.is_closed() => {}
                None => self.waiting.push(wait),
            }
        }
    }

    async fn reap(&mut self, dead: &[(uuid::Uuid, i64)]) {
        let Some(lookout) = &self.lookout else { return };
        if dead.is_empty() {
            return;
        }
        self.memory.hooks().at(Point::Reap).await;
        match timeout(self.bound.patience(), lookout.reap(dead)).await {
            Ok(Ok(gone)) => {
                self.memory.meters().reaped(gone);
                info!(gone, "replicas that beat no more are not waited for any longer");
            }
            _ => self.lookout = None,
        }
    }
}
