//! What the audit says of things before and after a change. Never a secret or a hash.

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;

use super::webhooks::{Webhook, place_of};
use crate::domain::{
    DeclaredCapability, Gate, Key, Member, Mesh, MeshId, Org, OrgId, Topic, TopicName,
    audit::{Action, Change, Subject},
    invitation::Invitation,
    role::Role,
};

/// A thing of which changes are written down.
pub(super) trait Recorded {
    /// What it is.
    fn subject(&self) -> Subject;
    /// The mesh that it lies in.
    fn mesh(&self) -> Option<MeshId>;
    /// All that a change can change.
    fn facts(&self) -> Value;
}

impl Recorded for Org {
    fn subject(&self) -> Subject {
        Subject { kind: "org", id: OrgId::to_string(&self.id) }
    }

    fn mesh(&self) -> Option<MeshId> {
        None
    }

    fn facts(&self) -> Value {
        json!({ "slug": self.slug, "name": self.name, "suspended": self.suspended_at.is_some() })
    }
}

impl Recorded for Mesh {
    fn subject(&self) -> Subject {
        Subject { kind: "mesh", id: self.id.to_string() }
    }

    fn mesh(&self) -> Option<MeshId> {
        Some(self.id)
    }

    fn facts(&self) -> Value {
        json!({ "slug": self.slug, "name": self.name, "archived": self.archived_at.is_some() })
    }
}

impl Recorded for Topic {
    fn subject(&self) -> Subject {
        let name: &TopicName = &self.name;
        Subject { kind: "topic", id: format!("{}/{name}", self.mesh) }
    }

    fn mesh(&self) -> Option<MeshId> {
        Some(self.mesh)
    }

    fn facts(&self) -> Value {
        json!({ "name": self.name, "description": self.description, "archived": self.archived_at.is_some() })
    }
}

impl Recorded for DeclaredCapability {
    fn subject(&self) -> Subject {
        Subject { kind: "capability", id: self.name.to_string() }
    }

    fn mesh(&self) -> Option<MeshId> {
        None
    }

    fn facts(&self) -> Value {
        json!({ "name": self.name, "description": self.description })
    }
}

impl Recorded for Gate {
    fn subject(&self) -> Subject {
        Subject { kind: "gate", id: self.id.to_string() }
    }

    fn mesh(&self) -> Option<MeshId> {
        Some(self.mesh)
    }

    fn facts(&self) -> Value {
        json!({
            "name": self.name, "description": self.description, "methods": self.methods, "topic": self.topic,
            "deny_429": self.deny_429,
        })
    }
}

impl Recorded for Member {
    fn subject(&self) -> Subject {
        Subject { kind: "member", id: self.user.id.to_string() }
    }

    fn mesh(&self) -> Option<MeshId> {
        None
    }

    fn facts(&self) -> Value {
        let meshes: Map<String, Value> =
            self.part.meshes.iter().map(|(mesh, role)| (mesh.to_string(), role.name().into())).collect();
        json!({ "email": self.user.email, "role": self.part.org.map(Role::name), "meshes": meshes })
    }
}

impl Recorded for Invitation {
    fn subject(&self) -> Subject {
        Subject { kind: "invitation", id: self.id.to_string() }
    }

    fn mesh(&self) -> Option<MeshId> {
        self.mesh.as_ref().map(|(mesh, _)| *mesh)
    }

    fn facts(&self) -> Value {
        json!({
            "email": self.email, "role": self.role.name(), "expires_at": self.ends_at.format(&Rfc3339).ok(),
            "accepted_by": self.accepted_by,
        })
    }
}

impl Recorded for Key {
    fn subject(&self) -> Subject {
        Subject { kind: "key", id: self.id.to_string() }
    }

    fn mesh(&self) -> Option<MeshId> {
        self.terms.grant.owner.mesh()
    }

    fn facts(&self) -> Value {
        let ends = |secret: &crate::domain::key::SecretRecord| secret.dies_at.and_then(|at| at.format(&Rfc3339).ok());
        let secrets: Vec<_> =
            self.secrets.iter().map(|secret| json!({ "number": secret.number, "dies_at": ends(secret) })).collect();
        json!({
            "label": self.label, "note": self.note, "owner": self.terms.grant.owner, "user": self.user,
            "capabilities": self.terms.grant.capabilities, "topics": self.terms.grant.topics,
            "addresses": self.terms.addresses,
            "expires_at": self.terms.expires_at.and_then(|at| at.format(&Rfc3339).ok()),
            "rate": self.terms.rate,
            "disabled": self.disabled_at.is_some(), "revoked": self.revoked.is_some(),
            "revoke_reason": self.revoked.as_ref().and_then(|revoked| revoked.reason.as_ref()),
            "secrets": secrets,
        })
    }
}

impl Recorded for Webhook {
    fn subject(&self) -> Subject {
        Subject { kind: "webhook", id: self.org.to_string() }
    }

    fn mesh(&self) -> Option<MeshId> {
        None
    }

    /// Not the whole URL: who receives may tell its callers apart by a part of it that nobody else knows.
    fn facts(&self) -> Value {
        json!({ "calls": place_of(&self.url), "changed_at": self.changed_at.format(&Rfc3339).ok() })
    }
}

/// That a thing was made.
pub(super) fn made(action: Action, thing: &impl Recorded) -> Change {
    let (subject, mesh) = (thing.subject(), thing.mesh());
    Change { action, subject, mesh, before: None, after: Some(thing.facts()) }
}

/// That a thing is no more.
pub(super) fn ended(action: Action, thing: &impl Recorded) -> Change {
    let (subject, mesh) = (thing.subject(), thing.mesh());
    Change { action, subject, mesh, before: Some(thing.facts()), after: None }
}

/// That a thing was changed: only what differs.
pub(super) fn changed<T: Recorded>(action: Action, before: &T, after: &T) -> Change {
    let (old, new) = differing(before.facts(), after.facts());
    Change { action, subject: after.subject(), mesh: after.mesh(), before: Some(old), after: Some(new) }
}

/// The same with all of its facts: what differs means nothing without the rest.
pub(super) fn rearranged<T: Recorded>(action: Action, before: &T, after: &T) -> Change {
    let (old, new) = (before.facts(), after.facts());
    Change { action, subject: after.subject(), mesh: after.mesh(), before: Some(old), after: Some(new) }
}

fn differing(before: Value, after: Value) -> (Value, Value) {
    let (Value::Object(mut old), Value::Object(mut new)) = (before, after) else {
        return (Value::Null, Value::Null);
    };
    let same: Vec<String> =
        old.iter().filter(|(name, value)| new.get(*name) == Some(value)).map(|(name, _)| name.clone()).collect();
    let drop_same = |facts: &mut Map<String, Value>| facts.retain(|name, _| !same.contains(name));
    drop_same(&mut old);
    drop_same(&mut new);
    (Value::Object(old), Value::Object(new))
}
