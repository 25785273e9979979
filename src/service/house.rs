//! The house: what every verb stands on, and the one way to make a change.

use std::{sync::Arc, time::Duration};

use crate::{
    db::{self, Store, Transaction, audit, meshes, store::begin},
    domain::{
        MeshId, OrgId, Prefix, TrustedProxies,
        audit::{Actor, Change, Trail},
        session::Lifetimes,
    },
};

use super::{
    Refusal,
    again::undisturbed,
    failures::Failures,
    fresh::{Basis, Fresh},
    live::Live,
    mail::Mail,
    meters::Meters,
    openid::Providers,
    passkeys::Passkeys,
    passwords::Passwords,
    patience::{PATIENCE, within},
    turns::Turns,
    uses::Uses,
    webhooks::Webhooks,
};

/// What every verb stands on.
pub struct House {
    /// The database.
    pub store: Store,
    /// What is remembered of keys, and the ties to the other replicas.
    pub fresh: Fresh,
    /// What is counted.
    pub meters: Arc<Meters>,
    /// Whose word about addresses is taken.
    pub trusted_proxies: TrustedProxies,
    /// What new keys begin with.
    pub prefix: Prefix,
    /// How many live keys an org may have.
    pub most_live_keys: i64,
    /// Uses that are not yet written down.
    pub uses: Uses,
    /// Authentications that failed, by address.
    pub failures: Failures,
    /// How long people stay signed in.
    pub lifetimes: Lifetimes,
    /// Where passwords are hashed.
    pub passwords: Passwords,
    /// Where passkeys work, if anywhere.
    pub passkeys: Passkeys,
    /// The way that mail goes.
    pub mail: Mail,
    /// The way that webhooks are called.
    pub webhooks: Webhooks,
    /// Who listens to what is sent.
    pub live: Live,
    /// By whom people may sign in besides.
    pub providers: Providers,
    /// How many transactions each org may have under way.
    pub turns: Turns,
    /// How many long walks along its chain each org may have under way: one.
    pub walks: Turns,
}

/// Whether a change is to be made, or only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Make it.
    Real,
    /// Do all of it and take it back: every check is the real one.
    Dry,
}

/// How long the database may take for who only asks whether it answers.
const READY: Duration = Duration::from_secs(2);

impl House {
    /// Runs `work` in one transaction that acts for `org`. Taken back when it fails, or in a dry run.
    pub(super) async fn within<T>(
        &self,
        org: OrgId,
        mode: Mode,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.patiently_within(org, mode, PATIENCE, work).await
    }

    /// The same, for a work that may take longer.
    pub(super) async fn patiently_within<T>(
        &self,
        org: OrgId,
        mode: Mode,
        patience: Duration,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        undisturbed(async || within(patience, self.once_within(org, mode, &work)).await).await
    }

    async fn once_within<T>(
        &self,
        org: OrgId,
        mode: Mode,
        work: &impl AsyncFn(&Transaction<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let _turn = self.turns.take(org).await?;
        self.store
            .ask(async |client| {
                let transaction = begin(client, org).await?;
                let done = work(&transaction).await;
                let end = match (mode, &done) {
                    (Mode::Real, Ok(_)) => transaction.commit().await,
                    _ => transaction.rollback().await,
                };
                let value = done?;
                end.map_err(db::Error::from)?;
                Ok(value)
            })
            .await
    }

    /// On what decisions are made now. A beat that was just acknowledged shows that the database answers; without one it is
    /// asked.
    pub async fn basis(&self) -> Result<Basis, db::Error> {
        let basis = self.fresh.memory.basis();
        if basis == Basis::Asking {
            within(READY, self.store.ping()).await?;
        }
        Ok(basis)
    }

    /// The mesh of this org with that name or id, and whether it is archived: remembered, or read just now.
    pub(super) async fn place(&self, org: OrgId, named: &str) -> Result<Option<(MeshId, bool)>, Refusal> {
        if let Some(known) = self.fresh.place(org, named) {
            return Ok(Some((known.mesh, known.is_archived)));
        }
        let looking = self.fresh.look_at_place();
        let look = async |transaction: &Transaction<'_>| {
            let mesh = meshes::resolve(transaction, org, named).await?;
            looking.ensure_relied_on(transaction).await?;
            Ok(mesh)
        };
        // Nearly always it is remembered: what waits, for hours perhaps, is not to have room for this too.
        let looked = Box::pin(self.look(org, look)).await;
        if let (Err(Refusal::Store(_)), Some(known)) = (&looked, self.fresh.place_in_grace(org, named)) {
            return Ok(Some((known.mesh, known.is_archived)));
        }
        let mesh = looked?;
        if let Some(mesh) = &mesh {
            looking.remember(org, named, mesh.id, mesh.archived_at.is_some());
        }
        Ok(mesh.map(|mesh| (mesh.id, mesh.archived_at.is_some())))
    }

    /// Runs `look`, which changes nothing, in a transaction that acts for `org`.
    pub(super) async fn look<T>(
        &self,
        org: OrgId,
        look: impl AsyncFn(&Transaction<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.within(org, Mode::Real, look).await
    }
}

/// Writes one change down, as the last act of its transaction.
pub(super) async fn record(
    transaction: &Transaction<'_>,
    org: OrgId,
    actor: Actor,
    trail: &Trail,
    change: Change,
) -> Result<(), Refusal> {
    let head = audit::head(transaction, org).await?;
    Ok(audit::append(transaction, head, actor, trail, vec![change]).await?)
}
