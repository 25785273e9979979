//! Give keys an end that have none or too late a one, and not all of them on the same day.

use std::{collections::HashMap, time::Duration};

use time::OffsetDateTime;

use super::{InForce, place};
use crate::{
    db::{
        Transaction, audit,
        keys::{self, Dated},
        policies,
    },
    domain::{
        Key, KeyId, Owner, Policy, Span,
        audit::Action,
        policy::{Rule, spread_ends},
    },
    service::{
        Admitted, Done, House, Refusal,
        authority::{self, Holding},
        effect::Takes,
        house::Mode,
        record::changed,
    },
};

/// How many keys are given an end at once.
const MOST: i64 = 200;
/// How long the database may take for that.
const PATIENCE: Duration = Duration::from_secs(30);

/// Keys that were given an end.
#[derive(Debug)]
pub struct Spread {
    /// As they are now.
    pub keys: Vec<Dated>,
    /// How many there are that still need one.
    pub left: i64,
}

/// Gives the first keys of the org, or of the mesh that is named, that have no end or too late a one for their policy an end, spread
/// over that time. No life becomes longer by that. Who asks again goes on with those that are left.
pub async fn spread(house: &House, by: &Admitted, over: Span, mode: Mode) -> Result<Done<Spread>, Refusal> {
    let (org, mesh) = (by.org(), place(by).mesh());
    house
        .patiently_change(org, org, mode, PATIENCE, async |transaction| {
            let found = policies::endless(transaction, org, mesh, MOST).await?;
            let caller = authority::hold_with_keys(transaction, by, &found).await?;
            caller.ensure_fresh()?;
            policies::hold(transaction, org).await?;
            let before = still_endless(transaction, by, &caller, &found).await?;
            let ids: Vec<KeyId> = before.iter().map(|one| one.0.id).collect();
            let after = if ids.is_empty() {
                Vec::new()
            } else {
                policies::end(transaction, org, &ends(&before, caller.now, over)).await?;
                keys::many(transaction, org, &ids).await?
            };
            let pairs = before.iter().zip(&after);
            let events: Vec<_> =
                pairs.map(|((before, _), after)| changed(Action::KeyEdited, before, &after.key)).collect();
            if !events.is_empty() {
                let head = audit::head(transaction, org).await?;
                audit::append(transaction, head, by.actor(), by.trail(), events).await?;
            }
            let left = policies::count_endless(transaction, org, mesh).await?;
            let takes = if after.is_empty() { Takes::AlreadySo } else { Takes::Away };
            Ok((Spread { keys: after, left }, takes))
        })
        .await
}

/// Those of these keys that the caller manages and that have no end or too late a one still, with what holds for each.
async fn still_endless(
    transaction: &Transaction<'_>,
    by: &Admitted,
    caller: &Holding,
    ids: &[KeyId],
) -> Result<Vec<(Key, Policy)>, Refusal> {
    let mut known: HashMap<Owner, Policy> = HashMap::new();
    let mut kept = Vec::new();
    for Dated { key, now } in keys::many(transaction, by.org(), ids).await? {
        let owner = key.terms.grant.owner;
        let policy = match known.get(&owner) {
            Some(policy) => policy.clone(),
            None => InForce::read(transaction, owner).await?.both,
        };
        known.insert(owner, policy.clone());
        let broken = policy.broken_by(&key.terms, true, now);
        let is_endless = broken.iter().any(|rule| matches!(rule, Rule::LongestLife | Rule::ExpiryRequired));
        let is_live = key.revoked.is_none() && !key.terms.is_expired(now);
        if is_endless && is_live && caller.rights().manages(&key.terms.grant) {
            kept.push((key, policy));
        }
    }
    Ok(kept)
}

fn ends(keys: &[(Key, Policy)], now: OffsetDateTime, over: Span) -> Vec<(KeyId, OffsetDateTime)> {
    // Within the shortest life that one of them may have, so that none ends together with others at the latest time that it may.
    let over = keys.iter().filter_map(|(_, policy)| policy.longest_life).fold(over, Span::min);
    let ends = spread_ends(now, over, keys.len());
    keys.iter().map(|(key, _)| key.id).zip(ends).collect()
}
