//! State: named values of a mesh or of one topic, with versions to compare and set.

use super::{
    Admitted, Conflict, House, Refusal, authority::again, house::Mode, messages::author, precondition::Expected,
};
use crate::{
    db::{
        Transaction,
        states::{self, Place},
        topics,
    },
    domain::{
        Content, State, StateName, TopicName,
        page::{Limit, Page, read_cursor},
    },
};

/// The place that the request names: the topic's state, or the mesh's own.
fn place(by: &Admitted) -> Result<Place<'_>, Refusal> {
    let topic: Option<&TopicName> = by.topic().ok();
    Ok(Place { org: by.org(), mesh: by.mesh_id()?, topic })
}

/// Refuses a topic that is not there, and, for a change, one that is archived.
async fn ensure_topic(transaction: &Transaction<'_>, place: Place<'_>, changes: bool) -> Result<(), Refusal> {
    let Some(name) = place.topic else { return Ok(()) };
    // For a change it is held, so that it is not archived before the change is made.
    let topic = if changes {
        topics::lock(transaction, place.org, place.mesh, name).await?
    } else {
        topics::show(transaction, place.org, place.mesh, name).await?
    };
    if topic.ok_or(Refusal::NotFound)?.archived_at.is_some() && changes {
        return Err(Conflict::TopicArchived.into());
    }
    Ok(())
}

/// The value of this name.
pub async fn show(house: &House, by: &Admitted, name: &StateName) -> Result<State, Refusal> {
    let place = place(by)?;
    house
        .look(place.org, async |transaction| {
            ensure_topic(transaction, place, false).await?;
            states::show(transaction, place, name).await?.ok_or(Refusal::NotFound)
        })
        .await
}

/// The values, by name.
pub async fn list(house: &House, by: &Admitted, limit: Limit, cursor: Option<&str>) -> Result<Page<State>, Refusal> {
    let place = place(by)?;
    let bound = ("state", place.org, place.mesh, place.topic);
    let after: String = cursor.map(|cursor| read_cursor(&bound, cursor)).transpose()?.unwrap_or_default();
    let rows = house
        .look(place.org, async |transaction| {
            ensure_topic(transaction, place, false).await?;
            Ok(states::list(transaction, place, &after, limit).await?)
        })
        .await?;
    Ok(Page::cut(rows, limit, &bound, |state| state.name.clone()))
}

/// A value that was put.
#[derive(Debug)]
pub struct Put {
    /// The value.
    pub state: State,
    /// Whether there was none before.
    pub is_new: bool,
}

/// Puts a value.
pub async fn put(
    house: &House,
    by: &Admitted,
    name: &StateName,
    value: &Content,
    expected: &Expected,
) -> Result<Put, Refusal> {
    let place = place(by)?;
    house
        .within(place.org, Mode::Real, async |transaction| {
            ensure_topic(transaction, place, true).await?;
            let author = author(by)?;
            let before = states::lock(transaction, place, name, &author).await?;
            again(transaction, by).await?;
            expected.ensure(before)?;
            let state = states::put(transaction, place, name, value, author).await?;
            Ok(Put { state, is_new: before.is_none() })
        })
        .await
}

/// Deletes a value. Its version goes on, should it be put again.
pub async fn delete(house: &House, by: &Admitted, name: &StateName, expected: &Expected) -> Result<(), Refusal> {
    let place = place(by)?;
    house
        .within(place.org, Mode::Real, async |transaction| {
            ensure_topic(transaction, place, true).await?;
            let author = author(by)?;
            let before = states::lock(transaction, place, name, &author).await?;
            again(transaction, by).await?;
            if before.is_none() {
                return Err(Refusal::NotFound);
            }
            expected.ensure(before)?;
            Ok(states::delete(transaction, place, name, &author).await?)
        })
        .await
}
