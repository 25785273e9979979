//! Founding an org: with a mesh, topics and an owner, in one transaction, however it is asked for.

use super::{
    Refusal,
    meshes::taken,
    people::{self, Author, NewPerson, Part, part_changed},
    record::made,
};
use crate::{
    db::{Transaction, meshes, one_time, orgs, topics},
    domain::{
        Mesh, OneTimeCode, Org, OrgId, Slug, Title, TopicName, User, audit::Action, name::Description, role::Role,
    },
};

/// What is to be founded.
pub struct Founding {
    /// The org.
    pub org: Slug,
    /// What it is called, where that is not its slug.
    pub name: Option<Title>,
    /// A mesh of it.
    pub mesh: Option<Slug>,
    /// Topics of that mesh.
    pub topics: Vec<TopicName>,
    /// Who owns it.
    pub owner: Option<NewPerson>,
}

impl Founding {
    /// An org with nothing in it.
    #[must_use]
    pub const fn of(org: Slug) -> Self {
        Self { org, name: None, mesh: None, topics: Vec::new(), owner: None }
    }
}

/// Each of these topics once.
#[must_use]
pub fn unique(topics: &[TopicName]) -> Vec<TopicName> {
    let mut kept: Vec<TopicName> = Vec::new();
    for topic in topics {
        if !kept.contains(topic) {
            kept.push(topic.clone());
        }
    }
    kept
}

/// What was founded.
pub struct Place {
    /// The org.
    pub org: Org,
    /// Its mesh.
    pub mesh: Option<Mesh>,
    /// The mesh's topics.
    pub topics: Vec<TopicName>,
    /// Who owns it, with the code by which it sets a password if it was given none.
    pub owner: Option<(User, Option<OneTimeCode>)>,
}

/// Makes an org and all that belongs to it. Nobody can set the instance up any more.
pub(super) async fn found(
    transaction: &Transaction<'_>,
    author: &Author<'_>,
    wish: &Founding,
) -> Result<Place, Refusal> {
    one_time::forget_setup(transaction).await?;
    let name = wish.name.clone().unwrap_or_else(|| Title::from(&wish.org));
    let org = orgs::insert(transaction, OrgId::new(), &wish.org, &name).await.map_err(taken)?;
    author.write(transaction, org.id, made(Action::OrgCreated, &org)).await?;
    let owner = match &wish.owner {
        Some(person) => Some(own(transaction, author, &org, person).await?),
        None => None,
    };
    let mesh = match &wish.mesh {
        Some(slug) => Some(found_mesh(transaction, author, org.id, slug, &wish.topics).await?),
        None => None,
    };
    Ok(Place { org, mesh, topics: wish.topics.clone(), owner })
}

async fn own(
    transaction: &Transaction<'_>,
    author: &Author<'_>,
    org: &Org,
    person: &NewPerson,
) -> Result<(User, Option<OneTimeCode>), Refusal> {
    let (user, code) = people::make(transaction, person).await?;
    crate::db::people::grant(transaction, org.id, user.id, Role::Owner).await?;
    if let Some(change) = part_changed(Action::MemberAdded, None, Some(&Part::of_org(&user, Role::Owner))) {
        author.write(transaction, org.id, change).await?;
    }
    Ok((user, code))
}

async fn found_mesh(
    transaction: &Transaction<'_>,
    author: &Author<'_>,
    org: OrgId,
    slug: &Slug,
    names: &[TopicName],
) -> Result<Mesh, Refusal> {
    let mesh = meshes::insert(transaction, org, slug, &Title::from(slug)).await?;
    author.write(transaction, org, made(Action::MeshCreated, &mesh)).await?;
    let nothing: Description = "".parse().map_err(|_| Refusal::Impossible("an empty description is legal"))?;
    for name in names {
        let topic = topics::insert(transaction, org, mesh.id, name, &nothing).await.map_err(taken)?;
        author.write(transaction, org, made(Action::TopicCreated, &topic)).await?;
    }
    Ok(mesh)
}
