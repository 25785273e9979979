//! Invite somebody, and send the link anew.

use time::OffsetDateTime;

use crate::{
    db::{
        Transaction,
        idempotency::Request,
        invitations::{self, NewInvitation},
        keys, outbox,
    },
    domain::{
        Email, InvitationId, OrgId,
        audit::Action,
        invitation::{Invitation, InvitationToken, LIFE, LONGEST, MOST_OPEN, Status},
        role::Role,
    },
    service::{
        Admitted, Conflict, House, Kept, Once, Refusal,
        authority::{self, Holding},
        house::{Mode, record},
        members::place,
        record::{changed, made},
    },
};

/// How long after a link was made another one is mailed, at the earliest: nobody's mailbox is filled.
const PAUSE: time::Duration = time::Duration::MINUTE;

/// Who is to be invited.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Whom.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// To which mesh, by id or slug; to the org itself where none is named.
    pub mesh: Option<String>,
    /// Until when it is open.
    pub ends_at: Option<OffsetDateTime>,
}

/// An invitation, and what opens it, which is known this once.
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// What its link holds.
    pub token: InvitationToken,
}

/// Invites somebody. Where mail is set up, it is sent once this is committed.
pub async fn create(
    house: &House,
    by: &Admitted,
    wish: &Wish,
    request: Option<&Request>,
    keep: &dyn Fn(&Invited) -> Kept,
) -> Result<Once<Invited>, Refusal> {
    let org = by.org();
    let invited = house
        .once(by, Mode::Real, request, keep, async |transaction| {
            // One at a time: two that look at once would each find nothing open.
            let (caller, _) = authority::hold_with_org(transaction, by).await?;
            let new = understood(transaction, org, wish).await?;
            ensure_may(&caller, new.role)?;
            ensure_free(transaction, org, &new).await?;
            let (id, token) = (InvitationId::new(), InvitationToken::generate()?);
            invitations::insert(transaction, org, id, &new, token.hash(), by.actor()).await?;
            let invitation = queued(house, transaction, org, id, &new.email, None).await?;
            record(transaction, org, by.actor(), by.trail(), made(Action::InvitationCreated, &invitation)).await?;
            Ok(Invited { invitation, token })
        })
        .await?;
    house.mail.wake();
    Ok(invited)
}

/// Whether it may invite somebody as this.
fn ensure_may(by: &Holding, role: Role) -> Result<(), Refusal> {
    // Who lets in an admin hands out as much as who issues an admin key.
    if role >= Role::Admin {
        by.ensure_fresh()?;
        by.ensure_unbound()?;
    }
    if role == Role::Owner { Ok(by.who().ensure_makes_owners()?) } else { Ok(()) }
}

async fn understood(transaction: &Transaction<'_>, org: OrgId, wish: &Wish) -> Result<NewInvitation, Refusal> {
    let mesh = match &wish.mesh {
        Some(_) if wish.role == Role::Owner => {
            return Err(Refusal::invalid("/role", "a mesh has no owners: a role there is viewer, member or admin"));
        }
        Some(named) => match place(transaction, org, named, "/mesh").await? {
            (_, true) => return Err(Refusal::invalid("/mesh", "the mesh is archived: nobody would do anything there")),
            (mesh, false) => Some(mesh),
        },
        None => None,
    };
    let now = keys::clock(transaction).await?;
    let ends_at = wish.ends_at.unwrap_or(now + LIFE);
    if ends_at <= now || ends_at > now + LONGEST {
        let why = format!("an invitation is open for at most {} days from now", LONGEST.whole_days());
        return Err(Refusal::invalid("/expires_at", why));
    }
    Ok(NewInvitation { email: wish.email.clone(), mesh, role: wish.role, ends_at })
}

async fn ensure_free(transaction: &Transaction<'_>, org: OrgId, new: &NewInvitation) -> Result<(), Refusal> {
    if invitations::role(transaction, org, &new.email, new.mesh).await?.is_some() {
        return Err(Conflict::AlreadyMember.into());
    }
    if let Some(open) = invitations::open(transaction, org, &new.email, new.mesh).await? {
        return Err(Conflict::AlreadyInvited(open).into());
    }
    if invitations::count_open(transaction, org).await? >= MOST_OPEN {
        return Err(Conflict::InvitationLimitReached.into());
    }
    Ok(())
}

/// The invitation, with its mail in the outbox where mail is set up.
async fn queued(
    house: &House,
    transaction: &Transaction<'_>,
    org: OrgId,
    id: InvitationId,
    to: &Email,
    not_before: Option<OffsetDateTime>,
) -> Result<Invitation, Refusal> {
    if house.mail.is_on() {
        outbox::queue(transaction, org, id, to, not_before).await?;
    }
    invitations::show(transaction, org, id).await?.ok_or(Refusal::NotFound)
}

/// Makes a new link for an invitation that was not accepted, open for as long as the one before; the old link opens nothing any more.
pub async fn resend(house: &House, by: &Admitted, id: InvitationId) -> Result<Invited, Refusal> {
    let org = by.org();
    let invited = house
        .within(org, Mode::Real, async |transaction| {
            let (caller, _) = authority::hold_with_org(transaction, by).await?;
            let before = invitations::lock(transaction, org, id).await?.ok_or(Refusal::NotFound)?;
            ensure_may(&caller, before.role)?;
            match before.status {
                Status::Open => {}
                Status::Expired => {
                    let mesh = before.mesh.as_ref().map(|(mesh, _)| *mesh);
                    let (email, role) = (before.email.clone(), before.role);
                    let again = NewInvitation { email, mesh, role, ends_at: before.ends_at };
                    ensure_free(transaction, org, &again).await?;
                }
                over => return Err(Conflict::InvitationOver(over).into()),
            }
            // Open for as long as it was.
            let (token, life) = (InvitationToken::generate()?, before.ends_at - before.sent_at);
            let ends_at = keys::clock(transaction).await? + life;
            outbox::cancel(transaction, id).await?;
            invitations::renew(transaction, org, id, token.hash(), ends_at).await?;
            let invitation = queued(house, transaction, org, id, &before.email, Some(before.sent_at + PAUSE)).await?;
            let change = changed(Action::InvitationResent, &before, &invitation);
            record(transaction, org, by.actor(), by.trail(), change).await?;
            Ok(Invited { invitation, token })
        })
        .await?;
    house.mail.wake();
    Ok(invited)
}
