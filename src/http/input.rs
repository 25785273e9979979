//! Input: query, body and the headers that steer a change, read in this order and only after admission.

use actix_web::{HttpRequest, dev::Payload};
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

/// What is read of a request once its caller was admitted. It is no extractor: a handler gets it from the guard alone.
pub trait Read: Sized {
    /// Reads it.
    fn read(request: HttpRequest, payload: Payload) -> impl Future<Output = Result<Self, Problem>>;
}

impl<B: Body, Q: DeserializeOwned> Read for Input<B, Q> {
    async fn read(request: HttpRequest, mut payload: Payload) -> Result<Self, Problem> {
        let query = query::read(&request)?;
        let body = B::read(&request, &mut payload).await?;
        Ok(Self { body, query, request })
    }
}

impl<B, Q> Input<B, Q> {
    /// A segment of the path, parsed. What cannot be parsed does not exist.
    pub fn path<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem> {
        let text = self.request.match_info().get(name).unwrap_or_default();
        text.parse().map_err(|_| Problem::of(super::catalogue::NOT_FOUND))
    }
}
