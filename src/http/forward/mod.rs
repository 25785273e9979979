//! `/v1/forward-auth`: gateways ask whether a request may pass. The answer is 200, 401, 403, or 503 where nobody could decide,
//! and 429 where a stored gate says that its gateway can pass that on; whatever is sent: a gateway that meets another status may
//! let pass.
//!
//! The path is all that says what is demanded. The query is the client's, and is not read; nor is a body.

pub mod dialect;
pub mod gate;
pub mod identity;

use std::net::IpAddr;

use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _,
    http::{StatusCode, header},
    web::Data,
};
use tracing::warn;

use self::{dialect::Fault, identity::Identity};
use super::{
    Problem, catalogue, credentials,
    guard::{address, count_failure},
    trace::Facts,
};
use crate::{
    domain::{Denial, audit::ActorId, gate::Unruled, path::NotCanonical},
    service::{
        House,
        forward::{self, Passage, Question, Stop, Why},
    },
};

/// What every path of this door begins with.
pub const ROOT: &str = "/v1/forward-auth";

const CHALLENGE: &str = r#"Bearer realm="meshkey", error="insufficient_scope""#;

/// Answers a gateway. What it passes on of an answer is set in every answer, or it would pass on what its client has sent.
pub async fn ask(house: Data<House>, request: HttpRequest) -> HttpResponse {
    let (mut response, identity) = match judge(&house, &request).await {
        Ok(passage) => (HttpResponse::Ok().finish(), Identity::of(&passage)),
        Err(problem) => {
            if problem.is_failure() {
                // Counted, and answered as ever: a gateway knows no 429.
                let _ = count_failure(&house, client(&house, &request));
            }
            (HttpResponse::from_error(problem), Identity::nobody())
        }
    };
    let request_id = request.extensions().get::<Facts>().map(|facts| facts.request_id.to_string());
    identity.set(response.headers_mut(), request_id.as_deref());
    response
}

async fn judge(house: &House, request: &HttpRequest) -> Result<Passage, Problem> {
    let fault = |fault| problem_of(house, fault);
    let path = request.uri().path().strip_prefix(ROOT).unwrap_or_default();
    let asked = gate::parse(path.strip_prefix('/').unwrap_or(path)).map_err(fault)?;
    let told = asked.dialect.told(request.headers(), request.method().as_str(), asked.behind).map_err(fault)?;
    // A gateway knows no 400: whoever shows two keys has shown none that is accepted.
    let secret = credentials::presented(request).map_err(|problem| match problem.status_code() {
        StatusCode::UNAUTHORIZED => problem,
        _ => Problem::invalid_token("two credentials"),
    })?;
    let question = Question { gate: &asked.gate, told, from: client(house, request) };
    let passage = forward::pass(house, &secret, question).await;
    if let Some(facts) = request.extensions_mut().get_mut::<Facts>() {
        facts.caller = match &passage {
            Ok(Passage { known, .. }) => {
                Some((ActorId::Key(known.credential.key), known.credential.terms.grant.owner.org()))
            }
            Err(stop) => stop.who.map(|(key, org)| (ActorId::Key(key), org)),
        };
    }
    passage.map_err(|Stop { why, deny_429, .. }| match why {
        Why::Token(denial) => Problem::token(&denial),
        Why::Denied(denial) => {
            let code = denial.code();
            denied(denial, deny_429).because(code)
        }
        Why::NoSuchGate(denial) => denied(denial, deny_429).because("the key's org has no such gate"),
        Why::Unruled(Unruled::Method) => Problem::of(catalogue::METHOD_NOT_IN_GATE),
        Why::Unruled(Unruled::Topic) => Problem::of(catalogue::TOPIC_NOT_IN_PATH),
        Why::Misconfigured(reason) => fault(Fault::Misconfigured(reason)),
        Why::Undecided(error) => {
            Problem::of(catalogue::STORE_UNAVAILABLE).with_header(header::RETRY_AFTER, "1").because(error.to_string())
        }
    })
}

fn denied(denial: Denial, deny_429: bool) -> Problem {
    let problem = Problem::from(denial).to_gateway(deny_429);
    if problem.status_code() == StatusCode::FORBIDDEN {
        problem.or_header(header::WWW_AUTHENTICATE, CHALLENGE)
    } else {
        problem
    }
}

/// Whence the client of the gateway comes. The peer is the gateway: nothing else is known, unless it is trusted and says it.
fn client(house: &House, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    address(house, request).filter(|client| *client != peer)
}

/// A mistake in a gateway's configuration stops all who come through it: it is told loudly.
fn problem_of(house: &House, fault: Fault) -> Problem {
    match fault {
        Fault::Misconfigured(reason) => {
            house.meters.misconfigured_gate();
            warn!(reason, "a gateway asks what makes no sense");
            Problem::of(catalogue::GATEWAY_MISCONFIGURED).because(reason)
        }
        Fault::Path(NotCanonical(reason)) => Problem::of(catalogue::PATH_NOT_CANONICAL).because(reason),
    }
}
