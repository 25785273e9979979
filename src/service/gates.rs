//! Gates: make, list, show, edit, delete. And the gate that a gateway names, for who judges by it.

use std::sync::Arc;

use super::{
    Admitted, Conflict, Done, House, IfMatch, Kept, Once, Refusal, authority,
    capabilities::ensure_declared,
    edit::Patch,
    effect::Takes,
    house::{Mode, record},
    meshes::taken,
    record::{changed, ended, made},
};
use crate::{
    db::{Transaction, gates, gates::NewGate, idempotency::Request, meshes},
    domain::{
        Gate, GateId, MeshId, OrgId, Slug,
        audit::Action,
        gate::{MOST_GATES, MethodChanges, Methods, TopicFrom},
        name::Description,
        page::{Limit, Page, read_cursor},
    },
};

/// What is to be changed. `None` is left as it is.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// How it is to be called.
    pub name: Option<Slug>,
    /// What it stands before.
    pub description: Option<Description>,
    /// What methods are to demand.
    pub methods: Option<MethodChanges>,
    /// Where the topic is to come from.
    pub topic: Patch<TopicFrom>,
    /// Whether the gateway can pass on that too much was asked for.
    pub deny_429: Option<bool>,
}

/// Makes a gate of the mesh with that name or id.
pub async fn create(
    house: &House,
    by: &Admitted,
    mesh: &str,
    new: &NewGate,
    request: Option<&Request>,
    keep: &dyn Fn(&Gate) -> Kept,
) -> Result<Once<Gate>, Refusal> {
    let org = by.org();
    house
        .once(by, Mode::Real, request, keep, async |transaction| {
            // One at a time: two that count at once would each find room.
            authority::hold_with_org(transaction, by).await?;
            let mesh = place(transaction, org, mesh).await?;
            ensure_all_declared(transaction, org, &new.methods).await?;
            let gate = gates::insert(transaction, org, mesh, new).await.map_err(taken)?;
            if gates::count(transaction, org).await? > MOST_GATES {
                return Err(Conflict::GateLimitReached.into());
            }
            record(transaction, org, by.actor(), by.trail(), made(Action::GateCreated, &gate)).await?;
            Ok(gate)
        })
        .await
}

async fn place(transaction: &Transaction<'_>, org: OrgId, named: &str) -> Result<MeshId, Refusal> {
    let mesh = meshes::resolve(transaction, org, named).await?;
    let mesh = mesh.ok_or_else(|| Refusal::invalid("/mesh", "there is no such mesh in this org"))?;
    if mesh.archived_at.is_some() {
        return Err(Refusal::invalid("/mesh", "the mesh is archived: nobody would pass"));
    }
    Ok(mesh.id)
}

async fn ensure_all_declared(transaction: &Transaction<'_>, org: OrgId, methods: &Methods) -> Result<(), Refusal> {
    ensure_declared(transaction, org, methods.capabilities(), "/methods").await
}

/// The gates of the org, by name.
pub async fn list(house: &House, by: &Admitted, limit: Limit, cursor: Option<&str>) -> Result<Page<Gate>, Refusal> {
    let org = by.org();
    let bound = ("gates", org);
    let after: String = cursor.map(|cursor| read_cursor(&bound, cursor)).transpose()?.unwrap_or_default();
    let rows = house.look(org, async |transaction| Ok(gates::list(transaction, org, &after, limit).await?)).await?;
    Ok(Page::cut(rows, limit, &bound, |gate| gate.name.to_string()))
}

/// The gate that is meant by an id or a name.
pub async fn show(house: &House, by: &Admitted, named: &str) -> Result<Gate, Refusal> {
    let org = by.org();
    house.look(org, async |transaction| gates::resolve(transaction, org, named).await?.ok_or(Refusal::NotFound)).await
}

/// Holds the gate that is meant, with the caller's own key.
async fn hold(transaction: &Transaction<'_>, by: &Admitted, named: &str) -> Result<Gate, Refusal> {
    authority::hold(transaction, by).await?;
    let meant = gates::resolve(transaction, by.org(), named).await?.ok_or(Refusal::NotFound)?;
    gates::lock(transaction, by.org(), meant.id).await?.ok_or(Refusal::NotFound)
}

/// Changes a gate, and waits until every replica judges by what it is now.
pub async fn edit(
    house: &House,
    by: &Admitted,
    named: &str,
    edit: &Edit,
    seen: &IfMatch,
) -> Result<Done<Gate>, Refusal> {
    let org = by.org();
    house
        .change(org, org, Mode::Real, async |transaction| {
            let before = hold(transaction, by, named).await?;
            seen.ensure(before.version)?;
            let (old, new) = (NewGate::from(&before), edited(&before, edit)?);
            if new == old {
                return Ok((before, Takes::AlreadySo));
            }
            ensure_all_declared(transaction, org, &new.methods).await?;
            let after = gates::edit(transaction, org, before.id, &new).await.map_err(taken)?;
            let change = changed(Action::GateEdited, &before, &after);
            record(transaction, org, by.actor(), by.trail(), change).await?;
            // Another rule lets some through and stops others: who is told of it relies on both.
            Ok((after, Takes::Away))
        })
        .await
}

fn edited(before: &Gate, edit: &Edit) -> Result<NewGate, Refusal> {
    let mut new = NewGate::from(before);
    new.name = edit.name.clone().unwrap_or(new.name);
    new.description = edit.description.clone().unwrap_or(new.description);
    if let Some(changes) = &edit.methods {
        new.methods = new.methods.edited(changes).map_err(|error| Refusal::invalid("/methods", error.to_string()))?;
    }
    new.topic = edit.topic.clone().of(new.topic);
    new.deny_429 = edit.deny_429.unwrap_or(new.deny_429);
    Ok(new)
}

/// Deletes a gate, and waits until no replica knows it any more. Also where there is none: it may have been deleted by one
/// whose answer was lost before that held everywhere.
pub async fn delete(house: &House, by: &Admitted, named: &str) -> Result<Done<Gate>, Refusal> {
    let org = by.org();
    let done = house
        .change(org, org, Mode::Real, async |transaction| {
            let gate = hold(transaction, by, named).await?;
            gates::delete(transaction, org, gate.id).await?;
            record(transaction, org, by.actor(), by.trail(), ended(Action::GateDeleted, &gate)).await?;
            Ok((gate, Takes::Away))
        })
        .await;
    if matches!(done, Err(Refusal::NotFound)) {
        house.settle_again(org, org.into()).await?;
    }
    done
}

impl House {
    /// The gate of this org with that id: remembered, or read just now. What is another org's is not there.
    pub(super) async fn gate(&self, org: OrgId, id: GateId) -> Result<Option<Arc<Gate>>, Refusal> {
        if let Some(known) = self.fresh.memory.gate(org, id) {
            return Ok(Some(known));
        }
        let looking = self.fresh.look_at_place();
        let look = async |transaction: &Transaction<'_>| {
            let gate = gates::show(transaction, org, id).await?;
            looking.ensure_relied_on(transaction).await?;
            Ok(gate.map(Arc::new))
        };
        let looked = self.look(org, look).await;
        if let (Err(Refusal::Store(_)), Some(known)) = (&looked, self.fresh.memory.gate_in_grace(org, id)) {
            return Ok(Some(known));
        }
        Ok(looked?.inspect(|gate| looking.remember_gate(gate)))
    }
}
