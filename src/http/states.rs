//! `/v1/meshes/{mesh}/state` and `/v1/meshes/{mesh}/topics/{topic}/state`: the same, but for what they demand.

use actix_web::{HttpResponse, http::header, web::Data};
use serde::Deserialize;

use super::{
    Caller, Input, Problem,
    body::{Json, NoBody},
    guard::{InMesh, Need, OnTopic, may},
    preconditions::{etag, expected},
    query::Paged,
    reply,
};
use crate::{
    domain::Content,
    service::{self, House},
};

/// The body of a put.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewValue {
    value: Content,
}

async fn listed<N: Need>(house: &House, caller: Caller<N, Input<NoBody, Paged>>) -> Result<HttpResponse, Problem> {
    let Paged { limit, cursor } = caller.input.query;
    let page = service::states::list(house, &caller.proof, limit, cursor.as_deref()).await?;
    Ok(HttpResponse::Ok().json(page))
}

async fn shown<N: Need>(house: &House, caller: Caller<N, Input>) -> Result<HttpResponse, Problem> {
    let state = service::states::show(house, &caller.proof, &caller.input.path("name")?).await?;
    Ok(reply::versioned(&state, state.version))
}

async fn stored<N: Need>(house: &House, caller: Caller<N, Input<Json<NewValue>>>) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let (name, expected) = (input.path("name")?, expected(&input.request)?);
    let put = service::states::put(house, &proof, &name, &input.body.value.value, &expected).await?;
    let mut answer = if put.is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(answer.insert_header((header::ETAG, etag(put.state.version))).json(put.state))
}

async fn deleted<N: Need>(house: &House, caller: Caller<N, Input>) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let expected = expected(&input.request)?;
    service::states::delete(house, &proof, &input.path("name")?, &expected).await?;
    Ok(HttpResponse::NoContent().finish())
}

macro_rules! doors {
    ($($(#[$doc:meta])* $name:ident = $need:ident<$right:ident>, $input:ty, $does:ident;)+) => {$(
        $(#[$doc])*
        pub async fn $name(house: Data<House>, caller: Caller<$need<may::$right>, $input>) -> Result<HttpResponse, Problem> {
            $does(&house, caller).await
        }
    )+};
}

doors! {
    /// Lists the mesh's own values.
    list_of_mesh = InMesh<Read>, Input<NoBody, Paged>, listed;
    /// Shows a value of the mesh's own.
    show_of_mesh = InMesh<Read>, Input, shown;
    /// Puts one.
    put_of_mesh = InMesh<StateWrite>, Input<Json<NewValue>>, stored;
    /// Deletes one.
    delete_of_mesh = InMesh<StateWrite>, Input, deleted;
    /// Lists a topic's values.
    list_of_topic = OnTopic<Read>, Input<NoBody, Paged>, listed;
    /// Shows a value of a topic.
    show_of_topic = OnTopic<Read>, Input, shown;
    /// Puts one.
    put_of_topic = OnTopic<StateWrite>, Input<Json<NewValue>>, stored;
    /// Deletes one.
    delete_of_topic = OnTopic<StateWrite>, Input, deleted;
}
