//! `/v1/meshes/{mesh}/peers`: who is connected.

use actix_web::{HttpResponse, web::Data};

use super::{
    Caller, Input, Problem,
    body::NoBody,
    guard::{Within, may},
    query::Paged,
};
use crate::service::{House, live::peers};

/// Lists who is connected, as far as the caller may read what they follow.
pub async fn list(
    house: Data<House>,
    caller: Caller<Within<may::Read>, Input<NoBody, Paged>>,
) -> Result<HttpResponse, Problem> {
    let Paged { limit, cursor } = caller.input.query;
    Ok(HttpResponse::Ok().json(peers::list(&house, &caller.proof, limit, cursor.as_deref()).await?))
}
