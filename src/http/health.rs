//! `/livez` and `/readyz`: open to everybody, and telling nothing.

use actix_web::{HttpResponse, web::Data};
use serde_json::json;

use super::Problem;
use crate::service::House;

/// The process lives.
pub async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// The process can decide: its database answers.
pub async fn readyz(house: Data<House>) -> Result<HttpResponse, Problem> {
    house.ensure_ready().await?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ok" })))
}
