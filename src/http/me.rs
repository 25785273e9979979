//! `/v1/me`: what a person may see and do of itself.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    Caller, Input, Problem,
    body::{Json, NoBody},
    guard::{Myself, Oneself},
    keys::{ListQuery, NewKey, keep, show_once},
    preconditions::idempotent,
    reply,
    view::KeyView,
};
use crate::{
    db::signed_in::Part,
    domain::{Email, MeshId, OrgId, SessionId, Slug, Title, UserId},
    service::{self, House, issue::Issued, issue::Wish},
};

#[derive(Serialize)]
struct Me {
    user: Named,
    memberships: Vec<PartView>,
    session: Option<SessionView>,
}

#[derive(Serialize)]
struct Named {
    id: UserId,
    email: Email,
    name: Title,
}

#[derive(Serialize)]
struct PartView {
    org: Place<OrgId>,
    mesh: Option<Place<MeshId>>,
    role: &'static str,
}

#[derive(Serialize)]
struct Place<I> {
    id: I,
    slug: Slug,
}

#[derive(Serialize)]
struct SessionView {
    id: SessionId,
    #[serde(with = "time::serde::rfc3339")]
    confirmed_at: OffsetDateTime,
}

impl From<Part> for PartView {
    fn from(Part { org, org_slug, mesh, role }: Part) -> Self {
        let mesh = mesh.map(|(id, slug)| Place { id, slug });
        Self { org: Place { id: org, slug: org_slug }, mesh, role: role.name() }
    }
}

/// Tells a person who it is, and as what it is in which orgs.
pub async fn show(house: Data<House>, myself: Myself) -> Result<HttpResponse, Problem> {
    let (known, session) = service::me::show(&house, myself.who).await?;
    Ok(HttpResponse::Ok().json(Me {
        user: Named { id: known.user.id, email: known.user.email, name: known.user.name },
        memberships: known.parts.into_iter().map(PartView::from).collect(),
        session: session.map(|(id, confirmed_at)| SessionView { id, confirmed_at }),
    }))
}

/// Lists the keys that are bound to the person, in one of its orgs.
pub async fn keys(
    house: Data<House>,
    caller: Caller<Oneself, Input<NoBody, ListQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let page = service::keys::list_own(&house, &proof, &input.query.wanted()?).await?;
    Ok(HttpResponse::Ok().json(page.map(KeyView::from)))
}

/// The query of an issue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueQuery {
    #[serde(default)]
    dry_run: bool,
    #[serde(rename = "org")]
    _org: Option<String>,
}

/// Issues a key that is bound to the person: within what it may do, whatever its role.
pub async fn issue(
    house: Data<House>,
    caller: Caller<Oneself, Input<Json<NewKey>, IssueQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let request = idempotent(&input.request, &proof, &input.body)?;
    let mode = if input.query.dry_run { service::house::Mode::Dry } else { service::house::Mode::Real };
    let wish = Wish::try_from(input.body.value)?;
    let keep = |issued: &Issued| keep(StatusCode::CREATED, issued);
    let issued = service::personal::issue_own(&house, &proof, &wish, mode, request.as_ref(), &keep).await?;
    reply::once(issued, |issued| show_once(issued, None, StatusCode::CREATED, mode))
}
