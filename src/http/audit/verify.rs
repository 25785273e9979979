//! Prove the chain.

use actix_web::{HttpResponse, web::Data};

use crate::{
    http::{
        Caller, Input, Problem,
        guard::{InOrg, may},
    },
    service::{self, House},
};

/// Follows the org's chain from its beginning to its end.
pub async fn verify(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(service::audit::verify::verify(&house, &caller.proof).await?))
}
