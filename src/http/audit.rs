//! `/v1/orgs/{org}/audit`.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::{
    Caller, Input, Problem,
    body::NoBody,
    guard::{Within, may},
    query,
    view::EventView,
};
use crate::{
    db::audit::Filter,
    domain::{Moment, audit::Action, page::Limit},
    service::{self, House, Refusal},
};

/// The query of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    actor: Option<String>,
    action: Option<String>,
    subject: Option<String>,
    mesh: Option<String>,
    since: Option<Moment>,
    until: Option<Moment>,
}

impl ListQuery {
    fn filter(&self) -> Result<Filter, Problem> {
        let (actor_key, actor_kind) = query::actor("actor", self.actor.as_deref())?;
        let action = self.action.as_deref().map(str::parse::<Action>).transpose();
        let action = action.map_err(|error| Refusal::invalid("action", error.to_string()))?;
        Ok(Filter {
            mesh: None,
            actor_kind,
            actor_key,
            action: action.map(Action::name),
            subject: self.subject.clone(),
            since: self.since.map(Moment::get),
            until: self.until.map(Moment::get),
        })
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
    Ok(HttpResponse::Ok().json(page.map(EventView::from)))
}
