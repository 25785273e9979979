//! Messages: send to a topic, read from it.

use super::{Admitted, Conflict, House, Kept, Once, Refusal, authority::again, house::Mode};
use crate::{
    db::{
        self,
        idempotency::Request,
        messages::{self, NewMessage},
        topics,
    },
    domain::{
        Author, Content, Message, MessageId,
        page::{Limit, Page, read_cursor},
    },
};

/// The caller, as the author of what it does. From the key, never from the request (G-36).
pub(super) fn author(by: &Admitted) -> Result<Author, Refusal> {
    let own = by.credential()?;
    Ok(Author { key: own.key, label: own.label.clone() })
}

/// Sends a message to the topic that the request names.
pub async fn send(
    house: &House,
    by: &Admitted,
    body: &Content,
    reply_to: Option<MessageId>,
    request: Option<&Request>,
    keep: &dyn Fn(&Message) -> Kept,
) -> Result<Once<Message>, Refusal> {
    let (org, mesh, topic) = (by.org(), by.mesh_id()?, by.topic()?);
    let sent = house
        .once(by, Mode::Real, request, keep, async |transaction| {
            let locked = topics::lock(transaction, org, mesh, topic).await?.ok_or(Refusal::NotFound)?;
            again(transaction, by).await?;
            if locked.archived_at.is_some() {
                return Err(Conflict::TopicArchived.into());
            }
            let new = NewMessage { body, reply_to, author: author(by)? };
            messages::insert(transaction, org, mesh, topic, new).await.map_err(|error| match error {
                db::Error::Missing(_) => Refusal::invalid("/reply_to", "there is no such message in this topic"),
                other => other.into(),
            })
        })
        .await?;
    house.live.sent((mesh, topic.clone()));
    Ok(sent)
}

/// From where on messages are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The newest first.
    Newest,
    /// Those after this number, the oldest first.
    After(i64),
}

/// Reads the topic that the request names.
pub async fn list(
    house: &House,
    by: &Admitted,
    from: From,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Message>, Refusal> {
    let (org, mesh, topic) = (by.org(), by.mesh_id()?, by.topic()?);
    let after = match from {
        From::Newest => None,
        From::After(seq) => Some(seq),
    };
    let bound = ("messages", org, mesh, topic, after);
    let place: Option<i64> = cursor.map(|cursor| read_cursor(&bound, cursor)).transpose()?;
    let rows = house
        .look(org, async |transaction| {
            topics::show(transaction, org, mesh, topic).await?.ok_or(Refusal::NotFound)?;
            let rows = match after {
                None => messages::before(transaction, org, mesh, topic, place.unwrap_or(i64::MAX), limit).await,
                Some(seq) => messages::after(transaction, org, mesh, topic, place.unwrap_or(seq), limit).await,
            };
            Ok(rows?)
        })
        .await?;
    Ok(Page::cut(rows, limit, &bound, |message| message.seq))
}
