//! `/v1/orgs/{org}/usage`, and of one key: what it was used for, and what was denied.

use std::{borrow::Cow, net::IpAddr};

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Caller, Input, Problem,
    body::NoBody,
    guard::{OwnKeyOr, Within, may},
};
use crate::{
    db::counts::read::{Refused, Sum},
    domain::{Capability, KeyId, Moment, TopicName, page::Limit, usage::By},
    service::{
        self, House, Refusal,
        usage::{Freshness, Usage, Wanted},
    },
};

macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty,)* })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($field: $kind,)*
            since: Option<Moment>,
            until: Option<Moment>,
            by: Option<String>,
            #[serde(default)]
            limit: Limit,
        }

        impl $name {
            fn wanted(&self) -> Result<Wanted, Problem> {
                let by = self.by.as_deref().map_or(Ok(By::Hour), str::parse);
                let by = by.map_err(|error| Refusal::invalid("by", error.to_string()))?;
                let (since, until) = (self.since.map(Moment::get), self.until.map(Moment::get));
                Ok(Wanted { since, until, by, limit: self.limit })
            }
        }
    )+};
}

queries! {
    /// What is wanted of the keys of an org.
    OfOrg { mesh: Option<String>, }
    /// What is wanted of one key.
    OfKey {}
}

#[derive(Serialize)]
struct FreshnessView {
    #[serde(with = "time::serde::rfc3339")]
    as_of: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    complete_to: OffsetDateTime,
}

impl From<Freshness> for FreshnessView {
    fn from(Freshness { as_of, complete_to }: Freshness) -> Self {
        Self { as_of, complete_to }
    }
}

#[derive(Serialize)]
struct UsageView {
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
    by: &'static str,
    total: Sum,
    items: Vec<Map<String, Value>>,
    /// What there was no room for.
    rest: Sum,
    #[serde(flatten)]
    fresh: FreshnessView,
}

impl From<Usage> for UsageView {
    fn from(Usage { range, sums, labels, fresh }: Usage) -> Self {
        let rest = sums.items.iter().fold(sums.total, |rest, (_, one)| Sum {
            allowed: rest.allowed - one.allowed,
            denied: rest.denied - one.denied,
        });
        let label = |key: KeyId| labels.iter().find(|(known, _)| *known == key).map(|(_, label)| label);
        let item = |(name, sum): &(String, Sum)| {
            let mut item = Map::new();
            if let Some(key) = name.parse::<Uuid>().ok().filter(|_| range.by == By::Key).map(KeyId::from) {
                item.insert("key".to_owned(), json!(key));
                item.insert("label".to_owned(), json!(label(key)));
            } else {
                // Nothing was named.
                let name = Some(name).filter(|name| !name.is_empty());
                item.insert(range.by.name().to_owned(), json!(name));
            }
            item.insert("allowed".to_owned(), json!(sum.allowed));
            item.insert("denied".to_owned(), json!(sum.denied));
            item
        };
        let items = sums.items.iter().map(item).collect();
        let by = range.by.name();
        Self { since: range.since, until: range.until, by, total: sums.total, items, rest, fresh: fresh.into() }
    }
}

/// Tells what the keys were used for that the caller covers.
pub async fn of_org(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<NoBody, OfOrg>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let usage = service::usage::of_org(&house, &proof, &input.query.wanted()?, input.query.mesh.as_deref()).await?;
    Ok(HttpResponse::Ok().json(UsageView::from(usage)))
}

/// Tells what a key was used for.
pub async fn of_key(
    house: Data<House>,
    caller: Caller<OwnKeyOr<may::Admin>, Input<NoBody, OfKey>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let usage = service::usage::of_key(&house, &proof, input.path("key")?, &input.query.wanted()?).await?;
    Ok(HttpResponse::Ok().json(UsageView::from(usage)))
}

#[derive(Serialize)]
struct RefusedView {
    code: String,
    detail: Cow<'static, str>,
    capability: Option<Capability>,
    topic: Option<TopicName>,
    door: String,
    address: Option<IpAddr>,
    #[serde(with = "time::serde::rfc3339")]
    first_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    count: i64,
}

impl From<Refused> for RefusedView {
    fn from(refused: Refused) -> Self {
        let Refused { door, code, detail, capability, topic, address, first_at, at, count } = refused;
        let detail = detail.unwrap_or("another version of the service has denied this".into());
        Self { code, detail, capability, topic, door, address, first_at, at, count }
    }
}

#[derive(Serialize)]
struct DenialsView {
    items: Vec<RefusedView>,
    #[serde(flatten)]
    fresh: FreshnessView,
}

/// Tells what was denied to a key lately.
pub async fn denials(house: Data<House>, caller: Caller<OwnKeyOr<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let (items, fresh) = service::usage::denials(&house, &proof, input.path("key")?).await?;
    let items = items.into_iter().map(RefusedView::from).collect();
    Ok(HttpResponse::Ok().json(DenialsView { items, fresh: fresh.into() }))
}
