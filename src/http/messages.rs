//! `/v1/meshes/{mesh}/topics/{topic}/messages`.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{
    Caller, Input, Problem,
    body::{Json, NoBody},
    catalogue,
    guard::{OnTopic, may},
    preconditions::idempotent_as,
    reply,
};
use crate::{
    domain::{Content, Message, MessageId, page::Limit},
    service::{self, House, messages::From},
};

/// The body of a message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    body: Content,
    reply_to: Option<MessageId>,
}

/// Sends a message.
pub async fn send(
    house: Data<House>,
    caller: Caller<OnTopic<may::Send>, Input<Json<NewMessage>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let NewMessage { body, reply_to } = input.body.value;
    let request = idempotent_as(&input.request, &proof, digest(&body, reply_to)?)?;
    let keep = |message: &Message| reply::kept(StatusCode::CREATED, None, None, message);
    let sent = service::messages::send(&house, &proof, &body, reply_to, request.as_ref(), &keep).await?;
    reply::once(sent, |message| reply::first(&keep(&message), &message))
}

/// By what a message is the same as one that was sent before, over a socket or not: what it says, however the rest is written.
pub(super) fn digest(body: &Content, reply_to: Option<MessageId>) -> Result<[u8; 32], Problem> {
    let said = serde_json::to_vec(&(body, reply_to)).map_err(|_| Problem::of(catalogue::INTERNAL))?;
    Ok(Sha256::digest(&said).into())
}

/// The number of a message; 0 is before all of them.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Seq(i64);

impl Seq {
    pub(super) const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Seq {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        if number < 0 { Err("the number of a message, or 0") } else { Ok(Self(number)) }
    }
}

/// The query of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    after: Option<Seq>,
}

/// Reads messages.
pub async fn list(
    house: Data<House>,
    caller: Caller<OnTopic<may::Read>, Input<NoBody, ListQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let ListQuery { limit, cursor, after } = input.query;
    let from = after.map_or(From::Newest, |seq| From::After(seq.0));
    let page = service::messages::list(&house, &proof, from, limit, cursor.as_deref()).await?;
    Ok(HttpResponse::Ok().json(page))
}
