//! `/v1/orgs/{org}/gates`: by what gateways let pass.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;

use super::{
    Caller, Input, Problem,
    body::{Json, Merge, NoBody, patched, said},
    guard::{InOrg, may},
    preconditions::{idempotent, required},
    query::Paged,
    reply,
    view::DoneView,
};
use crate::{
    db::gates as db,
    domain::{
        Gate, Slug,
        gate::{MethodChanges, Methods, TopicFrom},
        name::Description,
    },
    service::{self, Done, House, edit::Patch, gates::Edit},
};

/// The body of a creation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGate {
    mesh: String,
    name: Slug,
    #[serde(default)]
    description: Description,
    methods: Methods,
    topic: Option<TopicFrom>,
    #[serde(default)]
    deny_429: bool,
}

/// Makes a gate.
pub async fn create(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<Json<NewGate>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let request = idempotent(&input.request, &proof, &input.body)?;
    let NewGate { mesh, name, description, methods, topic, deny_429 } = input.body.value;
    let new = db::NewGate { name, description, methods, topic, deny_429 };
    let keep = |gate: &Gate| {
        let location = format!("/v1/orgs/{}/gates/{}", gate.org, gate.id);
        reply::kept(StatusCode::CREATED, Some(location), Some(gate.version), gate)
    };
    let gate = service::gates::create(&house, &proof, &mesh, &new, request.as_ref(), &keep).await?;
    reply::once(gate, |gate| reply::first(&keep(&gate), &gate))
}

/// Lists the gates.
pub async fn list(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<NoBody, Paged>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let Paged { limit, cursor } = input.query;
    let page = service::gates::list(&house, &proof, limit, cursor.as_deref()).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Shows a gate.
pub async fn show(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let named: String = caller.input.path("gate")?;
    let gate = service::gates::show(&house, &caller.proof, &named).await?;
    Ok(reply::versioned(&gate, gate.version))
}

/// The body of an edit. The mesh stays: what is let through acts in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatePatch {
    #[serde(default, deserialize_with = "said")]
    name: Option<Slug>,
    #[serde(default, deserialize_with = "said")]
    description: Option<Description>,
    #[serde(default, deserialize_with = "said")]
    methods: Option<MethodChanges>,
    #[serde(default, deserialize_with = "patched")]
    topic: Patch<TopicFrom>,
    #[serde(default, deserialize_with = "said")]
    deny_429: Option<bool>,
}

/// Changes a gate.
pub async fn edit(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<Merge<GatePatch>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let (seen, named) = (required(&input.request)?, input.path::<String>("gate")?);
    let GatePatch { name, description, methods, topic, deny_429 } = input.body.0;
    let edit = Edit { name, description, methods, topic, deny_429 };
    let Done { value, settled } = service::gates::edit(&house, &proof, &named, &edit, &seen).await?;
    let version = value.version;
    Ok(reply::versioned(&DoneView::new(value, settled.as_ref()), version))
}

/// Deletes a gate.
pub async fn delete(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let named: String = caller.input.path("gate")?;
    let done = service::gates::delete(&house, &caller.proof, &named).await?;
    Ok(HttpResponse::Ok().json(DoneView::<Gate>::from(done)))
}
