//! Turns: no org has more than a share of the database's connections at once, so that none can keep the others waiting.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{db, domain::OrgId};

/// How many transactions each org may have under way.
pub struct Turns {
    share: usize,
    orgs: Mutex<HashMap<OrgId, Arc<Semaphore>>>,
}

impl Turns {
    /// A quarter of `connections` for each org, and at least one.
    #[must_use]
    pub fn of(connections: usize) -> Self {
        Self { share: (connections / 4).max(1), orgs: Mutex::default() }
    }

    /// Waits for a turn of this org, which lasts until the permit is dropped. First come, first served.
    pub(super) async fn take(&self, org: OrgId) -> Result<OwnedSemaphorePermit, db::Error> {
        let turns = {
            let mut orgs = self.orgs.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(orgs.entry(org).or_insert_with(|| Arc::new(Semaphore::new(self.share))))
        };
        turns.acquire_owned().await.map_err(|_| db::Error::Unavailable("the service is stopping".to_owned()))
    }
}
