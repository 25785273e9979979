//! The thread of the beats and of the watch: however busy the others are with requests, a beat is sent in time.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    runtime::Builder,
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        oneshot,
    },
};
use tracing::error;

use super::{
    Duty, Wishes,
    beats::Beats,
    memory::Memory,
    waits::{Wait, Waits},
};
use crate::db::connect::Target;

/// The thread, once there is one.
pub(super) struct Thread {
    target: Target,
    wishes: Wishes,
    memory: Arc<Memory>,
    running: Mutex<Option<Running>>,
    beats: AtomicBool,
}

/// What the thread is told by. It ends when this is gone.
struct Running {
    come: UnboundedSender<Wait>,
    stop: oneshot::Sender<oneshot::Sender<()>>,
}

impl Thread {
    pub(super) const fn new(target: Target, wishes: Wishes, memory: Arc<Memory>) -> Self {
        Self { target, wishes, memory, running: Mutex::new(None), beats: AtomicBool::new(false) }
    }

    /// Begins to beat.
    pub(super) fn beat(&self) {
        self.beats.store(true, Ordering::Relaxed);
        self.with(|_| ());
    }

    /// Lets a change wait.
    pub(super) fn watch(&self, wait: Wait) {
        // Who is gone drops the wait, which answers it.
        self.with(|running| drop(running.come.send(wait)));
    }

    fn with<T>(&self, tell: impl FnOnce(&Running) -> T) -> T {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        tell(running.get_or_insert_with(|| self.start()))
    }

    fn start(&self) -> Running {
        let ((come, comes), (stop, stopped)) = (unbounded_channel(), oneshot::channel());
        let beats =
            self.beats.load(Ordering::Relaxed).then(|| Beats::new(&self.target, &self.wishes, self.memory.clone()));
        let serves = self.wishes.duty == Duty::Serve;
        let waits = serves.then(|| Waits::new(&self.target, Arc::clone(&self.memory), comes));
        let spawned =
            std::thread::Builder::new().name("freshness".to_owned()).spawn(move || run(beats, waits, stopped));
        if let Err(error) = spawned {
            error!(%error, "there is no thread for the beats: nothing is remembered, and no change can be confirmed");
        }
        Running { come, stop }
    }

    /// Ends it. Whoever waits is answered that nothing is known.
    pub(super) async fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { stop, .. }) = running {
            let (done, ended) = oneshot::channel();
            let _ = stop.send(done);
            let _ = ended.await;
        }
    }
}

fn run(mut beats: Option<Beats>, mut waits: Option<Waits>, stopped: oneshot::Receiver<oneshot::Sender<()>>) {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
        error!("there is no runtime for the beats: nothing is remembered, and no change can be confirmed");
        return;
    };
    runtime.block_on(async move {
        let beating = async {
            match &mut beats {
                Some(beats) => beats.run().await,
                None => std::future::pending().await,
            }
        };
        let watching = async {
            match &mut waits {
                Some(waits) => waits.run().await,
                None => std::future::pending().await,
            }
        };
        let told = tokio::select! {
            told = stopped => told.ok(),
            () = beating => None,
            () = watching => None,
        };
        if let Some(done) = told {
            if let Some(beats) = &beats {
                beats.leave().await;
            }
            let _ = done.send(());
        }
    });
}
