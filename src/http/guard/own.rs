//! People about themselves.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;

use super::{AnyKey, Oneself, admitted, counted, house, session_of};
use crate::{
    http::{Problem, catalogue, credentials},
    service::{
        me::Shown,
        sessions::{self, SignedIn, Visitor},
    },
};

/// Somebody of whom it is known which person it is: by a session, or by a key that is bound to it.
pub struct Myself {
    /// By what it shows that.
    pub who: Shown,
}

/// A person who is signed in, about its sessions: a key cannot.
pub struct OwnSession {
    /// The proof.
    pub proof: SignedIn,
}

impl FromRequest for OwnSession {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let Some(session) = session_of::<Oneself>(&request)? else {
                let secret = credentials::presented(&request).map_err(|problem| counted(&request, problem))?;
                admitted::<AnyKey>(&request, &secret, None).await?;
                return Err(Problem::of(catalogue::PERSON_REQUIRED));
            };
            let house = house(&request).ok_or_else(|| Problem::of(catalogue::INTERNAL))?;
            match sessions::look(house, session).await? {
                Visitor::Whole(proof) => Ok(Self { proof }),
                Visitor::Half(_) | Visitor::Nobody => Err(Problem::signed_out()),
            }
        })
    }
}

impl FromRequest for Myself {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            if let Some(session) = session_of::<Oneself>(&request)? {
                return Ok(Self { who: Shown::Session(session.hash()) });
            }
            let secret = credentials::presented(&request).map_err(|problem| counted(&request, problem))?;
            let proof = admitted::<AnyKey>(&request, &secret, None).await?;
            let person = proof.credential()?.person.as_ref().map(|person| person.user);
            let user = person.ok_or_else(|| Problem::of(catalogue::PERSON_REQUIRED))?;
            Ok(Self { who: Shown::Key(user, proof.org()) })
        })
    }
}
