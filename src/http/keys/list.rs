//! Listing keys.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use crate::{
    db::list::{Filter, Sort},
    domain::{Capability, Moment, Status, TopicName, UserId, id::MalformedPrefix, key::UnknownStatus, page::Limit},
    http::{
        Caller, Input, Problem,
        body::NoBody,
        guard::{Within, may},
        query,
        view::KeyView,
    },
    service::{self, House, Refusal, keys::Wanted},
};

/// What stands for "of no mesh, but of the org itself": no mesh can be called so.
const NO_MESH: &str = "-";

/// The query of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    id: Option<String>,
    status: Option<String>,
    mesh: Option<String>,
    capability: Option<Capability>,
    topic: Option<TopicName>,
    issued_by: Option<String>,
    user: Option<UserId>,
    expires_before: Option<Moment>,
    unused_since: Option<Moment>,
    text: Option<String>,
    sort: Option<String>,
    /// Read by the guard, where the path names none.
    org: Option<String>,
}

impl ListQuery {
    pub(in crate::http) fn wanted(self) -> Result<Wanted, Problem> {
        let status = self.status.as_deref().map(statuses).transpose()?;
        let ids = self.id.as_deref().map(str::parse).transpose();
        let ids = ids.map_err(|error: MalformedPrefix| Refusal::invalid("id", error.to_string()))?;
        let sort = self.sort.as_deref().map(str::parse::<Sort>).transpose();
        let sort = sort.map_err(|error| Refusal::invalid("sort", error.to_string()))?;
        let (issuer, issuer_kind) = query::actor("issued_by", self.issued_by.as_deref())?;
        let org_wide = self.mesh.as_deref() == Some(NO_MESH);
        let filter = Filter {
            mesh: None,
            org_wide,
            within: None,
            status,
            standing: Vec::new(),
            issuer,
            issuer_kind,
            never_ends: false,
            expires_before: self.expires_before.map(Moment::get),
            unused_since: self.unused_since.map(Moment::get),
            user: self.user,
            ids,
            text: self.text,
        };
        let mesh = self.mesh.filter(|_| !org_wide);
        let Self { limit, cursor, capability, topic, .. } = self;
        Ok(Wanted { filter, mesh, capability, topic, sort: sort.unwrap_or_default(), limit, cursor })
    }
}

/// Statuses, separated by commas.
pub(in crate::http) fn statuses(text: &str) -> Result<Vec<Status>, Refusal> {
    let all: Result<Vec<Status>, _> = text.split(',').map(|name| name.trim().parse()).collect();
    all.map_err(|error: UnknownStatus| Refusal::invalid("status", error.to_string()))
}

/// Lists the keys that the caller covers.
pub async fn list(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<NoBody, ListQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    if input.query.org.is_some() {
        return Err(Refusal::invalid("org", "the path names the org").into());
    }
    let page = service::keys::list(&house, &proof, &input.query.wanted()?).await?;
    Ok(HttpResponse::Ok().json(page.map(KeyView::from)))
}
