//! `/v1/whoami`: what this key is and may do.

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;
use time::OffsetDateTime;

use super::{Caller, Input, Problem, guard::AnyKey, view::KeyView};
use crate::{
    domain::{MeshId, OrgId, Slug, Title},
    service::{self, House},
};

#[derive(Serialize)]
struct Named<I> {
    id: I,
    slug: Slug,
    name: Title,
}

#[derive(Serialize)]
struct Whoami {
    key: KeyView,
    org: Named<OrgId>,
    mesh: Option<Named<MeshId>>,
    secret_number: i32,
    #[serde(with = "time::serde::rfc3339")]
    as_of: OffsetDateTime,
}

/// Tells the caller who it is.
pub async fn whoami(house: Data<House>, caller: Caller<AnyKey, Input>) -> Result<HttpResponse, Problem> {
    let (org, mesh) = service::orgs::homes(&house, &caller.proof).await?;
    let own = caller.proof.credential()?;
    let key = service::keys::show(&house, &caller.proof, own.key).await?;
    let as_of = key.now;
    Ok(HttpResponse::Ok().json(Whoami {
        key: key.into(),
        org: Named { id: org.id, slug: org.slug, name: org.name },
        mesh: mesh.map(|mesh| Named { id: mesh.id, slug: mesh.slug, name: mesh.name }),
        secret_number: own.secret,
        as_of,
    }))
}
