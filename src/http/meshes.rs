//! `/v1/orgs/{org}/meshes`.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;

use super::{
    Caller, Input, Problem,
    body::{Json, Merge, NoBody},
    guard::{InMesh, InOrg, Within, may},
    orgs::NamePatch,
    preconditions::{idempotent, required},
    query::PagedArchive,
    reply,
    view::DoneView,
};
use crate::{
    domain::{Mesh, Slug, Title},
    service::{self, Done, House},
};

/// The body of a creation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMesh {
    slug: Slug,
    name: Option<Title>,
}

/// Makes a mesh.
pub async fn create(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<Json<NewMesh>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let request = idempotent(&input.request, &proof, &input.body)?;
    let NewMesh { slug, name } = input.body.value;
    let name = name.unwrap_or_else(|| Title::from(&slug));
    let keep = |mesh: &Mesh| {
        let location = format!("/v1/orgs/{}/meshes/{}", mesh.org, mesh.id);
        reply::kept(StatusCode::CREATED, Some(location), Some(mesh.version), mesh)
    };
    let mesh = service::meshes::create(&house, &proof, &slug, &name, request.as_ref(), &keep).await?;
    reply::once(mesh, |mesh| reply::first(&keep(&mesh), &mesh))
}

/// Lists the meshes that the caller reaches.
pub async fn list(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<NoBody, PagedArchive>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let PagedArchive { limit, cursor, archived } = input.query;
    let page = service::meshes::list(&house, &proof, archived, limit, cursor.as_deref()).await?;
    Ok(HttpResponse::Ok().json(page))
}

fn shown(mesh: &Mesh) -> HttpResponse {
    reply::versioned(mesh, mesh.version)
}

fn settled(done: Done<Mesh>) -> HttpResponse {
    let version = done.value.version;
    reply::versioned(&DoneView::new(done.value, done.settled.as_ref()), version)
}

/// Shows a mesh.
pub async fn show(caller: Caller<Within<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    Ok(shown(&service::meshes::show(&caller.proof)?))
}

/// Renames a mesh.
pub async fn edit(
    house: Data<House>,
    caller: Caller<InMesh<may::Admin>, Input<Merge<NamePatch>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let seen = required(&input.request)?;
    Ok(shown(&service::meshes::edit(&house, &proof, input.body.0.name.as_ref(), &seen).await?))
}

/// Archives a mesh.
pub async fn archive(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    Ok(settled(service::meshes::archive(&house, &caller.proof, true).await?))
}

/// Undoes that.
pub async fn unarchive(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    Ok(settled(service::meshes::archive(&house, &caller.proof, false).await?))
}
