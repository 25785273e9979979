//! Take an invitation back.

use crate::{
    db::{Transaction, invitations, outbox},
    domain::{
        Email, InvitationId, OrgId,
        audit::{Action, Change},
        invitation::{Invitation, Status},
    },
    service::{
        Admitted, Conflict, House, Refusal, authority,
        house::{Mode, record},
        record::ended,
    },
};

/// Takes an invitation back: its links open nothing any more.
pub async fn withdraw(house: &House, by: &Admitted, id: InvitationId) -> Result<Invitation, Refusal> {
    let org = by.org();
    house
        .within(org, Mode::Real, async |transaction| {
            authority::hold(transaction, by).await?;
            let before = invitations::lock(transaction, org, id).await?.ok_or(Refusal::NotFound)?;
            if before.status != Status::Open {
                return Err(Conflict::InvitationOver(before.status).into());
            }
            outbox::cancel(transaction, id).await?;
            invitations::withdraw(transaction, org, id).await?;
            record(transaction, org, by.actor(), by.trail(), ended(Action::InvitationWithdrawn, &before)).await?;
            invitations::show(transaction, org, id).await?.ok_or(Refusal::NotFound)
        })
        .await
}

/// Takes back all that would let somebody in again who is being removed. The org is held.
pub(in crate::service) async fn withdraw_all(
    transaction: &Transaction<'_>,
    org: OrgId,
    email: &Email,
) -> Result<Vec<Change>, Refusal> {
    let mut events = Vec::new();
    for id in invitations::to(transaction, org, email).await? {
        let before = invitations::lock(transaction, org, id).await?.ok_or(Refusal::NotFound)?;
        outbox::cancel(transaction, id).await?;
        invitations::withdraw(transaction, org, id).await?;
        events.push(ended(Action::InvitationWithdrawn, &before));
    }
    Ok(events)
}
