//! `/v1/explain`: why a key may do something or not, and what would have to be changed.

use std::{borrow::Cow, net::IpAddr};

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    Caller, Input, Problem,
    body::Json,
    guard::{AnyKey, Uncounted},
    view::JudgedKey,
};
use crate::{
    domain::{
        Capability, KeyId, TopicName,
        explain::{Change, Finding},
        verdict::told,
    },
    service::{
        self, House,
        explain::{Explained, Question},
    },
};

/// The body of a question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    key: Option<KeyId>,
    capability: Capability,
    mesh: Option<String>,
    topic: Option<TopicName>,
    ip: Option<IpAddr>,
}

impl From<Asked> for Question {
    fn from(asked: Asked) -> Self {
        let Asked { key, capability, mesh, topic, ip } = asked;
        Self { key, capability, mesh, topic, address: ip }
    }
}

/// An explanation.
#[derive(Debug, Serialize)]
struct ExplanationView<'a> {
    allowed: bool,
    code: &'static str,
    detail: Cow<'static, str>,
    rules: &'a [Finding],
    changes: &'a [Change],
    key: JudgedKey<'a>,
    #[serde(with = "time::serde::rfc3339")]
    as_of: OffsetDateTime,
}

impl<'a> From<&'a Explained> for ExplanationView<'a> {
    fn from(Explained { explanation, credential, as_of }: &'a Explained) -> Self {
        let (code, detail) = told(explanation.denial.as_ref());
        let (allowed, key) = (explanation.denial.is_none(), credential.into());
        Self { allowed, code, detail, rules: &explanation.rules, changes: &explanation.changes, key, as_of: *as_of }
    }
}

/// Explains.
pub async fn explain(
    house: Data<House>,
    caller: Caller<Uncounted<AnyKey>, Input<Json<Asked>>>,
) -> Result<HttpResponse, Problem> {
    let question = Question::from(caller.input.body.value);
    let explained = service::explain::explain(&house, &caller.proof, &question).await?;
    Ok(HttpResponse::Ok().json(ExplanationView::from(&explained)))
}
