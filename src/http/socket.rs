//! `/v1/meshes/{mesh}/ws`: follow topics and send, over one WebSocket (RFC 6455).

mod asked;
mod following;
mod said;
mod talk;
pub mod wire;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header},
    web::{self, Data},
};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use time::OffsetDateTime;

use self::{talk::Talk, wire::Wire};
use super::{
    Caller, Input, Problem, catalogue, credentials,
    guard::{self, AnyKey},
    query::{self, NoQuery},
};
use crate::{
    domain::{MeshId, OneTimeCode, SecretHash, peer::Via},
    service::{Admitted, House, tickets},
};

/// The pattern of the path, as problems tell it.
const PATTERN: &str = "/v1/meshes/{mesh}/ws";
/// What we speak.
const SPOKEN: &str = "meshkey";
/// No message of a client may be longer, as no body of a request.
const MOST: usize = 64 * 1024;

/// A ticket that was given.
#[derive(Serialize)]
struct TicketView {
    ticket: String,
    #[serde(with = "time::serde::rfc3339")]
    ends_at: OffsetDateTime,
}

/// Gives a ticket to open one socket with, for browsers.
pub async fn ticket(house: Data<House>, caller: Caller<AnyKey, Input>) -> Result<HttpResponse, Problem> {
    let given = tickets::give(&house, &caller.proof).await?;
    let view = TicketView { ticket: given.code.reveal().to_string(), ends_at: given.ends_at };
    Ok(HttpResponse::build(StatusCode::CREATED).json(view))
}

/// Whoever opens a socket: with a key in a header, or with a ticket as a protocol.
pub struct Joining {
    proof: Admitted,
    hash: SecretHash,
    request: HttpRequest,
    payload: web::Payload,
}

impl FromRequest for Joining {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload).into_inner());
        Box::pin(async move {
            let payload = payload.map_err(|_| Problem::of(catalogue::INTERNAL))?;
            let (hash, mesh) = shown(&request).await?;
            let proof = guard::admitted_holder::<AnyKey>(&request, hash, None).await?;
            if mesh.is_some_and(|mesh| proof.mesh_id().ok() != Some(mesh)) {
                return Err(guard::counted(&request, Problem::unknown_token("a ticket of another mesh")));
            }
            query::read::<NoQuery>(&request)?;
            Ok(Self { proof, hash, request, payload })
        })
    }
}

/// The secret that is shown; or that for which a ticket stands, and in which mesh.
async fn shown(request: &HttpRequest) -> Result<(SecretHash, Option<MeshId>), Problem> {
    let named = ticket_of(request);
    let code = named.as_deref().and_then(|named| named.parse::<OneTimeCode>().ok());
    let has_key = !credentials::are_none(request);
    if has_key && code.is_some() {
        return Err(Problem::new(catalogue::INVALID_REQUEST, "send a key or a ticket, and not both"));
    }
    // Whoever has a key may name protocols that we do not know.
    if has_key || named.is_none() {
        let secret = credentials::presented(request).map_err(|problem| guard::counted(request, problem))?;
        return Ok((secret.hash(), None));
    }
    // What opens no socket takes no ticket.
    wire::accepted(request)?;
    let house: &Data<House> = request.app_data().ok_or_else(|| Problem::of(catalogue::INTERNAL))?;
    let found = match &code {
        Some(code) => tickets::take(house, code).await?,
        None => None,
    };
    let (hash, mesh) = found.ok_or_else(|| guard::counted(request, Problem::unknown_token("no such ticket")))?;
    Ok((hash, Some(mesh)))
}

/// What is named beside the protocol that we speak.
fn ticket_of(request: &HttpRequest) -> Option<String> {
    let named = wire::words(request.headers(), &header::SEC_WEBSOCKET_PROTOCOL);
    let is_ours = named.contains(&SPOKEN);
    named.into_iter().find(|name| *name != SPOKEN).filter(|_| is_ours).map(str::to_owned)
}

/// Opens one.
pub async fn open(house: Data<House>, joining: Joining) -> Result<HttpResponse, Problem> {
    let Joining { proof, hash, request, payload } = joining;
    let seat = house.live.take(&proof, None, Via::Socket)?;
    let mesh = request.match_info().get("mesh").unwrap_or_default().to_owned();
    let (answer, wire) = Wire::open(&request, payload, &[SPOKEN], MOST)?;
    let talk = Talk::new(house.into_inner(), wire, proof, (mesh, hash), seat)?;
    actix_web::rt::spawn(talk.run());
    Ok(answer)
}
