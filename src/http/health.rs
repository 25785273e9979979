//! `/livez` and `/readyz`: open to everybody, and telling nothing.

use actix_web::{HttpResponse, web::Data};
use serde_json::json;

use super::Problem;
use crate::service::{House, fresh::Basis};

/// The process lives.
pub async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// The process can decide: on what it remembers, or by asking its database, which answers.
pub async fn readyz(house: Data<House>) -> Result<HttpResponse, Problem> {
    let decides = match house.basis().await? {
        Basis::Memory => "memory",
        Basis::Asking => "asking",
        Basis::Grace => "grace",
    };
    Ok(HttpResponse::Ok().json(json!({ "status": "ok", "decides": decides })))
}
