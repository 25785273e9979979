//! `/v1/orgs/{org}/meshes/{mesh}/topics/{topic}/access`: who may do what here, and through what.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    Caller, Input, Problem,
    body::NoBody,
    guard::{OnTopic, may},
    keys::statuses,
};
use crate::{
    db::keys::Dated,
    domain::{
        Capability, CapabilitySet, KeyId, Label, Owner, Status, TopicScope,
        access::Access,
        page::{Limit, Page},
    },
    service::{self, House, access::Wanted},
};

/// The query of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    capability: Option<Capability>,
    status: Option<String>,
}

/// A key, as far as it matters here.
#[derive(Debug, Serialize)]
struct Holder {
    id: KeyId,
    label: Label,
    owner: Owner,
    capabilities: CapabilitySet,
    topics: TopicScope,
    status: Status,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_used_at: Option<OffsetDateTime>,
}

impl From<Dated> for Holder {
    fn from(Dated { key, now }: Dated) -> Self {
        let (status, last_used_at) = (key.status(now), key.last_use.map(|used| used.at));
        let (grant, expires_at) = (key.terms.grant, key.terms.expires_at);
        let (owner, capabilities, topics) = (grant.owner, grant.capabilities, grant.topics);
        Self { id: key.id, label: key.label, owner, capabilities, topics, status, expires_at, last_used_at }
    }
}

#[derive(Debug, Serialize)]
struct AccessView {
    key: Holder,
    #[serde(flatten)]
    access: Access,
}

#[derive(Debug, Serialize)]
struct AccessPage {
    #[serde(flatten)]
    page: Page<AccessView>,
    complete: bool,
}

/// Lists the keys that reach the topic.
pub async fn list(
    house: Data<House>,
    caller: Caller<OnTopic<may::Admin>, Input<NoBody, AccessQuery>>,
) -> Result<HttpResponse, Problem> {
    let AccessQuery { limit, cursor, capability, status } = caller.input.query;
    let status = status.as_deref().map(statuses).transpose()?;
    let wanted = Wanted { capability, status, limit, cursor };
    let reaching = service::access::list(&house, &caller.proof, &wanted).await?;
    let page = reaching.page.map(|(key, access)| AccessView { key: key.into(), access });
    Ok(HttpResponse::Ok().json(AccessPage { page, complete: reaching.complete }))
}
