//! Revoke a key, for good; and, if that is wanted, every key that it issued, and that those issued.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use super::{
    Admitted, Conflict, Done, House, Refusal, authority, effect::Takes, fresh::Held, house::Mode, record::changed,
};
use crate::{
    db::{
        Transaction, audit,
        keys::{self, Dated},
    },
    domain::{
        Capability, Denial, Key, KeyId, OrgId, Secret,
        audit::{Action, Change},
        name::Reason,
    },
};

/// How many events are made before other requests of the same thread have their turn.
const AT_ONCE: usize = 200;

/// How a key is to be revoked.
#[derive(Debug, Clone, Default)]
pub struct Revocation {
    /// Why.
    pub reason: Option<Reason>,
    /// Whether the keys that it issued go with it.
    pub cascade: bool,
}

/// What was revoked.
#[derive(Debug)]
pub struct Ended {
    /// The key.
    pub key: Dated,
    /// The keys that went with it, in the order of their ids.
    pub cascaded: Vec<Dated>,
    /// The key as it was.
    pub before: Key,
}

/// Revokes a key. When this answers, no replica accepts the key any more.
pub async fn revoke(
    house: &House,
    by: &Admitted,
    id: KeyId,
    how: &Revocation,
    mode: Mode,
) -> Result<Done<Ended>, Refusal> {
    // A key may have issued as many as the org may have.
    let patience = Duration::from_secs(if how.cascade { 60 } else { 10 });
    house
        .patiently_change(by.org(), id, mode, patience, async |transaction| {
            let managed = authority::manage(transaction, by, id).await?;
            if how.cascade && !managed.is_admin() {
                return Err(Denial::CapabilityMissing(Capability::Admin).into());
            }
            if managed.subject.key.revoked.is_some() {
                return Err(Conflict::AlreadyRevoked.into());
            }
            let line = if how.cascade { lock_line(transaction, by.org(), id).await? } else { Vec::new() };
            let before = living(transaction, by.org(), &line).await?;
            let ids: Vec<KeyId> = std::iter::once(id).chain(before.iter().map(|one| one.key.id)).collect();
            keys::revoke(transaction, by.org(), &ids, by.actor(), how.reason.as_ref()).await?;
            let was = managed.subject.key.clone();
            let before: Vec<Dated> = std::iter::once(managed.subject).chain(before).collect();
            let mut after = write_down(transaction, by, &before).await?;
            let at = after.iter().position(|one| one.key.id == id).ok_or(Refusal::NotFound)?;
            Ok((Ended { key: after.remove(at), cascaded: after, before: was }, Takes::Away))
        })
        .await
}

/// Revokes the key that a secret is of. Where there is none, where the caller may not know of it, and where the secret is of no
/// use any more, nothing happens, and nobody is told which of these it was (RFC 7009, 2.2).
pub async fn revoke_by_secret(house: &House, by: &Admitted, secret: Option<Secret>) -> Result<(), Refusal> {
    let Some(secret) = secret else { return Ok(()) };
    let Ok(Held { known, now, .. }) = house.fresh.holder(house.store.asker(), secret.hash()).await? else {
        return Ok(());
    };
    let (own, subject) = (by.credential()?.terms.grant.owner, &known.credential);
    // What was replaced is dead, and the key that goes on has another secret. What has only expired or is disabled could live
    // again, and a revocation may not hold everywhere yet.
    if !subject.is_known_to(own) || (subject.is_replaced(now) && !subject.is_revoked) {
        return Ok(());
    }
    match revoke(house, by, subject.key, &Revocation::default(), Mode::Real).await {
        Err(Refusal::NotFound) if subject.ensure_live(now).is_ok() => Err(Refusal::NotYours),
        Ok(_) | Err(Refusal::NotFound | Refusal::AlreadySo(Conflict::AlreadyRevoked, _)) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

/// Locks every key that this one issued, and that those issued. None of them can issue another while it is locked, so
/// that asking until nothing new comes up finds them all.
async fn lock_line(transaction: &Transaction<'_>, org: OrgId, id: KeyId) -> Result<Vec<KeyId>, Refusal> {
    let mut locked = BTreeSet::new();
    loop {
        let line = keys::descendants(transaction, org, id).await?;
        let new: Vec<KeyId> = line.into_iter().filter(|one| *one != id && locked.insert(*one)).collect();
        if new.is_empty() {
            return Ok(locked.into_iter().collect());
        }
        keys::lock_all(transaction, org, &new).await?;
    }
}

async fn living(transaction: &Transaction<'_>, org: OrgId, ids: &[KeyId]) -> Result<Vec<Dated>, Refusal> {
    let all = keys::many(transaction, org, ids).await?;
    Ok(all.into_iter().filter(|one| one.key.revoked.is_none()).collect())
}

async fn write_down(transaction: &Transaction<'_>, by: &Admitted, before: &[Dated]) -> Result<Vec<Dated>, Refusal> {
    let ids: Vec<KeyId> = before.iter().map(|one| one.key.id).collect();
    let after = keys::many(transaction, by.org(), &ids).await?;
    let was: HashMap<KeyId, &Key> = before.iter().map(|one| (one.key.id, &one.key)).collect();
    let mut events: Vec<Change> = Vec::with_capacity(after.len());
    for one in &after {
        let before = was.get(&one.key.id).copied().ok_or(Refusal::Impossible("a revoked key that was not there"))?;
        events.push(changed(Action::KeyRevoked, before, &one.key));
        if events.len().is_multiple_of(AT_ONCE) {
            tokio::task::yield_now().await;
        }
    }
    let mut head = audit::head(transaction, by.org()).await?;
    let ended = i64::try_from(events.len()).unwrap_or(i64::MAX);
    head.unrevoked_keys = head.unrevoked_keys.saturating_sub(ended).max(0);
    audit::append(transaction, head, by.actor(), by.trail(), events).await?;
    Ok(after)
}
