//! What people call those who did something, and the mesh that something is in: for pages, where an id says little.

use super::{Admitted, House, Refusal, keys::is_seen};
use crate::{
    db::{keys, members, meshes},
    domain::{KeyId, Label, MeshId, Slug, Title, UserId, audit::ActorId},
};

/// What they are called, of those that the caller may know.
#[derive(Debug, Clone, Default)]
pub struct Names {
    people: Vec<(UserId, Title)>,
    keys: Vec<(KeyId, Label)>,
    meshes: Vec<(MeshId, Slug)>,
}

impl Names {
    /// What this person is called.
    #[must_use]
    pub fn person(&self, user: UserId) -> Option<&Title> {
        self.people.iter().find(|(known, _)| *known == user).map(|(_, name)| name)
    }

    /// What this key is called.
    #[must_use]
    pub fn key(&self, key: KeyId) -> Option<&Label> {
        self.keys.iter().find(|(known, _)| *known == key).map(|(_, label)| label)
    }

    /// What this mesh is called.
    #[must_use]
    pub fn mesh(&self, mesh: MeshId) -> Option<&Slug> {
        self.meshes.iter().find(|(known, _)| *known == mesh).map(|(_, slug)| slug)
    }
}

/// Looks for them: people whom the org knows, keys that the caller may see, and a mesh of the org.
pub async fn look(house: &House, by: &Admitted, of: &[ActorId], mesh: Option<MeshId>) -> Result<Names, Refusal> {
    let (mut users, mut ids) = (Vec::new(), Vec::new());
    for one in of {
        match one {
            ActorId::User(user) => users.push(*user),
            ActorId::Key(key) => ids.push(*key),
        }
    }
    house
        .look(by.org(), async |transaction| {
            let people = members::names(transaction, by.org(), &users).await?;
            let keys = keys::many(transaction, by.org(), &ids).await?;
            let keys = keys.into_iter().filter(|one| is_seen(by, &one.key)).map(|one| (one.key.id, one.key.label));
            let mesh = match mesh {
                Some(mesh) => meshes::show(transaction, by.org(), mesh).await?,
                None => None,
            };
            let meshes = mesh.map(|mesh| (mesh.id, mesh.slug)).into_iter().collect();
            Ok(Names { people, keys: keys.collect(), meshes })
        })
        .await
}
