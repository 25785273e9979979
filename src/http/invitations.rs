//! `/v1/orgs/{org}/invitations`: who is to become a member.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    Caller, Input, Problem,
    body::{Json, NoBody, said},
    guard::{InOrg, may},
    members::{MeshName, Said},
    preconditions::idempotent,
    reply,
};
use crate::{
    domain::{
        Email, InvitationId, Moment, UserId,
        audit::Actor,
        invitation::{Invitation, Status},
        page::Limit,
    },
    service::{
        self, House, Kept, Refusal,
        invitations::{Invited, Wish},
    },
};

/// An invitation.
#[derive(Debug, Serialize)]
struct InvitationView {
    id: InvitationId,
    email: Email,
    role: &'static str,
    mesh: Option<MeshName>,
    invited_by: Actor,
    status: &'static str,
    mail: &'static str,
    mail_reason: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    accepted_at: Option<OffsetDateTime>,
    accepted_by: Option<UserId>,
    #[serde(with = "time::serde::rfc3339::option")]
    withdrawn_at: Option<OffsetDateTime>,
}

impl From<Invitation> for InvitationView {
    fn from(of: Invitation) -> Self {
        Self {
            id: of.id,
            email: of.email,
            role: of.role.name(),
            mesh: of.mesh.map(|(id, slug)| MeshName { id, slug }),
            invited_by: of.invited_by,
            status: of.status.name(),
            mail: of.mail.name(),
            mail_reason: of.mail.reason().map(str::to_owned),
            created_at: of.created_at,
            expires_at: of.ends_at,
            accepted_at: of.accepted_at,
            accepted_by: of.accepted_by,
            withdrawn_at: of.withdrawn_at,
        }
    }
}

/// An invitation with its link, which is shown once.
#[derive(Serialize)]
struct WithLink<'a> {
    #[serde(flatten)]
    invitation: InvitationView,
    link: Option<&'a str>,
}

/// The body of an invitation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    email: Email,
    role: Said,
    mesh: Option<String>,
    #[serde(default, deserialize_with = "said")]
    expires_at: Option<Moment>,
}

/// Invites somebody.
pub async fn create(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<Json<NewInvitation>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let request = idempotent(&input.request, &proof, &input.body)?;
    let NewInvitation { email, role, mesh, expires_at } = input.body.value;
    let wish = Wish { email, role: role.0, mesh, ends_at: expires_at.map(Moment::get) };
    let invited = service::invitations::create(&house, &proof, &wish, request.as_ref(), &keep).await?;
    reply::once(invited, |invited| shown_once(&house, StatusCode::CREATED, &invited))
}

/// The answer as it is kept: without the link.
fn keep(invited: &Invited) -> Kept {
    kept(StatusCode::CREATED, invited, &WithLink { invitation: invited.invitation.clone().into(), link: None })
}

fn kept(status: StatusCode, invited: &Invited, body: &WithLink<'_>) -> Kept {
    let Invitation { org, id, .. } = &invited.invitation;
    let location = (status == StatusCode::CREATED).then(|| format!("/v1/orgs/{org}/invitations/{id}"));
    reply::kept(status, location, None, body)
}

fn shown_once(house: &House, status: StatusCode, invited: &Invited) -> Result<HttpResponse, Problem> {
    let without = WithLink { invitation: invited.invitation.clone().into(), link: None };
    let kept = kept(status, invited, &without);
    let link = invited.token.link(house.mail.url());
    reply::first(&kept, &WithLink { link: Some(link.as_str()), ..without })
}

/// The query of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    status: Option<String>,
}

/// Lists the invitations.
pub async fn list(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<NoBody, ListQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let ListQuery { limit, cursor, status } = input.query;
    let status: Option<Result<Status, _>> = status.as_deref().map(str::parse);
    let status = status.transpose().map_err(|error| Refusal::invalid("status", error.to_string()))?;
    let page = service::invitations::list(&house, &proof, status, limit, cursor.as_deref()).await?;
    Ok(HttpResponse::Ok().json(page.map(InvitationView::from)))
}

/// Shows an invitation.
pub async fn show(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let id: InvitationId = caller.input.path("invitation")?;
    let invitation = service::invitations::show(&house, &caller.proof, id).await?;
    Ok(HttpResponse::Ok().json(InvitationView::from(invitation)))
}

/// Takes an invitation back.
pub async fn withdraw(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let id: InvitationId = caller.input.path("invitation")?;
    let invitation = service::invitations::withdraw(&house, &caller.proof, id).await?;
    Ok(HttpResponse::Ok().json(InvitationView::from(invitation)))
}

/// Makes another link in place of the one before.
pub async fn resend(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let id: InvitationId = caller.input.path("invitation")?;
    let invited = service::invitations::resend(&house, &caller.proof, id).await?;
    shown_once(&house, StatusCode::OK, &invited)
}
