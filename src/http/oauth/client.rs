//! Who asks at an OAuth door: a key, shown as everywhere or by `Basic`. It is guarded as every caller is.

use std::marker::PhantomData;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;

use crate::{
    http::{
        Problem,
        credentials::{Presented, of_client},
        guard::{Need, admitted, counted},
        input::Read,
        problem::Scheme,
    },
    service::Admitted,
};

/// A client that was admitted, with its input, which was read only then.
pub struct Client<N, I> {
    /// The proof.
    pub proof: Admitted,
    /// The input.
    pub input: I,
    /// How it has shown who it is.
    pub scheme: Scheme,
    need: PhantomData<N>,
}

impl<N: Need, I: Read + 'static> FromRequest for Client<N, I> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let presented = of_client(&request).map_err(|problem| counted(&request, problem))?;
            let Presented { secret, claims, scheme } = presented;
            let told = |problem: Problem| problem.to_client(scheme);
            let proof = admitted::<N>(&request, &secret, claims.as_deref()).await.map_err(told)?;
            let input = I::read(request, payload).await.map_err(told)?;
            Ok(Self { proof, input, scheme, need: PhantomData })
        })
    }
}
