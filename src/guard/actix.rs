//! The guard as an extractor of actix-web: the signature of a handler is its policy.
//!
//! ```no_run
//! use actix_web::{App, HttpRequest, HttpServer, get, web::Data};
//! use meshkey::{Guard, Requirement, guard::{Settings, actix::{Holder, Need}}};
//!
//! struct ReadIssues;
//!
//! impl Need for ReadIssues {
//!     fn of(_: &HttpRequest) -> Requirement {
//!         Requirement::may("read")
//!     }
//! }
//!
//! #[get("/issues")]
//! async fn issues(key: Holder<ReadIssues>) -> String {
//!     format!("hello, {}", key.id())
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let guard = Guard::connect(Settings::new(&std::env::var("MESHKEY_DATABASE_URL")?, "acme")).await?;
//! let server = HttpServer::new(move || App::new().app_data(Data::new(guard.clone())).service(issues));
//! server.bind(("127.0.0.1", 8080))?.run().await?;
//! # Ok(())
//! # }
//! ```

use std::{fmt, future::Future, marker::PhantomData, net::IpAddr, ops::Deref, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, ResponseError,
    dev::Payload,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    web::Data,
};
use tracing::error;

use super::{Guard, Refused, Requirement, answer::Answer};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a handler demands of whoever calls it.
pub trait Need: 'static {
    /// The requirement of this request. Where it names no address, that of the client is put in.
    fn of(request: &HttpRequest) -> Requirement;
}

/// The holder of a key that may what `N` demands. A handler with one in its signature is called by nobody else.
pub struct Holder<N> {
    holder: super::Holder,
    need: PhantomData<N>,
}

impl<N> Deref for Holder<N> {
    type Target = super::Holder;

    fn deref(&self) -> &Self::Target {
        &self.holder
    }
}

/// An answer as an error of actix-web.
#[derive(Debug)]
pub struct Stopped(Answer);

impl fmt::Display for Stopped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.body)
    }
}

impl ResponseError for Stopped {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.0.headers {
            response.insert_header((*name, value.as_str()));
        }
        response.body(self.0.body.clone())
    }
}

impl<N: Need> FromRequest for Holder<N> {
    type Error = Stopped;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Stopped>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let holder = judge(&request, N::of(&request)).await.map_err(Stopped)?;
            Ok(Self { holder, need: PhantomData })
        })
    }
}

async fn judge(request: &HttpRequest, mut wanted: Requirement) -> Result<super::Holder, Answer> {
    let Some(guard) = request.app_data::<Data<Guard>>() else {
        error!("a handler demands a key, and the app has no Data<meshkey::Guard>");
        return Err(Answer::from(&Refused::Senseless(String::new())));
    };
    let values = |name: &HeaderName| request.headers().get_all(name).map(visible);
    if let Some(address) = address(guard, request) {
        wanted = wanted.or_from_address(address);
    }
    guard.admit(values(&header::AUTHORIZATION), values(&API_KEY), &wanted).await
}

fn visible(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

fn address(guard: &Guard, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let lines: Vec<&str> = request.headers().get_all(FORWARDED_FOR).map(visible).collect();
    Some(guard.trusted_proxies().client(peer, lines.iter().flat_map(|line| line.split(','))))
}
