//! Topics: make, list, show, describe, archive. A topic is never renamed, and its name is never free again.

use super::{
    Admitted, House, IfMatch, Kept, Once, Refusal, authority,
    house::{Mode, record},
    meshes::{ensure_changes, taken},
    record::{changed, made},
};
use crate::{
    db::{idempotency::Request, topics},
    domain::{
        Capability, Owner, Requirement, Topic, TopicName,
        audit::Action,
        name::Description,
        page::{Limit, Page, read_cursor, write_cursor},
    },
};

/// Makes a topic. An admin of `ci.*` may make `ci.x`, and no other.
pub async fn create(
    house: &House,
    by: &Admitted,
    name: &TopicName,
    description: &Description,
    request: Option<&Request>,
    keep: &dyn Fn(&Topic) -> Kept,
) -> Result<Once<Topic>, Refusal> {
    let (org, mesh) = (by.org(), by.mesh_id()?);
    let (within, topic) = (Owner::Mesh(org, mesh), Some(name.clone()));
    let wanted = Requirement { within, capability: Capability::Admin, topic };
    house
        .once(by, Mode::Real, request, keep, async |transaction| {
            authority::hold(transaction, by).await?.rights().permits(&wanted)?;
            let topic = topics::insert(transaction, org, mesh, name, description).await.map_err(taken)?;
            record(transaction, org, by.actor(), by.trail(), made(Action::TopicCreated, &topic)).await?;
            Ok(topic)
        })
        .await
}

/// The topics of the mesh that the caller's grant reaches, by name.
pub async fn list(
    house: &House,
    by: &Admitted,
    archived: Option<bool>,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Topic>, Refusal> {
    let (org, mesh) = (by.org(), by.mesh_id()?);
    let within = Owner::Mesh(org, mesh);
    let bound = ("topics", org, mesh, archived);
    let after: String = cursor.map(|cursor| read_cursor(&bound, cursor)).transpose()?.unwrap_or_default();
    house
        .look(org, async |transaction| {
            let (mut items, mut from) = (Vec::<Topic>::new(), after.clone());
            loop {
                let batch = topics::list(transaction, org, mesh, archived, &from, limit).await?;
                let is_last = batch.len() <= limit.get();
                for topic in batch {
                    let name = topic.name.to_string();
                    if by.rights().reach(within, &topic.name) {
                        if items.len() == limit.get() {
                            // Behind one that is seen: a cursor can be read.
                            let next = items.last().map(|last| write_cursor(&bound, &last.name));
                            return Ok(Page { items, next });
                        }
                        items.push(topic);
                    }
                    from = name;
                }
                if is_last {
                    return Ok(Page { items, next: None });
                }
            }
        })
        .await
}

/// The topic that the request names.
pub async fn show(house: &House, by: &Admitted) -> Result<Topic, Refusal> {
    let (org, mesh, name) = (by.org(), by.mesh_id()?, by.topic()?);
    house
        .look(org, async |transaction| topics::show(transaction, org, mesh, name).await?.ok_or(Refusal::NotFound))
        .await
}

/// Says anew what the topic is for.
pub async fn edit(
    house: &House,
    by: &Admitted,
    description: Option<&Description>,
    seen: &IfMatch,
) -> Result<Topic, Refusal> {
    let (org, mesh, name) = (by.org(), by.mesh_id()?, by.topic()?);
    house
        .within(org, Mode::Real, async |transaction| {
            authority::hold(transaction, by).await?;
            let before = topics::lock(transaction, org, mesh, name).await?.ok_or(Refusal::NotFound)?;
            seen.ensure(before.version)?;
            let new = description.filter(|description| **description != before.description);
            let Some(description) = new else { return Ok(before) };
            let after = topics::edit(transaction, org, mesh, name, description).await?;
            record(transaction, org, by.actor(), by.trail(), changed(Action::TopicEdited, &before, &after)).await?;
            Ok(after)
        })
        .await
}

/// Archives the topic, so that nothing more can be sent to it; or undoes that. Its name stays taken.
pub async fn archive(house: &House, by: &Admitted, archived: bool) -> Result<Topic, Refusal> {
    let (org, mesh, name) = (by.org(), by.mesh_id()?, by.topic()?);
    house
        .within(org, Mode::Real, async |transaction| {
            authority::hold(transaction, by).await?;
            let before = topics::lock(transaction, org, mesh, name).await?.ok_or(Refusal::NotFound)?;
            ensure_changes(before.archived_at.is_some(), archived)?;
            let after = topics::archive(transaction, org, mesh, name, archived).await?;
            let action = if archived { Action::TopicArchived } else { Action::TopicUnarchived };
            record(transaction, org, by.actor(), by.trail(), changed(action, &before, &after)).await?;
            Ok(after)
        })
        .await
}
