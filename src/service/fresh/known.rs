//! What is remembered: holders of secrets, meshes by name, gates, and the capabilities that orgs have declared.

use std::{
    sync::{Arc, Mutex, TryLockError},
    time::Duration,
};

use super::{
    boot,
    changes::{Slot, Ticket},
    limits::Limit,
    memory::{Memory, Named},
};
use crate::domain::{
    Credential, Gate, GateId, MeshId, OrgId,
    capability::DeclaredName,
    key::Use,
    rate::{Exceeded, Left},
};

/// The holder of a secret, as it was read.
pub struct Known {
    /// All that decides over it.
    pub credential: Credential,
    pub(super) stamp: Ticket,
    pub(super) slots: [Slot; 3],
    last_use: Mutex<Option<Use>>,
    limit: Option<Limit>,
}

impl Known {
    pub(super) fn new(credential: Credential, stamp: Ticket, limit: Option<Limit>) -> Self {
        let owner = credential.terms.grant.owner;
        let (key, org) = (Slot::of(credential.key.uuid()), Slot::of(owner.org().uuid()));
        let mesh = owner.mesh().map_or(org, |mesh| Slot::of(mesh.uuid()));
        Self { credential, stamp, slots: [key, org, mesh], last_use: Mutex::new(None), limit }
    }

    /// Takes one use from its rate, if it has one.
    pub(in crate::service) fn take(&self) -> Result<(), Exceeded> {
        self.limit.as_ref().map_or(Ok(()), |limit| limit.take(boot()))
    }

    /// What is left of its rate, if it has one.
    pub(in crate::service) fn left(&self) -> Option<Left> {
        self.limit.as_ref().map(|limit| limit.left(boot()))
    }

    /// Notes a use; tells whether it is the first since the last [`Known::take_use`]. Who finds another at it leaves it to
    /// that one: it is a use of the same moment.
    pub(in crate::service) fn note(&self, used: Use) -> bool {
        let mut last = match self.last_use.try_lock() {
            Ok(last) => last,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        last.replace(used).is_none()
    }

    /// The last use that was noted.
    pub(in crate::service) fn take_use(&self) -> Option<Use> {
        self.last_use.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }

    /// The last use that was noted, which stays.
    pub(in crate::service) fn has_use(&self) -> bool {
        self.last_use.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_some()
    }
}

/// A mesh by its name or id, as it was read: what never changes of it, and whether it is archived.
#[derive(Debug, Clone, Copy)]
pub struct KnownPlace {
    /// Which mesh.
    pub mesh: MeshId,
    /// Whether it is archived.
    pub is_archived: bool,
    pub(super) stamp: Ticket,
    pub(super) slot: Slot,
}

impl KnownPlace {
    pub(super) const fn new((mesh, is_archived): (MeshId, bool), stamp: Ticket) -> Self {
        Self { mesh, is_archived, stamp, slot: Slot::of(mesh.uuid()) }
    }
}

/// A capability that an org has declared.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownDeclared {
    stamp: Ticket,
    slot: Slot,
}

/// A gate of an org.
#[derive(Debug, Clone)]
pub(super) struct KnownGate {
    gate: Arc<Gate>,
    stamp: Ticket,
    slot: Slot,
}

impl Memory {
    /// The gate of that org with that id, if it is remembered and may be trusted.
    pub(in crate::service) fn gate(&self, org: OrgId, id: GateId) -> Option<Arc<Gate>> {
        self.gate_within(Duration::ZERO, org, id)
    }

    /// The same while the database is out of reach, for as long as the grace lasts.
    pub(in crate::service) fn gate_in_grace(&self, org: OrgId, id: GateId) -> Option<Arc<Gate>> {
        self.gate_within(self.bound().grace(), org, id)
    }

    fn gate_within(&self, beyond: Duration, org: OrgId, id: GateId) -> Option<Arc<Gate>> {
        let is_current = |known: &KnownGate| self.changes.none_since(known.stamp, &[known.slot]);
        let read = || self.gates.try_get(&(org, id)).ok().flatten().filter(is_current);
        Some(Arc::clone(&self.recall(beyond, read)?.what.gate))
    }

    /// Remembers it under its org: what is one org's is found by no other.
    pub(super) fn remember_gate(&self, gate: &Arc<Gate>, stamp: Ticket) {
        if self.may_remember() {
            let known = KnownGate { gate: Arc::clone(gate), stamp, slot: Slot::of(gate.org.uuid()) };
            let _ = self.gates.try_insert((gate.org, gate.id), known);
        }
    }

    /// Whether it is remembered that the org has declared this, and may be trusted.
    pub(in crate::service) fn declares(&self, org: OrgId, name: &DeclaredName) -> bool {
        self.declares_within(Duration::ZERO, org, name)
    }

    /// The same while the database is out of reach, for as long as the grace lasts.
    pub(in crate::service) fn declares_in_grace(&self, org: OrgId, name: &DeclaredName) -> bool {
        self.declares_within(self.bound().grace(), org, name)
    }

    fn declares_within(&self, beyond: Duration, org: OrgId, name: &DeclaredName) -> bool {
        let is_current = |known: &KnownDeclared| self.changes.none_since(known.stamp, &[known.slot]);
        let named = Named(org, name.as_str());
        self.recall(beyond, || self.declared.try_get(&named).ok().flatten().filter(is_current)).is_some()
    }

    pub(super) fn remember_declared(&self, org: OrgId, name: &DeclaredName, stamp: Ticket) {
        if self.may_remember() {
            let known = KnownDeclared { stamp, slot: Slot::of(org.uuid()) };
            let _ = self.declared.try_insert((org, name.as_str().into()), known);
        }
    }
}
