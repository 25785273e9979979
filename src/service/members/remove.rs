//! Remove a member, or leave; what becomes of its keys.

use std::{collections::HashMap, time::Duration};

use super::edit::hold;
use crate::{
    db::{
        Transaction, audit,
        keys::{self, Dated},
        members::{self, Named},
    },
    domain::{
        Capability, Email, Key, KeyId, Member, OrgId, Owner, Requirement, UserId,
        audit::{Action, Actor, Change, Trail},
        name::Reason,
    },
    service::{
        Admitted, Done, House, Refusal,
        authority::Holding,
        effect::Takes,
        house::Mode,
        invitations::withdraw_all,
        record::{changed, ended},
    },
};

/// How many of the keys that somebody issued are looked at, to tell who leaves which they are.
const MOST_LOOKED_AT: usize = 1_000;
/// Why keys of a person who was removed are revoked.
const REASON: &str = "the member was removed";

/// How a member is to be removed.
#[derive(Debug, Clone, Copy)]
pub struct Removal {
    /// Whether the keys that it issued and that are the org's are revoked too.
    pub revoke_issued: bool,
}

/// The keys of a member that its removal concerns.
#[derive(Debug, Clone)]
pub struct Concerned {
    /// Bound to the person: they are revoked, so that none wakes up when the person comes back.
    pub personal: Vec<Named>,
    /// Issued by the person and not its own, as far as the caller may know of them.
    pub issued: Vec<Named>,
    /// How many more of these there are.
    pub hidden: usize,
}

/// What was removed.
#[derive(Debug)]
pub struct Removed {
    /// The member as it was.
    pub member: Member,
    /// The keys concerned.
    pub keys: Concerned,
    /// How many of them were revoked.
    pub revoked: usize,
}

/// Removes a member, and waits until every replica knows it as one no more. Also where there is none: it may have been removed
/// by one whose answer was lost before that held everywhere.
pub async fn remove(
    house: &House,
    by: &Admitted,
    user: UserId,
    how: Removal,
    mode: Mode,
) -> Result<Done<Removed>, Refusal> {
    let org = by.org();
    // A person may have issued as many keys as the org may have.
    let patience = Duration::from_mins(1);
    let done = house
        .patiently_change(org, user, mode, patience, async |transaction| {
            // Its part is held: it issues nothing more until this is decided.
            let (caller, member, owners) = hold(transaction, by, user).await?;
            // Who leaves takes nothing along but its own.
            if how.revoke_issued {
                let wanted = Requirement { within: Owner::Org(org), capability: Capability::Admin, topic: None };
                caller.rights().permits(&wanted)?;
            }
            caller.who().ensure_removes(user, &member.part, owners)?;
            let personal = members::personal(transaction, org, user).await?;
            let issued = members::issued(transaction, org, user).await?;
            let doomed = doomed(&personal, &issued, how);
            let (issued, hidden) = known(transaction, &caller, org, issued).await?;
            let keys = Concerned { personal, issued, hidden };
            members::remove(transaction, org, user).await?;
            let (whose, end) = ((&member.user.email, &doomed[..]), ended(Action::MemberRemoved, &member));
            let revoked = write_down(transaction, org, (by.actor(), by.trail()), whose, Some(end)).await?;
            Ok((Removed { member, keys, revoked }, Takes::Away))
        })
        .await;
    if matches!(done, Err(Refusal::NotFound)) && mode == Mode::Real {
        house.settle_again(org, user.into()).await?;
    }
    done
}

/// The keys that go with it. Who may remove a member is admin of the whole org, and so covers each of them.
fn doomed(personal: &[Named], issued: &[Named], how: Removal) -> Vec<KeyId> {
    let issued = issued.iter().filter(|_| how.revoke_issued);
    let mut doomed: Vec<KeyId> = personal.iter().chain(issued).map(|key| key.id).collect();
    doomed.sort_unstable();
    doomed
}

/// Those of these keys that the caller may know of, and how many more there are: who was an admin once, and leaves, is told of none that
/// it could not look at.
async fn known(
    transaction: &Transaction<'_>,
    caller: &Holding,
    org: OrgId,
    all: Vec<Named>,
) -> Result<(Vec<Named>, usize), Refusal> {
    if caller.rights().is_whole(org) {
        return Ok((all, 0));
    }
    let ids: Vec<KeyId> = all.iter().take(MOST_LOOKED_AT).map(|key| key.id).collect();
    let keys = keys::many(transaction, org, &ids).await?;
    let known = keys.iter().filter(|one| caller.rights().manages(&one.key.terms.grant));
    let known: Vec<Named> = known.map(|one| Named::from(&one.key)).collect();
    let hidden = all.len() - known.len();
    Ok((known, hidden))
}

/// Revokes the keys, takes back what would let the person in again, and writes down all of it with the change that ends its part;
/// answers how many keys were revoked. The org is held.
pub(in crate::service) async fn write_down(
    transaction: &Transaction<'_>,
    org: OrgId,
    (actor, trail): (Actor, &Trail),
    (email, doomed): (&Email, &[KeyId]),
    end: Option<Change>,
) -> Result<usize, Refusal> {
    let mut events = revoke(transaction, org, actor, doomed, REASON).await?;
    let revoked = events.len();
    events.extend(withdraw_all(transaction, org, email).await?);
    events.extend(end);
    append(transaction, org, (actor, trail), events, revoked).await?;
    Ok(revoked)
}

/// Revokes these keys for this reason, and writes that down; answers how many were not revoked before.
pub(in crate::service) async fn revoke_all(
    transaction: &Transaction<'_>,
    org: OrgId,
    (actor, trail): (Actor, &Trail),
    doomed: &[KeyId],
    reason: &str,
) -> Result<usize, Refusal> {
    let events = revoke(transaction, org, actor, doomed, reason).await?;
    let revoked = events.len();
    if revoked > 0 {
        append(transaction, org, (actor, trail), events, revoked).await?;
    }
    Ok(revoked)
}

async fn append(
    transaction: &Transaction<'_>,
    org: OrgId,
    (actor, trail): (Actor, &Trail),
    events: Vec<Change>,
    revoked: usize,
) -> Result<(), Refusal> {
    let mut head = audit::head(transaction, org).await?;
    let ended = i64::try_from(revoked).unwrap_or(i64::MAX);
    head.unrevoked_keys = head.unrevoked_keys.saturating_sub(ended).max(0);
    Ok(audit::append(transaction, head, actor, trail, events).await?)
}

async fn revoke(
    transaction: &Transaction<'_>,
    org: OrgId,
    actor: Actor,
    doomed: &[KeyId],
    reason: &str,
) -> Result<Vec<Change>, Refusal> {
    if doomed.is_empty() {
        return Ok(Vec::new());
    }
    keys::lock_all(transaction, org, doomed).await?;
    let all = keys::many(transaction, org, doomed).await?;
    // One may have been revoked while it was waited for.
    let before: HashMap<KeyId, Key> =
        all.into_iter().filter(|one| one.key.revoked.is_none()).map(|Dated { key, .. }| (key.id, key)).collect();
    let mut ids: Vec<KeyId> = before.keys().copied().collect();
    ids.sort_unstable();
    let reason: Reason = reason.parse().map_err(|_| Refusal::Impossible("the reason is legal"))?;
    keys::revoke(transaction, org, &ids, actor, Some(&reason)).await?;
    let after = keys::many(transaction, org, &ids).await?;
    let change = |one: &Dated| before.get(&one.key.id).map(|was| changed(Action::KeyRevoked, was, &one.key));
    Ok(after.iter().filter_map(change).collect())
}
