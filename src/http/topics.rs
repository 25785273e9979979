//! `/v1/orgs/{org}/meshes/{mesh}/topics`, and `/v1/meshes/{mesh}/topics` for those who act in the mesh.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;

use super::{
    Caller, Input, Problem,
    body::{Json, Merge, NoBody, said},
    guard::{Need, OnTopic, Within, may},
    preconditions::{idempotent, required},
    query::PagedArchive,
    reply,
};
use crate::{
    domain::{Topic, TopicName, name::Description},
    service::{self, House},
};

/// The body of a creation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTopic {
    name: TopicName,
    #[serde(default)]
    description: Description,
}

/// Makes a topic.
pub async fn create(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<Json<NewTopic>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let request = idempotent(&input.request, &proof, &input.body)?;
    let NewTopic { name, description } = input.body.value;
    let org = proof.org();
    let keep = |topic: &Topic| {
        let location = format!("/v1/orgs/{org}/meshes/{}/topics/{}", topic.mesh, topic.name);
        reply::kept(StatusCode::CREATED, Some(location), Some(topic.version), topic)
    };
    let topic = service::topics::create(&house, &proof, &name, &description, request.as_ref(), &keep).await?;
    reply::once(topic, |topic| reply::first(&keep(&topic), &topic))
}

async fn listed<N: Need>(
    house: &House,
    caller: Caller<N, Input<NoBody, PagedArchive>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let PagedArchive { limit, cursor, archived } = input.query;
    let page = service::topics::list(house, &proof, archived, limit, cursor.as_deref()).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Lists the topics that an admin reaches.
pub async fn list(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<NoBody, PagedArchive>>,
) -> Result<HttpResponse, Problem> {
    listed(&house, caller).await
}

/// Lists the topics that a reader reaches.
pub async fn list_readable(
    house: Data<House>,
    caller: Caller<Within<may::Read>, Input<NoBody, PagedArchive>>,
) -> Result<HttpResponse, Problem> {
    listed(&house, caller).await
}

fn shown(topic: &Topic) -> HttpResponse {
    reply::versioned(topic, topic.version)
}

/// Shows a topic.
pub async fn show(house: Data<House>, caller: Caller<OnTopic<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    Ok(shown(&service::topics::show(&house, &caller.proof).await?))
}

/// The body of an edit. A topic's name is its identity and stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicPatch {
    #[serde(default, deserialize_with = "said")]
    description: Option<Description>,
}

/// Describes a topic anew.
pub async fn edit(
    house: Data<House>,
    caller: Caller<OnTopic<may::Admin>, Input<Merge<TopicPatch>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let seen = required(&input.request)?;
    Ok(shown(&service::topics::edit(&house, &proof, input.body.0.description.as_ref(), &seen).await?))
}

/// Archives a topic.
pub async fn archive(house: Data<House>, caller: Caller<OnTopic<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    Ok(shown(&service::topics::archive(&house, &caller.proof, true).await?))
}

/// Undoes that.
pub async fn unarchive(
    house: Data<House>,
    caller: Caller<OnTopic<may::Admin>, Input>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(&service::topics::archive(&house, &caller.proof, false).await?))
}
