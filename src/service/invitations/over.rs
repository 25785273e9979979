//! Take an invitation back.

use crate::{
    db::{invitations, outbox},
    domain::{
        InvitationId,
        audit::Action,
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
