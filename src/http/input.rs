//! Input: query, body and the headers that steer a change, read in this order and only after admission.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::{
    Problem,
    body::{Body, NoBody},
    query::{self, NoQuery},
};

/// What a request says.
#[derive(Debug)]
pub struct Input<B = NoBody, Q = NoQuery> {
    /// Its body.
    pub body: B,
    /// Its query.
    pub query: Q,
    /// The request itself, for its headers and path.
    pub request: HttpRequest,
}

impl<B: Body + 'static, Q: DeserializeOwned + 'static> FromRequest for Input<B, Q> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let query = query::read(&request)?;
            let body = B::read(&request, &mut payload).await?;
            Ok(Self { body, query, request })
        })
    }
}

impl<B, Q> Input<B, Q> {
    /// A segment of the path, parsed. What cannot be parsed does not exist.
    pub fn path<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem> {
        let text = self.request.match_info().get(name).unwrap_or_default();
        text.parse().map_err(|_| Problem::of(super::catalogue::NOT_FOUND))
    }
}
