//! Invitations: who is to become a member is sent a link that opens once.

mod accept;
mod create;
mod over;

pub use self::{
    accept::{Accepted, NotAccepted, Offer, Taker, accept, accept_by, look},
    create::{Invited, Wish, create, resend},
    over::withdraw,
};
use super::{Admitted, House, Refusal};
use crate::{
    db::invitations,
    domain::{
        InvitationId,
        invitation::{Invitation, Status},
        page::{Limit, Page, read_cursor},
    },
};
pub(super) use over::withdraw_all;

/// The invitations of the org, the newest first.
pub async fn list(
    house: &House,
    by: &Admitted,
    status: Option<Status>,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Invitation>, Refusal> {
    let org = by.org();
    let bound = ("invitations", org, status.map(Status::name));
    let before: Option<InvitationId> = cursor.map(|cursor| read_cursor(&bound, cursor)).transpose()?;
    let before = before.unwrap_or_else(|| uuid::Uuid::max().into());
    let rows = house
        .look(org, async |transaction| Ok(invitations::list(transaction, org, status, before, limit).await?))
        .await?;
    Ok(Page::cut(rows, limit, &bound, |invitation| invitation.id))
}

/// An invitation.
pub async fn show(house: &House, by: &Admitted, id: InvitationId) -> Result<Invitation, Refusal> {
    let org = by.org();
    house.look(org, async |transaction| invitations::show(transaction, org, id).await?.ok_or(Refusal::NotFound)).await
}
