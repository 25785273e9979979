//! `/v1/orgs/{org}/webhook`: where the org wants to hear that keys end soon.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    Caller, Input, Problem,
    body::Json,
    guard::{InOrg, may},
};
use crate::service::{
    self, House,
    webhooks::{Set, Webhook},
};

/// A webhook, and how its last call ended.
#[derive(Debug, Serialize)]
struct WebhookView {
    url: String,
    #[serde(with = "time::serde::rfc3339")]
    changed_at: OffsetDateTime,
    last_call: Option<CallView>,
    waiting: bool,
}

/// How a call ended.
#[derive(Debug, Serialize)]
struct CallView {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    delivered: bool,
    status: Option<i32>,
    reason: Option<String>,
}

impl From<Webhook> for WebhookView {
    fn from(Webhook { url, changed_at, tried_at, status, reason, is_waiting, .. }: Webhook) -> Self {
        let last_call = tried_at.map(|at| CallView { at, delivered: reason.is_none(), status, reason });
        Self { url, changed_at, last_call, waiting: is_waiting }
    }
}

/// One that was set, with what signs its calls where that is new: shown once.
#[derive(Serialize)]
struct SetView<'a> {
    #[serde(flatten)]
    webhook: WebhookView,
    secret: Option<&'a str>,
}

/// The body of what sets one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    url: String,
    #[serde(default)]
    new_secret: bool,
}

/// Shows it.
pub async fn show(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let webhook = service::webhooks::show(&house, &caller.proof).await?;
    Ok(HttpResponse::Ok().json(WebhookView::from(webhook)))
}

/// Sets it, in place of the one before.
pub async fn set(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<Json<NewWebhook>>>,
) -> Result<HttpResponse, Problem> {
    let NewWebhook { url, new_secret } = caller.input.body.value;
    let Set { webhook, secret } = service::webhooks::set(&house, &caller.proof, &url, new_secret).await?;
    let secret = secret.map(|secret| secret.reveal());
    let secret = secret.as_ref().map(|secret| secret.as_str());
    Ok(HttpResponse::Ok().json(SetView { webhook: webhook.into(), secret }))
}

/// Takes it away.
pub async fn remove(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let webhook = service::webhooks::remove(&house, &caller.proof).await?;
    Ok(HttpResponse::Ok().json(WebhookView::from(webhook)))
}

/// Has it called, soon.
pub async fn try_out(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let webhook = service::webhooks::try_out(&house, &caller.proof).await?;
    Ok(HttpResponse::Accepted().json(WebhookView::from(webhook)))
}
