//! `/v1/orgs/{org}/capabilities`: what an org declares for services of its own.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;

use super::{
    Caller, Input, Problem,
    body::{Json, Merge, NoBody, said},
    guard::{InOrg, Within, may},
    preconditions::{idempotent, required},
    query::Paged,
    reply,
    view::DoneView,
};
use crate::{
    domain::{DeclaredCapability, capability::DeclaredName, name::Description},
    service::{self, House},
};

/// The body of a declaration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCapability {
    name: DeclaredName,
    #[serde(default)]
    description: Description,
}

/// Declares a capability.
pub async fn declare(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<Json<NewCapability>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let request = idempotent(&input.request, &proof, &input.body)?;
    let NewCapability { name, description } = input.body.value;
    let org = proof.org();
    let keep = |declared: &DeclaredCapability| {
        let location = format!("/v1/orgs/{org}/capabilities/{}", declared.name);
        reply::kept(StatusCode::CREATED, Some(location), Some(declared.version), declared)
    };
    let declared = service::capabilities::declare(&house, &proof, &name, &description, request.as_ref(), &keep).await?;
    reply::once(declared, |declared| reply::first(&keep(&declared), &declared))
}

/// Lists what is declared.
pub async fn list(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<NoBody, Paged>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let Paged { limit, cursor } = input.query;
    let page = service::capabilities::list(&house, &proof, limit, cursor.as_deref()).await?;
    Ok(HttpResponse::Ok().json(page))
}

fn shown(declared: &DeclaredCapability) -> HttpResponse {
    reply::versioned(declared, declared.version)
}

/// Shows one.
pub async fn show(house: Data<House>, caller: Caller<Within<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let name = caller.input.path("capability")?;
    Ok(shown(&service::capabilities::show(&house, &caller.proof, &name).await?))
}

/// The body of an edit. The name is the identity and stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapabilityPatch {
    #[serde(default, deserialize_with = "said")]
    description: Option<Description>,
}

/// Describes one anew.
pub async fn edit(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<Merge<CapabilityPatch>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let (seen, name) = (required(&input.request)?, input.path("capability")?);
    let description = input.body.0.description.as_ref();
    Ok(shown(&service::capabilities::edit(&house, &proof, &name, description, &seen).await?))
}

/// Retires one.
pub async fn retire(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let name = caller.input.path("capability")?;
    let done = service::capabilities::retire(&house, &caller.proof, &name).await?;
    Ok(HttpResponse::Ok().json(DoneView::<DeclaredCapability>::from(done)))
}
