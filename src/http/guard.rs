//! The guard: an extractor, so that a handler's signature is its policy, and input is read only after admission.
//!
//! All input goes *into* the [`Caller`]; beside it a guarded handler takes only `Data`. Every service function that
//! touches a tenant's data takes the proof that only the guard hands out.

use std::{marker::PhantomData, net::IpAddr};

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload, http::header::HeaderName, web::Data};
use futures_util::future::LocalBoxFuture;
use tracing::warn;

use super::{Problem, catalogue, credentials, input::Read, query::asks_for_dry_run, rate, trace::Facts};
use crate::{
    domain::{Capability, Secret, audit::Trail},
    service::{Admitted, Demand, House, Reach, admit, failures::Throttled},
};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Single rights, as types: `may::Send` never shadows `std`'s `Send`.
pub mod may {
    use super::Right;
    use crate::domain::Capability;

    macro_rules! rights {
        ($($name:ident;)+) => {$(
            #[doc = concat!("The capability `", stringify!($name), "`.")]
            #[derive(Debug)]
            pub enum $name {}

            impl Right for $name {
                const CAPABILITY: Capability = Capability::$name;
            }
        )+};
    }

    rights! { Send; Read; StateWrite; Admin; Verify; }
}

/// A single right.
#[diagnostic::on_unimplemented(message = "`{Self}` is no right; see http::guard::may")]
pub trait Right {
    /// The capability.
    const CAPABILITY: Capability;
}

/// What a route demands.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no need; see http::guard: Within, InOrg, InMesh, OnTopic, OwnKeyOr, AnyKey, Uncounted"
)]
pub trait Need {
    /// The capability, if one is demanded.
    const CAPABILITY: Option<Capability>;
    /// How much of the place the grant must reach.
    const REACH: Reach;
    /// Whether the holder of the key that is named may do this to it.
    const OR_OWN: bool = false;
    /// Whether the request counts as a use of the key.
    const COUNTS: bool = true;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident = $reach:ident $(or $own:ident)?;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<R>(PhantomData<R>);

        impl<R: Right> Need for $name<R> {
            const CAPABILITY: Option<Capability> = Some(R::CAPABILITY);
            const REACH: Reach = Reach::$reach;
            $(const OR_OWN: bool = stringify!($own).len() > 0;)?
        }
    )+};
}

needs! {
    /// The right anywhere in the org; the verb judges the rest, or shows only what the grant covers.
    Within = Within;
    /// The right in the whole org.
    InOrg = Org;
    /// The right in the whole mesh that the path names.
    InMesh = Mesh;
    /// The right on the topic that the path names.
    OnTopic = Topic;
    /// The right anywhere in the org, or to be the holder of the very key that the path names.
    OwnKeyOr = Within or own;
}

/// Any live key.
#[derive(Debug)]
pub struct AnyKey;

impl Need for AnyKey {
    const CAPABILITY: Option<Capability> = None;
    const REACH: Reach = Reach::Within;
}

/// The same, by a request that does not count as a use of the key.
#[derive(Debug)]
pub struct Uncounted<N>(PhantomData<N>);

impl<N: Need> Need for Uncounted<N> {
    const CAPABILITY: Option<Capability> = N::CAPABILITY;
    const REACH: Reach = N::REACH;
    const OR_OWN: bool = N::OR_OWN;
    const COUNTS: bool = false;
}

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
            let secret = credentials::presented(&request).map_err(|problem| counted(&request, problem))?;
            let proof = admitted::<N>(&request, &secret, None).await?;
            let input = I::read(request, payload).await?;
            Ok(Self { proof, input, need: PhantomData })
        })
    }
}

/// Admits the holder of a secret to what the route demands; also held against the key that it says it is, where it says so.
pub(super) async fn admitted<N: Need>(
    request: &HttpRequest,
    secret: &Secret,
    claims: Option<&str>,
) -> Result<Admitted, Problem> {
    let house = house(request).ok_or_else(|| Problem::of(catalogue::INTERNAL))?;
    let path = request.match_info();
    let demand = Demand {
        capability: N::CAPABILITY,
        reach: N::REACH,
        org: path.get("org"),
        mesh: path.get("mesh"),
        topic: path.get("topic"),
        own_key: path.get("key").filter(|_| N::OR_OWN),
        claims,
        // Who names the org manages the mesh; who does not, acts in it.
        acts_in_mesh: path.get("org").is_none(),
        counts: N::COUNTS && !asks_for_dry_run(request),
    };
    let admitted = admit(house, secret, &demand, trail(house, request)).await;
    if let Some(facts) = request.extensions_mut().get_mut::<Facts>() {
        (facts.caller, facts.left) = match &admitted {
            Ok(proof) => (Some((proof.credential().key, proof.org())), proof.left()),
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

/// Through what a request came in.
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
