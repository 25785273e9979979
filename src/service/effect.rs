//! Changes of what decides over keys: committed, and then waited for until they hold everywhere.

use std::time::Duration;

use uuid::Uuid;

use super::{
    Admitted, Conflict, House, Kept, Once, Refusal,
    fresh::courtesy,
    house::Mode,
    patience::{PATIENCE, in_time},
};
use crate::{
    db::{
        self, Store, Transaction,
        fresh::feed::{self, Kind},
        idempotency::Request,
        store::begin,
    },
    domain::{
        KeyId, MeshId, OrgId, UserId,
        fresh::{Change, Effect, Unconfirmed},
    },
};

/// What a change does to what keys may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// It takes something away: who is told of it must be able to rely on it.
    Away,
    /// It takes nothing away.
    Nothing,
    /// It changes nothing, since it is so already: perhaps by one whose answer was lost before it held everywhere.
    AlreadySo,
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subject {
    kind: Kind,
    id: Uuid,
}

impl From<KeyId> for Subject {
    fn from(key: KeyId) -> Self {
        Self { kind: Kind::Key, id: key.uuid() }
    }
}

impl From<MeshId> for Subject {
    fn from(mesh: MeshId) -> Self {
        Self { kind: Kind::Mesh, id: mesh.uuid() }
    }
}

impl From<UserId> for Subject {
    fn from(user: UserId) -> Self {
        Self { kind: Kind::User, id: user.uuid() }
    }
}

impl From<OrgId> for Subject {
    fn from(org: OrgId) -> Self {
        Self { kind: Kind::Org, id: org.uuid() }
    }
}

/// That a change holds everywhere, and how that came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// How it came to hold everywhere.
    pub effect: Effect,
    /// The change: a verify that names it takes it into account.
    pub change: Change,
}

/// Something that was done; settled, if it changed what decides over keys.
#[derive(Debug)]
pub struct Done<T> {
    /// What was done.
    pub value: T,
    /// That it holds everywhere. Nothing for a dry run, and perhaps for what takes nothing away.
    pub settled: Option<Settled>,
}

impl<T> Done<T> {
    /// The same, shown otherwise.
    pub fn map<U>(self, show: impl FnOnce(T) -> U) -> Done<U> {
        Done { value: show(self.value), settled: self.settled }
    }
}

/// What was done in a transaction, and the change that it is.
type Made<T> = (T, Takes, Option<Change>);

impl House {
    /// Runs `work` in one transaction, and waits until what it changed of `subject` holds everywhere; also where it was so
    /// already.
    pub(super) async fn change<T>(
        &self,
        org: OrgId,
        subject: impl Into<Subject>,
        mode: Mode,
        work: impl AsyncFn(&Transaction<'_>) -> Result<(T, Takes), Refusal>,
    ) -> Result<Done<T>, Refusal> {
        self.patiently_change(org, subject, mode, PATIENCE, work).await
    }

    /// The same, for a work that may take longer.
    pub(super) async fn patiently_change<T>(
        &self,
        org: OrgId,
        subject: impl Into<Subject>,
        mode: Mode,
        patience: Duration,
        work: impl AsyncFn(&Transaction<'_>) -> Result<(T, Takes), Refusal>,
    ) -> Result<Done<T>, Refusal> {
        let outcome = self
            .patiently_within(org, mode, patience, async |transaction| {
                make(transaction, mode, work(transaction).await?).await
            })
            .await;
        self.settle(org, subject.into(), mode, outcome).await
    }

    /// The same at most once for the same request. A first answer is given again only when it holds everywhere.
    pub(super) async fn change_once<T>(
        &self,
        by: &Admitted,
        subject: impl Into<Subject>,
        mode: Mode,
        request: Option<&Request>,
        keep: &dyn Fn(&T) -> Kept,
        work: impl AsyncFn(&Transaction<'_>) -> Result<(T, Takes), Refusal>,
    ) -> Result<Done<Once<T>>, Refusal> {
        let keep = |made: &Made<T>| keep(&made.0);
        let once = self
            .once(by, mode, request, &keep, async |transaction| make(transaction, mode, work(transaction).await?).await)
            .await;
        let outcome = once.map(|once| match once {
            Once::Done((value, takes, change)) => (Once::Done(value), takes, change),
            Once::Replayed(kept) => (Once::Replayed(kept), Takes::AlreadySo, None),
        });
        self.settle(by.org(), subject.into(), mode, outcome).await
    }

    async fn settle<T>(
        &self,
        org: OrgId,
        subject: Subject,
        mode: Mode,
        outcome: Result<Made<T>, Refusal>,
    ) -> Result<Done<T>, Refusal> {
        match outcome {
            Err(Refusal::Conflict(conflict)) if conflict.is_already_so() && mode == Mode::Real => {
                let settled = self.settle_again(org, subject).await?;
                Err(Refusal::AlreadySo(conflict, settled))
            }
            Err(refusal) => Err(refusal),
            Ok((value, _, _)) if mode == Mode::Dry => Ok(Done { value, settled: None }),
            Ok((value, Takes::AlreadySo, _)) => {
                Ok(Done { value, settled: Some(self.settle_again(org, subject).await?) })
            }
            Ok((value, Takes::Nothing, change)) => Ok(Done { value, settled: self.courteously(change).await }),
            Ok((value, Takes::Away, change)) => {
                let change = change.ok_or(Refusal::Impossible("a change without a transaction"))?;
                Ok(Done { value, settled: Some(self.hold(change).await?) })
            }
        }
    }

    /// Waits until a change holds everywhere.
    pub(super) async fn hold(&self, change: Change) -> Result<Settled, Refusal> {
        match self.fresh.wait(change.clone()).await {
            Ok(effect) => {
                self.meters.took_effect(effect);
                Ok(Settled { effect, change })
            }
            Err(unconfirmed) => {
                self.meters.left_unconfirmed();
                Err(unconfirmed.into())
            }
        }
    }

    /// Waits a moment, so that who is given something finds it wherever it goes next. Nobody relies on it.
    pub(super) async fn courteously(&self, change: Option<Change>) -> Option<Settled> {
        let change = change?;
        let wait = tokio::time::timeout(courtesy(self.fresh.bound()), self.fresh.wait(change.clone()));
        Some(Settled { effect: wait.await.ok()?.ok()?, change })
    }

    /// It is so already: says it again, and waits for that. Who sees this change sees all that was committed before.
    pub(super) async fn settle_again(&self, org: OrgId, subject: Subject) -> Result<Settled, Refusal> {
        let change = in_time(say_again(&self.store, org, subject)).await?;
        self.hold(change).await
    }
}

async fn make<T>(transaction: &Transaction<'_>, mode: Mode, (value, takes): (T, Takes)) -> Result<Made<T>, Refusal> {
    let is_change = mode == Mode::Real && takes != Takes::AlreadySo;
    let change = if is_change { Some(feed::here(transaction).await?) } else { None };
    Ok((value, takes, change))
}

async fn say_again(store: &Store, org: OrgId, subject: Subject) -> Result<Change, db::Error> {
    store
        .ask(async |client| {
            let transaction = begin(client, org).await?;
            let change = feed::tell(&transaction, subject.kind, subject.id).await?;
            transaction.commit().await?;
            Ok(change)
        })
        .await
}

impl Conflict {
    /// Whether it says that something was taken away before: then that must hold everywhere.
    const fn is_already_so(self) -> bool {
        matches!(
            self,
            Self::AlreadyRevoked
                | Self::AlreadyDisabled
                | Self::AlreadyArchived
                | Self::AlreadySuspended
                | Self::NotRotating
        )
    }
}

impl From<Unconfirmed> for Refusal {
    fn from(unconfirmed: Unconfirmed) -> Self {
        Self::Unconfirmed(unconfirmed)
    }
}
