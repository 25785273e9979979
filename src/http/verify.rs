//! `/v1/verify`: other services ask.

use std::net::IpAddr;

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::{
    Caller, Input, Problem,
    body::{Json, Object},
    guard::{Within, may},
    reply::ok_with_end,
    view::VerdictView,
};
use crate::{
    domain::{
        Capability, TopicName,
        fresh::{Change, MalformedChange},
        usage::Door,
    },
    service::{
        self, House, Refusal,
        verify::{MOST_QUESTIONS, Question},
    },
};

/// The body of a question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedKey {
    key: Zeroizing<String>,
    capability: Capability,
    mesh: Option<String>,
    topic: Option<TopicName>,
    ip: Option<IpAddr>,
    at_least: Option<Said>,
}

/// The `transaction` of an earlier answer.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Said(Change);

impl TryFrom<String> for Said {
    type Error = MalformedChange;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<AskedKey> for Question {
    fn from(asked: AskedKey) -> Self {
        let AskedKey { key, capability, mesh, topic, ip, at_least } = asked;
        let at_least = at_least.map(|said| said.0);
        Self { secret: key.parse().ok(), capability: Some(capability), mesh, topic, address: ip, at_least }
    }
}

/// Answers one question.
pub async fn one(
    house: Data<House>,
    caller: Caller<Within<may::Verify>, Input<Json<AskedKey>>>,
) -> Result<HttpResponse, Problem> {
    let question = Question::from(caller.input.body.value);
    let mut verdicts =
        service::verify::verify(&house, &caller.proof, Door::Verify, &[question], |_| String::new()).await?;
    let verdict = verdicts.pop().ok_or(Refusal::Impossible("a question without an answer"))?;
    let end = verdict.held.as_ref().and_then(|held| held.known.credential.terms.expires_at);
    ok_with_end(&VerdictView::from(&verdict), end)
}

/// The body of a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    items: Vec<Object<AskedKey>>,
}

/// Answers many questions, in their order.
pub async fn batch(
    house: Data<House>,
    caller: Caller<Within<may::Verify>, Input<Json<Batch>>>,
) -> Result<HttpResponse, Problem> {
    let Batch { items } = caller.input.body.value;
    if !(1..=MOST_QUESTIONS).contains(&items.len()) {
        return Err(Refusal::invalid("/items", format!("a batch has 1 to {MOST_QUESTIONS} questions")).into());
    }
    let questions: Vec<_> = items.into_iter().map(|Object(asked)| asked.into()).collect();
    let place = |number: usize| format!("/items/{number}");
    let verdicts = service::verify::verify(&house, &caller.proof, Door::Verify, &questions, place).await?;
    let items: Vec<_> = verdicts.iter().map(VerdictView::from).collect();
    Ok(HttpResponse::Ok().json(json!({ "items": items })))
}
