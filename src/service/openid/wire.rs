//! The way to a provider: nothing is followed, and nothing waited for or read without end.

use std::time::Duration;

use openidconnect::{
    HttpRequest, HttpResponse,
    http::{self, StatusCode},
};
use reqwest::{Client, redirect::Policy};
use thiserror::Error;

/// How long a provider may take to be reached.
const REACH: Duration = Duration::from_secs(3);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(6);
/// How many bytes it may have: the largest sets of keys have a tenth of that.
const MOST: usize = 512 * 1024;

/// A provider could not be asked. Never says what was sent.
#[derive(Debug, Error)]
pub(super) enum Failed {
    /// It was not reached, or broke off.
    #[error(transparent)]
    Wire(reqwest::Error),
    /// It has a fault of its own.
    #[error("it answered {0}")]
    Status(StatusCode),
    /// Its answer has no end.
    #[error("its answer is too long")]
    TooLong,
    /// Its answer cannot be understood as HTTP.
    #[error("{0}")]
    Http(#[from] http::Error),
}

impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        Self::Wire(error.without_url())
    }
}

/// The way to a provider by TLS; to one on this host also without, and by no proxy.
pub(super) fn client(is_on_this_host: bool) -> Result<Client, reqwest::Error> {
    let client = Client::builder().redirect(Policy::none()).connect_timeout(REACH).timeout(PATIENCE);
    let client = client.user_agent(concat!("meshkey/", env!("CARGO_PKG_VERSION")));
    if is_on_this_host { client.no_proxy().build() } else { client.https_only(true).build() }
}

/// Sends, and gives what came back.
pub(super) async fn send(client: Client, request: HttpRequest) -> Result<HttpResponse, Failed> {
    let mut answer = client.execute(request.try_into()?).await?;
    if answer.status().is_server_error() {
        return Err(Failed::Status(answer.status()));
    }
    let mut response = http::Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.extend(answer.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        if body.len() + piece.len() > MOST {
            return Err(Failed::TooLong);
        }
        body.extend_from_slice(&piece);
    }
    Ok(response.body(body)?)
}
