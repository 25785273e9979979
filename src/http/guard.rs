//! The guard: an extractor, so that a handler's signature is its policy, and input is read only after admission.
//!
//! All input goes *into* the [`Caller`]; beside it a guarded handler takes only `Data`. Every service function that
//! touches a tenant's data takes the proof that only the guard hands out.

mod needs;
mod own;

use std::{marker::PhantomData, net::IpAddr};

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload, http::header::HeaderName, web::Data};
use futures_util::future::LocalBoxFuture;
use tracing::warn;

pub use self::{
    needs::{AnyKey, InMesh, InOrg, Need, OnTopic, Oneself, OneselfOr, OwnKeyOr, Right, Uncounted, Within, may},
    own::{Myself, OwnSession},
};
use super::{Problem, catalogue, credentials, input::Read, query::asks_for_dry_run, rate, session, trace::Facts};
use crate::{
    domain::{Secret, SecretHash, SessionSecret, audit::Trail},
    service::{Admitted, Demand, House, Refusal, Rejection, admit_holder, admit_person, failures::Throttled},
};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A caller who was admitted, with its input, which was read only then.
pub struct Caller<N, I> {
    /// The proof.
    pub proof: Admitted,
    /// The input.
    pub input: I,
    need: PhantomData<N>,
}

impl<N: Need, I: Read + 'static> FromRequest for Caller<N, I> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let proof = if let Some(session) = session_of::<N>(&request)? {
                admitted_person::<N>(&request, &session).await?
            } else {
                let secret = credentials::presented(&request).map_err(|problem| counted(&request, problem))?;
                let proof = admitted::<N>(&request, &secret, None).await?;
                if N::PERSON {
                    return Err(Problem::of(catalogue::PERSON_REQUIRED));
                }
                proof
            };
            let input = I::read(request, payload).await?;
            Ok(Self { proof, input, need: PhantomData })
        })
    }
}

/// The session by which a request is judged: where it carries no key, and names the org that the person acts for. To act within a
/// mesh takes a key.
fn session_of<N: Need>(request: &HttpRequest) -> Result<Option<SessionSecret>, Problem> {
    let names_org = N::PERSON || request.match_info().get("org").is_some();
    let may_be = names_org && credentials::are_none(request);
    if may_be { session::shown(request) } else { Ok(None) }
}

/// Admits a person who is signed in to what the route demands.
async fn admitted_person<N: Need>(request: &HttpRequest, session: &SessionSecret) -> Result<Admitted, Problem> {
    let house = house(request).ok_or_else(|| Problem::of(catalogue::INTERNAL))?;
    let named = org_of(request)?;
    admit_at::<N>(house, request, session, named.as_deref()).await.map_err(Problem::from)
}

/// Admits a person who is signed in to what a route or a page demands. Where a need is of people alone, its path may name no org.
pub(crate) async fn admit_at<N: Need>(
    house: &House,
    request: &HttpRequest,
    session: &SessionSecret,
    named: Option<&str>,
) -> Result<Admitted, Rejection> {
    let mut demand = demand::<N>(request, None);
    if N::PERSON {
        demand.org = demand.org.or(named);
    }
    let admitted = admit_person(house, session, &demand, trail(house, request)).await;
    if let Some(facts) = request.extensions_mut().get_mut::<Facts>() {
        facts.caller = match &admitted {
            Ok(proof) => proof.actor().id().map(|id| (id, proof.org())),
            Err(rejection) => rejection.who,
        };
    }
    admitted
}

/// The org that the query names.
fn org_of(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut named = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name == "org");
    match (named.next(), named.next()) {
        (named, None) => Ok(named.map(|(_, org)| org.into_owned())),
        _ => Err(Refusal::invalid("org", "it is there twice").into()),
    }
}

fn demand<'a, N: Need>(request: &'a HttpRequest, claims: Option<&'a str>) -> Demand<'a> {
    let path = request.match_info();
    Demand {
        capability: N::CAPABILITY,
        reach: N::REACH,
        org: path.get("org"),
        mesh: path.get("mesh"),
        topic: path.get("topic"),
        own_key: path.get("key").filter(|_| N::OR_OWN),
        own_user: path.get("user").filter(|_| N::OR_ONESELF),
        claims,
        // Who names the org manages the mesh; who does not, acts in it.
        acts_in_mesh: path.get("org").is_none(),
        counts: N::COUNTS && !asks_for_dry_run(request),
    }
}

/// Admits the holder of a secret to what the route demands; also held against the key that it says it is, where it says so.
pub(super) async fn admitted<N: Need>(
    request: &HttpRequest,
    secret: &Secret,
    claims: Option<&str>,
) -> Result<Admitted, Problem> {
    admitted_holder::<N>(request, secret.hash(), claims).await
}

/// The same by the hash of a secret.
pub(super) async fn admitted_holder<N: Need>(
    request: &HttpRequest,
    hash: SecretHash,
    claims: Option<&str>,
) -> Result<Admitted, Problem> {
    let house = house(request).ok_or_else(|| Problem::of(catalogue::INTERNAL))?;
    let admitted = admit_holder(house, hash, &demand::<N>(request, claims), trail(house, request)).await;
    if let Some(facts) = request.extensions_mut().get_mut::<Facts>() {
        (facts.caller, facts.left) = match &admitted {
            Ok(proof) => (proof.actor().id().map(|id| (id, proof.org())), proof.left()),
            Err(rejection) => (rejection.who, None),
        };
    }
    admitted.map_err(|rejection| counted(request, rejection.into()))
}

fn house(request: &HttpRequest) -> Option<&Data<House>> {
    request.app_data()
}

/// Counts who showed a key that nobody holds, and tells it so where that was too often.
pub(super) fn counted(request: &HttpRequest, problem: Problem) -> Problem {
    let Some(house) = house(request).filter(|_| problem.is_failure()) else { return problem };
    match count_failure(house, address(house, request)) {
        Ok(()) => problem,
        Err(throttled) => rate::throttled(throttled),
    }
}

/// Counts a failure, and tells the log of an address with too many, now and then.
pub(super) fn count_failure(house: &House, from: Option<IpAddr>) -> Result<(), Throttled> {
    house.count_failure(from).inspect_err(|throttled| {
        if throttled.is_news {
            let address = from.map(|address| address.to_string());
            warn!(address, "too many requests with keys that nobody holds");
        }
    })
}

/// Counts a code that nobody was given, as a key that nobody holds; with how long to wait where there were too many.
pub(crate) fn failed(house: &House, request: &HttpRequest) -> Result<(), Throttled> {
    count_failure(house, address(house, request))
}

/// The request, as the audit names it.
pub(crate) fn trail(house: &House, request: &HttpRequest) -> Trail {
    let request_id = request.extensions().get::<Facts>().map(|facts| facts.request_id);
    Trail { request_id, address: address(house, request) }
}

/// Whence the request comes.
pub(super) fn address(house: &House, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    if house.trusted_proxies.is_nobody() {
        return Some(peer.to_canonical());
    }
    let lines = request.headers().get_all(FORWARDED_FOR).map(|line| line.to_str().unwrap_or_default());
    let lines: Vec<&str> = lines.collect();
    Some(house.trusted_proxies.client(peer, lines.iter().flat_map(|line| line.split(','))))
}
