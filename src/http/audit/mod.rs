//! `/v1/orgs/{org}/audit`: list, take along, prove.

mod csv;
mod export;
pub(crate) mod filter;
mod verify;

use actix_web::{HttpResponse, web::Data};

pub use self::{export::export, verify::verify};
use super::{
    Caller, Input, Problem,
    body::NoBody,
    guard::{Within, may},
};
use crate::{
    domain::page::Limit,
    service::{self, House},
};
use filter::filtered;

filtered! {
    /// The query of a list.
    ListQuery {
        #[serde(default)]
        limit: Limit,
        cursor: Option<String>,
    }
}

/// Lists events, the newest first.
pub async fn list(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<NoBody, ListQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let (filter, query) = (input.query.filter()?, input.query);
    let (mesh, cursor) = (query.mesh.as_deref(), query.cursor.as_deref());
    let page = service::audit::list(&house, &proof, &filter, mesh, query.limit, cursor).await?;
    Ok(HttpResponse::Ok().json(page))
}
