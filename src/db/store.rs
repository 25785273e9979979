//! The pools, one for each role, and transactions that say for which org they act.

use deadpool_postgres::{GenericClient as _, Object, Pool, Status};
use tokio_postgres::IsolationLevel;

use super::{Error, connect};
use crate::domain::OrgId;

/// A transaction. Rolled back unless it is committed.
pub type Transaction<'a> = deadpool_postgres::Transaction<'a>;

/// The database, as the service sees it.
#[derive(Clone)]
pub struct Store {
    app: Asker,
    walkers: Pool,
    operator: Pool,
}

/// The connections of one role, of which each is doubted that has failed.
#[derive(Clone)]
pub struct Asker(Pool);

/// The role of the service: every tenant table shows it one org at a time.
pub const APP: &str = "meshkey_app";
/// The role of the host's shell and of background work: sees every org.
pub const OPERATOR: &str = "meshkey_operator";
/// The role of the guard within a service of somebody else's: it looks up keys, reads the feed, and writes its own row.
pub const GUARD: &str = "meshkey_guard";
/// How many connections the operator's role has at most.
pub const OPERATORS: usize = 2;
/// How many connections walk along chains at most.
pub const WALKERS: usize = 4;
/// No statement, and no wait for another's lock, keeps a connection from the others for long.
const LIMITS: &str = "-c synchronous_commit=on -c default_transaction_isolation=read\\ committed -c lock_timeout=3s -c statement_timeout=8s -c idle_in_transaction_session_timeout=10s";
/// Who walks along a chain may rest between two statements, until its reader has taken what there is.
const WALKING: &str = "-c lock_timeout=3s -c statement_timeout=8s -c idle_in_transaction_session_timeout=20s";

impl Asker {
    /// At most `size` connections in this role. They are made when they are needed.
    pub fn new(target: &connect::Target, role: &str, size: usize) -> Result<Self, connect::Error> {
        target.as_role(role).with_options(LIMITS).pool(size).map(Self)
    }

    /// Runs `work` on a connection. One that fails it, or on which it is given up, is not used again: it may hang, be about to
    /// end, or have begun as one that only reads.
    pub async fn ask<T, E: CastsDoubt>(&self, work: impl AsyncFnOnce(&mut Object) -> Result<T, E>) -> Result<T, E> {
        ask(&self.0, work).await
    }

    /// Closes every connection.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Store {
    /// The database at `target`, with at most `size` connections for requests. Connects when it is first used.
    pub fn new(target: &connect::Target, size: usize) -> Result<Self, connect::Error> {
        let app = Asker::new(target, APP, size)?;
        let walkers = target.as_role(APP).with_options(WALKING).pool(WALKERS)?;
        Ok(Self { app, walkers, operator: target.as_role(OPERATOR).with_options(LIMITS).pool(OPERATORS)? })
    }

    /// Runs `work` on a connection in the service's role, as [`Asker::ask`] does.
    pub async fn ask<T, E: CastsDoubt>(&self, work: impl AsyncFnOnce(&mut Object) -> Result<T, E>) -> Result<T, E> {
        self.app.ask(work).await
    }

    /// Connections in the service's role.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        &self.app
    }

    /// The same in the operator's role.
    pub async fn operate<T, E: CastsDoubt>(&self, work: impl AsyncFnOnce(&mut Object) -> Result<T, E>) -> Result<T, E> {
        ask(&self.operator, work).await
    }

    /// A connection in the service's role that acts for no org: sees no tenant's row.
    pub async fn client(&self) -> Result<Object, Error> {
        Ok(self.app.0.get().await?)
    }

    /// The same, for a long walk along a chain: no request waits for such a connection but another walk.
    pub async fn walker(&self) -> Result<Walker, Error> {
        Ok(Walker(Held(Some(self.walkers.get().await?))))
    }

    /// A connection in the operator's role.
    pub async fn operator(&self) -> Result<Object, Error> {
        Ok(self.operator.get().await?)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        self.ask(async |client| Ok(client.simple_query("SELECT 1").await.map(drop)?)).await
    }

    /// Closes every connection.
    pub fn close(&self) {
        self.app.close();
        self.walkers.close();
        self.operator.close();
    }
}

/// How a pool is used at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// Connections that somebody has.
    pub in_use: usize,
    /// Connections that nobody has.
    pub idle: usize,
    /// How many wait for one.
    pub waiting: usize,
}

impl Store {
    /// How the pools are used: that of requests, that of walks, and the operator's.
    #[must_use]
    pub fn used(&self) -> [Used; 3] {
        [&self.app.0, &self.walkers, &self.operator].map(|pool| {
            let Status { size, available, waiting, .. } = pool.status();
            Used { in_use: size.saturating_sub(available), idle: available, waiting }
        })
    }
}

/// A failure that may be the connection's fault.
pub trait CastsDoubt: From<Error> {
    /// Whether the connection is better not used again.
    fn casts_doubt(&self) -> bool;
}

impl CastsDoubt for Error {
    fn casts_doubt(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// A connection that is closed unless it is given back.
struct Held(Option<Object>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

/// A connection to walk with. It is used by nobody else again unless it is given back, which is for who has heard that all
/// went well.
pub struct Walker(Held);

impl Walker {
    /// The connection.
    pub fn connection(&mut self) -> Result<&mut Object, Error> {
        self.0.0.as_mut().ok_or_else(|| Error::Unavailable("the connection was given back".to_owned()))
    }

    /// Lets others use it.
    pub fn give_back(mut self) {
        drop(self.0.0.take());
    }
}

async fn ask<T, E: CastsDoubt>(pool: &Pool, work: impl AsyncFnOnce(&mut Object) -> Result<T, E>) -> Result<T, E> {
    let mut held = Held(None);
    let client = held.0.insert(pool.get().await.map_err(Error::from)?);
    let outcome = work(client).await;
    if !outcome.as_ref().is_err_and(CastsDoubt::casts_doubt) {
        drop(held.0.take());
    }
    outcome
}

/// Begins a transaction that acts for `org`: row-level security shows it that org's rows, to its end.
pub async fn begin(client: &mut Object, org: OrgId) -> Result<Transaction<'_>, Error> {
    let transaction = client.transaction().await?;
    act_for(&transaction, org).await?;
    Ok(transaction)
}

/// Begins a transaction that acts for `org`, changes nothing, and sees everything as it was at one instant.
pub async fn begin_snapshot(client: &mut Object, org: OrgId) -> Result<Transaction<'_>, Error> {
    let transaction = snapshot(client).await?;
    act_for(&transaction, org).await?;
    Ok(transaction)
}

/// The same without an org, for the operator, who sees them all.
pub async fn snapshot(client: &mut Object) -> Result<Transaction<'_>, Error> {
    let builder = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    Ok(builder.read_only(true).start().await?)
}

/// Has a transaction act for `org` from here on: row-level security shows it that org's rows, to its end.
pub async fn act_for(transaction: &Transaction<'_>, org: OrgId) -> Result<(), Error> {
    let say = transaction.prepare_cached("SELECT set_config('meshkey.org', $1, true)").await?;
    transaction.execute(&say, &[&org.uuid().to_string()]).await?;
    Ok(())
}
