//! What people call those who did something, and the meshes that something is in: for pages, where an id says little.

use std::collections::HashMap;

use super::{Admitted, House, Refusal, keys::is_seen};
use crate::{
    db::{Transaction, called, keys},
    domain::{KeyId, Label, MeshId, Slug, Title, UserId, audit::ActorId},
};

/// What they are called, of those that the caller may know.
#[derive(Debug, Clone, Default)]
pub struct Names {
    people: HashMap<UserId, Title>,
    keys: HashMap<KeyId, Label>,
    meshes: HashMap<MeshId, Slug>,
}

impl Names {
    /// What this person is called.
    #[must_use]
    pub fn person(&self, user: UserId) -> Option<&Title> {
        self.people.get(&user)
    }

    /// What this key is called.
    #[must_use]
    pub fn key(&self, key: KeyId) -> Option<&Label> {
        self.keys.get(&key)
    }

    /// What this mesh is called.
    #[must_use]
    pub fn mesh(&self, mesh: MeshId) -> Option<&Slug> {
        self.meshes.get(&mesh)
    }
}

/// Looks for them: people whom the org knows, keys that the caller may see, and a mesh of the org.
pub async fn look(house: &House, by: &Admitted, of: &[ActorId], mesh: Option<MeshId>) -> Result<Names, Refusal> {
    let meshes: Vec<_> = mesh.into_iter().collect();
    house.look(by.org(), async |transaction| named(transaction, by, of, &meshes).await).await
}

/// The same within a transaction, for several meshes.
pub(super) async fn named(
    transaction: &Transaction<'_>,
    by: &Admitted,
    of: &[ActorId],
    meshes: &[MeshId],
) -> Result<Names, Refusal> {
    let (mut users, mut ids) = (Vec::new(), Vec::new());
    for one in of {
        match one {
            ActorId::User(user) => users.push(*user),
            ActorId::Key(key) => ids.push(*key),
        }
    }
    let found = keys::many(transaction, by.org(), &ids).await?;
    let seen = found.into_iter().filter(|one| is_seen(by, &one.key));
    Ok(Names {
        people: called::people(transaction, by.org(), &users).await?,
        keys: seen.map(|one| (one.key.id, one.key.label)).collect(),
        meshes: called::meshes(transaction, by.org(), meshes).await?,
    })
}
