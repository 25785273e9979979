//! Capabilities that an org declares for services of its own: declare, list, show, describe, retire. And whether one is
//! declared, for everybody who is given its name.

use super::{
    Admitted, Conflict, Done, Fault, House, IfMatch, Kept, Once, Refusal, authority,
    effect::Takes,
    house::{Mode, record},
    meshes::taken,
    record::{changed, ended, made},
};
use crate::{
    db::{Transaction, capabilities, gates, idempotency::Request},
    domain::{
        Capability, DeclaredCapability, OrgId,
        audit::Action,
        capability::{DeclaredName, MOST_DECLARED, undeclared},
        name::Description,
        page::{Limit, Page, read_cursor, write_cursor},
    },
};

/// Declares a capability.
pub async fn declare(
    house: &House,
    by: &Admitted,
    name: &DeclaredName,
    description: &Description,
    request: Option<&Request>,
    keep: &dyn Fn(&DeclaredCapability) -> Kept,
) -> Result<Once<DeclaredCapability>, Refusal> {
    let org = by.org();
    house
        .once(by, Mode::Real, request, keep, async |transaction| {
            // One at a time: two that count at once would each find room.
            authority::hold_with_org(transaction, by).await?;
            let declared = capabilities::insert(transaction, org, name, description).await.map_err(taken)?;
            if capabilities::count(transaction, org).await? > MOST_DECLARED {
                return Err(Conflict::CapabilityLimitReached.into());
            }
            record(transaction, org, by.actor(), by.trail(), made(Action::CapabilityDeclared, &declared)).await?;
            Ok(declared)
        })
        .await
}

/// What the org has declared, by name.
pub async fn list(
    house: &House,
    by: &Admitted,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<DeclaredCapability>, Refusal> {
    let org = by.org();
    let bound = ("capabilities", org);
    let after: String = cursor.map(|cursor| read_cursor(&bound, cursor)).transpose()?.unwrap_or_default();
    house
        .look(org, async |transaction| {
            let mut items = capabilities::list(transaction, org, &after, limit).await?;
            let is_last = items.len() <= limit.get();
            items.truncate(limit.get());
            let last = items.last().filter(|_| !is_last).map(|last| last.name.to_string());
            Ok(Page { items, next: last.map(|last| write_cursor(&bound, &last)) })
        })
        .await
}

/// One of them.
pub async fn show(house: &House, by: &Admitted, name: &DeclaredName) -> Result<DeclaredCapability, Refusal> {
    let org = by.org();
    house
        .look(org, async |transaction| capabilities::show(transaction, org, name).await?.ok_or(Refusal::NotFound))
        .await
}

/// Says anew what it is for.
pub async fn edit(
    house: &House,
    by: &Admitted,
    name: &DeclaredName,
    description: Option<&Description>,
    seen: &IfMatch,
) -> Result<DeclaredCapability, Refusal> {
    let org = by.org();
    house
        .within(org, Mode::Real, async |transaction| {
            authority::hold(transaction, by).await?;
            let before = capabilities::lock(transaction, org, name).await?.ok_or(Refusal::NotFound)?;
            seen.ensure(before.version)?;
            let new = description.filter(|description| **description != before.description);
            let Some(description) = new else { return Ok(before) };
            let after = capabilities::edit(transaction, org, name, description).await?;
            let change = changed(Action::CapabilityEdited, &before, &after);
            record(transaction, org, by.actor(), by.trail(), change).await?;
            Ok(after)
        })
        .await
}

/// Retires it, unless a live key has it or a gate demands it. Its name may be declared again.
pub async fn retire(house: &House, by: &Admitted, name: &DeclaredName) -> Result<Done<DeclaredCapability>, Refusal> {
    let org = by.org();
    house
        .change(org, org, Mode::Real, async |transaction| {
            authority::hold(transaction, by).await?;
            let retired = capabilities::lock(transaction, org, name).await?.ok_or(Refusal::NotFound)?;
            if capabilities::bearers(transaction, org, name).await? > 0 {
                return Err(Conflict::CapabilityInUse.into());
            }
            if gates::demanding(transaction, org, name).await? > 0 {
                return Err(Conflict::CapabilityDemanded.into());
            }
            capabilities::retire(transaction, org, name).await?;
            let change = ended(Action::CapabilityRetired, &retired);
            record(transaction, org, by.actor(), by.trail(), change).await?;
            // No live key has it, and no gate demands it: nothing that is allowed anywhere ends with it.
            Ok((retired, Takes::Nothing))
        })
        .await
}

/// Refuses names that the org has not declared. Those that it has cannot be retired before the end of the transaction.
pub(super) async fn ensure_declared(
    transaction: &Transaction<'_>,
    org: OrgId,
    wanted: impl IntoIterator<Item = &Capability>,
    place: &str,
) -> Result<(), Refusal> {
    let wanted: Vec<&str> = wanted.into_iter().filter(|one| !one.is_built_in()).map(Capability::name).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let held = capabilities::hold(transaction, org, &wanted).await?;
    let missing: Vec<&str> = wanted.into_iter().filter(|name| !held.iter().any(|held| held == name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let known = capabilities::names(transaction, org).await?;
    Err(Refusal::Invalid(missing.into_iter().map(|name| Fault::at(place, undeclared(name, &known))).collect()))
}

impl House {
    /// Refuses to judge by a name that the org has not declared; that it has is remembered. `place` is where the input has it.
    pub(super) async fn ensure_known(
        &self,
        org: OrgId,
        capability: &Capability,
        place: impl Fn() -> String,
    ) -> Result<(), Refusal> {
        let Capability::Declared(name) = capability else { return Ok(()) };
        if self.fresh.memory.declares(org, name) {
            return Ok(());
        }
        let looking = self.fresh.look_at_place();
        let looked = self
            .look(org, async |transaction| {
                let found = capabilities::show(transaction, org, name).await?;
                looking.ensure_relied_on(transaction).await?;
                if found.is_some() {
                    return Ok(());
                }
                let known = capabilities::names(transaction, org).await?;
                Err(Refusal::invalid(place(), undeclared(name.as_str(), &known)))
            })
            .await;
        match looked {
            Err(Refusal::Store(_)) if self.fresh.memory.declares_in_grace(org, name) => Ok(()),
            looked => looked.inspect(|()| looking.remember_declared(org, name)),
        }
    }
}
