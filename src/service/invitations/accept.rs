//! Accept an invitation: as who is signed in, or as a newcomer, who becomes a person by it.

mod taker;

use thiserror::Error;

pub use self::taker::Taker;
use self::taker::{Ready, named, person, ready};
use crate::{
    db::{
        self, Transaction, audit,
        fresh::feed,
        invitations::{self, Opener},
        members, orgs, outbox, users,
    },
    domain::{
        Denial, InvitationId, Member, Org, OrgId, Title, User,
        audit::{Action, Actor, Trail},
        invitation::{Invitation, InvitationToken, Status, TokenHash},
        password::UnfitPassword,
        role::Role,
    },
    service::{
        House, Refusal,
        house::Mode,
        record::{changed, made, rearranged},
    },
};

/// To what a link invites.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The invitation.
    pub invitation: Invitation,
    /// The org.
    pub org: Org,
    /// Who invites, if it is a person.
    pub inviter: Option<Title>,
    /// Whether there is a person with this address already: it signs in and accepts then.
    pub has_account: bool,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The org.
    pub org: Org,
    /// As what the person is there now.
    pub member: Member,
}

/// Why an invitation was not accepted. Nothing of it was done.
#[derive(Debug, Error)]
pub enum NotAccepted {
    /// The link opens nothing: it never did, or a newer one was made.
    #[error("this link opens nothing")]
    Unknown,
    /// The invitation was accepted or withdrawn before, or its time is over.
    #[error("the invitation is over")]
    Over(Status),
    /// It is another's.
    #[error("the invitation is another's")]
    OtherPerson,
    /// There is a person with this address, who has to sign in.
    #[error("there is a person with this address")]
    HasAccount,
    /// The provider does not say that the address that was invited is theirs.
    #[error("the provider does not vouch for the address")]
    NotVouchedFor,
    /// That may not be a password.
    #[error(transparent)]
    Unfit(#[from] UnfitPassword),
    /// Anything else.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<db::Error> for NotAccepted {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// What a token invites to, for whoever has it.
pub async fn look(house: &House, token: &InvitationToken) -> Result<Offer, NotAccepted> {
    look_by(house, token.hash()).await
}

async fn look_by(house: &House, token: TokenHash) -> Result<Offer, NotAccepted> {
    let (id, org) = find(house, token).await?;
    let look = async |transaction: &Transaction<'_>| {
        let invitation = invitations::show(transaction, org, id).await?.ok_or(Refusal::NotFound)?;
        let org = orgs::show(transaction, org).await?.ok_or(Refusal::NotFound)?;
        let inviter = match invitation.invited_by.user() {
            Some(user) => users::show(transaction, user).await?.map(|user| user.name),
            None => None,
        };
        let has_account = users::find(transaction, &invitation.email).await?.is_some();
        Ok(Offer { invitation, org, inviter, has_account })
    };
    let offer = house.look(org, look).await?;
    ensure_open(&offer.invitation, &offer.org)?;
    Ok(offer)
}

async fn find(house: &House, hash: TokenHash) -> Result<(InvitationId, OrgId), NotAccepted> {
    house.store.ask(async |client| invitations::find(client, hash).await).await?.ok_or(NotAccepted::Unknown)
}

fn ensure_open(invitation: &Invitation, org: &Org) -> Result<(), NotAccepted> {
    if invitation.status != Status::Open {
        return Err(NotAccepted::Over(invitation.status));
    }
    if org.suspended_at.is_some() {
        return Err(Refusal::from(Denial::OrgSuspended).into());
    }
    Ok(())
}

/// Accepts an invitation, once. A person who is more than that there already stays what it is.
pub async fn accept(
    house: &House,
    token: &InvitationToken,
    taker: &Taker,
    trail: &Trail,
) -> Result<Accepted, NotAccepted> {
    accept_by(house, token.hash(), taker, trail).await
}

/// The same, by the hash of the token that was shown.
pub async fn accept_by(house: &House, token: TokenHash, taker: &Taker, trail: &Trail) -> Result<Accepted, NotAccepted> {
    let (id, org) = find(house, token).await?;
    let ready = ready(house, token, taker).await?;
    let outcome = house
        .within(org, Mode::Real, async |transaction| {
            match accept_within(transaction, (org, id), token, &ready, trail).await {
                Ok(accepted) => Ok(Ok((accepted, feed::here(transaction).await?))),
                Err(NotAccepted::Refused(refusal)) => Err(refusal),
                // Nothing was written before any of these is said.
                Err(why) => Ok(Err(why)),
            }
        })
        .await?;
    let (accepted, change) = outcome?;
    house.courteously(Some(change)).await;
    Ok(accepted)
}

async fn accept_within(
    transaction: &Transaction<'_>,
    (org, id): (OrgId, InvitationId),
    token: TokenHash,
    taker: &Ready<'_>,
    trail: &Trail,
) -> Result<Accepted, NotAccepted> {
    let org = orgs::lock(transaction, org).await?.ok_or(NotAccepted::Unknown)?;
    let invitation = invitations::lock(transaction, org.id, id).await?.ok_or(NotAccepted::Unknown)?;
    let opener = invitations::opens(transaction, org.id, id, token).await?.ok_or(NotAccepted::Unknown)?;
    ensure_open(&invitation, &org)?;
    ensure_an_owner_asked(transaction, &invitation, org.id).await?;
    let person = person(transaction, &invitation, taker).await?;
    if opener == Opener::Mail {
        users::verified(transaction, person.id).await?;
    }
    let (member, before) = put(transaction, &invitation, &person).await?;
    invitations::accept(transaction, org.id, id, person.id).await?;
    outbox::cancel(transaction, id).await?;
    let now = invitations::show(transaction, org.id, id).await?.ok_or(NotAccepted::Unknown)?;
    let mut events = vec![changed(Action::InvitationAccepted, &invitation, &now)];
    match &before {
        None => events.push(made(Action::MemberAdded, &member)),
        Some(before) if before.part == member.part => {}
        Some(before) => events.push(rearranged(Action::MemberEdited, before, &member)),
    }
    events.extend(named(taker, &person));
    let head = audit::head(transaction, org.id).await?;
    audit::append(transaction, head, Actor::User(person.id), trail, events).await?;
    Ok(Accepted { org, member })
}

/// Who invited an owner must be one still.
async fn ensure_an_owner_asked(
    transaction: &Transaction<'_>,
    invitation: &Invitation,
    org: OrgId,
) -> Result<(), NotAccepted> {
    let asked = invitation.invited_by.user().filter(|_| invitation.role == Role::Owner);
    let Some(inviter) = asked else { return Ok(()) };
    let is_owner = members::show(transaction, org, inviter).await?.is_some_and(|inviter| inviter.part.is_owner());
    if is_owner { Ok(()) } else { Err(NotAccepted::Over(Status::Withdrawn)) }
}

/// Gives the person the role, unless it has a stronger one there; the member as it is now, and as it was if it was one.
async fn put(
    transaction: &Transaction<'_>,
    invitation: &Invitation,
    person: &User,
) -> Result<(Member, Option<Member>), NotAccepted> {
    let (org, mesh) = (invitation.org, invitation.mesh.as_ref().map(|(mesh, _)| *mesh));
    members::lock(transaction, org, person.id).await?;
    let before = members::show(transaction, org, person.id).await?;
    let has = before.as_ref().and_then(|member| match mesh {
        None => member.part.org,
        Some(mesh) => member.part.meshes.get(&mesh).copied(),
    });
    if has.is_none_or(|has| has < invitation.role) {
        members::put(transaction, org, person.id, mesh, invitation.role).await?;
    }
    let after = members::show(transaction, org, person.id).await?.ok_or(Refusal::NotFound)?;
    Ok((after, before))
}
