//! What those are called of whom events tell: a key by its label, a person by its name, a mesh by its slug. As they are called now.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    db::audit::names,
    domain::{
        GateId, KeyId, MeshId, UserId,
        audit::{ActorId, Event},
    },
    service::{Admitted, House, Refusal},
};

/// What they are called, as far as that is known to who looks.
#[derive(Debug, Default)]
pub struct Names(HashMap<Uuid, String>);

impl Names {
    /// What this one is called.
    #[must_use]
    pub fn of(&self, id: Uuid) -> Option<&str> {
        self.0.get(&id).map(String::as_str)
    }
}

/// Which one a text names that is the id of a thing with a name; of a topic, its mesh.
#[must_use]
pub fn named_by(id: &str) -> Option<Uuid> {
    let id = id.split('/').next().unwrap_or_default();
    let key = id.parse().map(KeyId::uuid).ok();
    let mesh = || id.parse().map(MeshId::uuid).ok();
    let person = || id.parse().map(UserId::uuid).ok();
    let gate = || id.parse().map(GateId::uuid).ok();
    key.or_else(mesh).or_else(person).or_else(gate)
}

/// What those are called of whom these events tell.
pub async fn names(house: &House, by: &Admitted, events: &[Event]) -> Result<Names, Refusal> {
    let of_event = |event: &Event| {
        let actor = event.actor.id.map(ActorId::uuid);
        [actor, named_by(&event.subject.id), event.mesh.map(MeshId::uuid)]
    };
    let mut ids: Vec<Uuid> = events.iter().flat_map(of_event).flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    let meshes = by.rights().meshes();
    let look = async |transaction: &crate::db::Transaction<'_>| {
        Ok(names::names(transaction, by.org(), &ids, meshes.as_deref()).await?)
    };
    house.look(by.org(), look).await.map(Names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_thing_with_a_name_is_known() {
        let (key, mesh, user) = (KeyId::new(), MeshId::new(), UserId::new());
        assert_eq!(named_by(&key.to_string()), Some(key.uuid()));
        assert_eq!(named_by(&format!("{mesh}/deploys")), Some(mesh.uuid()));
        assert_eq!(named_by(&user.to_string()), Some(user.uuid()));
        assert_eq!(named_by("upload"), None);
    }
}
