//! The guard as a layer of tower, for axum and all that stands on it.
//!
//! A handler behind it finds the [`Holder`] among the extensions of the request. What the layer demands is told by a closure,
//! from the head of the request.

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header, request::Parts};
use tower_layer::Layer;
use tower_service::Service;

use super::{Guard, Holder, Requirement, answer::Answer};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Lets nobody pass to the service behind it but the holders of keys that may.
#[derive(Clone)]
pub struct GuardLayer<F> {
    guard: Guard,
    demand: F,
}

impl<F: Fn(&Parts) -> Requirement> GuardLayer<F> {
    /// Demands of each request what `demand` says. A key with a list of addresses passes only where the requirement has the
    /// address of the client ([`Requirement::from_address`]): which one that is, only your service can know.
    pub const fn new(guard: Guard, demand: F) -> Self {
        Self { guard, demand }
    }
}

impl<S, F: Clone> Layer<S> for GuardLayer<F> {
    type Service = Guarded<S, F>;

    fn layer(&self, inner: S) -> Guarded<S, F> {
        Guarded { guard: self.guard.clone(), demand: self.demand.clone(), inner }
    }
}

/// A service behind the guard.
#[derive(Clone)]
pub struct Guarded<S, F> {
    guard: Guard,
    demand: F,
    inner: S,
}

impl<S, F, In, Out> Service<Request<In>> for Guarded<S, F>
where
    S: Service<Request<In>, Response = Response<Out>> + Clone + Send + 'static,
    S::Future: Send,
    F: Fn(&Parts) -> Requirement,
    In: Send + 'static,
    Out: From<String>,
{
    type Response = Response<Out>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Out>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        // The one that is ready is the one that is called.
        let other = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, other);
        let (mut head, body) = request.into_parts();
        let (guard, wanted) = (self.guard.clone(), (self.demand)(&head));
        Box::pin(async move {
            match judge(&guard, &head, &wanted).await {
                Ok(holder) => {
                    head.extensions.insert(holder);
                    inner.call(Request::from_parts(head, body)).await
                }
                Err(answer) => Ok(response(answer)),
            }
        })
    }
}

async fn judge(guard: &Guard, head: &Parts, wanted: &Requirement) -> Result<Holder, Answer> {
    let values = |name: &HeaderName| head.headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    guard.admit(values(&header::AUTHORIZATION), values(&API_KEY), wanted).await
}

fn response<Out: From<String>>(answer: Answer) -> Response<Out> {
    let mut response = Response::new(Out::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}
