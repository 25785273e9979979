//! `/v1/me`: what a person may see and do of itself.

use std::net::IpAddr;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use super::{
    Caller, Input, Problem,
    body::{Json, NoBody},
    catalogue,
    guard::{Myself, Oneself, OwnSession},
    keys::{ListQuery, NewKey, keep, show_once},
    preconditions::idempotent,
    reply,
    view::KeyView,
};
use crate::{
    db::signed_in::Part,
    domain::{Email, MeshId, OrgId, SessionId, Slug, Title, UserId, session::Session},
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

#[derive(Serialize)]
struct SessionItem {
    id: SessionId,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    seen_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    ends_at: OffsetDateTime,
    address: Option<IpAddr>,
    agent: String,
    current: bool,
}

/// Lists where the person is signed in, the session that was heard of last first.
pub async fn sessions(house: Data<House>, own: OwnSession) -> Result<HttpResponse, Problem> {
    let current = own.proof.session();
    let item = |Session { id, created_at, seen_at, ends_at, address, agent }: Session| SessionItem {
        id,
        created_at,
        seen_at,
        ends_at,
        address,
        agent,
        current: id == current,
    };
    let items: Vec<_> = service::sessions::list(&house, &own.proof).await?.into_iter().map(item).collect();
    Ok(HttpResponse::Ok().json(json!({ "items": items })))
}

/// Signs the person out everywhere else.
pub async fn end_other_sessions(house: Data<House>, own: OwnSession) -> Result<HttpResponse, Problem> {
    service::sessions::end_others(&house, &own.proof).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends one of the person's own sessions, which may be this one. There need not be one.
pub async fn end_session(house: Data<House>, own: OwnSession, path: Path<String>) -> Result<HttpResponse, Problem> {
    let session = path.parse().map_err(|_| Problem::of(catalogue::NOT_FOUND))?;
    service::sessions::end(&house, &own.proof, session).await?;
    Ok(HttpResponse::NoContent().finish())
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
