//! Reading the key from a request: from `Authorization: Bearer` or `X-API-Key`, once, and from nowhere else.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName, HeaderValue},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{
    catalogue,
    problem::{Problem, Scheme},
};
use crate::domain::{
    Secret,
    presented::{self, Unpresented, after},
};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Names under which people put keys into URLs, where logs and histories keep them (K-11).
const NEVER_IN_A_QUERY: [&str; 7] = ["token", "access_token", "api_key", "apikey", "key", "x-api-key", "ticket"];

/// The secret that the request presents.
pub fn presented(request: &HttpRequest) -> Result<Secret, Problem> {
    let values = |name: &HeaderName| {
        request.headers().get_all(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default())
    };
    presented::presented(values(&header::AUTHORIZATION), values(&API_KEY)).map_err(|why| match why {
        Unpresented::Missing => Problem::unauthenticated(),
        Unpresented::Repeated | Unpresented::Twice => invalid(&why.to_string()),
        Unpresented::Malformed(_) => Problem::unknown_token("malformed"),
    })
}

/// Whether the request presents no credential at all.
pub(super) fn are_none(request: &HttpRequest) -> bool {
    !request.headers().contains_key(header::AUTHORIZATION) && !request.headers().contains_key(&API_KEY)
}

/// What a client of the OAuth doors presents.
pub struct Presented {
    /// Its key.
    pub secret: Secret,
    /// The id of that key, as the client says it.
    pub claims: Option<String>,
    /// How it was presented.
    pub scheme: Scheme,
}

/// The secret that a client of the OAuth doors presents: as everywhere, or by `Basic` with the id of the key before it
/// (RFC 6749, 2.3.1).
pub fn of_client(request: &HttpRequest) -> Result<Presented, Problem> {
    let authorization = only(request, &header::AUTHORIZATION).map_err(|problem| problem.to_client(Scheme::Bearer))?;
    let is_alone = !request.headers().contains_key(&API_KEY);
    if let Some(pair) =
        authorization.and_then(|value| after("basic", value.to_str().unwrap_or_default())).filter(|_| is_alone)
    {
        return basic(pair).ok_or_else(|| Problem::unknown_token("malformed").to_client(Scheme::Basic));
    }
    let secret = presented(request).map_err(|problem| problem.to_client(Scheme::Bearer))?;
    Ok(Presented { secret, claims: None, scheme: Scheme::Bearer })
}

fn basic(pair: &str) -> Option<Presented> {
    let pair = Zeroizing::new(STANDARD.decode(pair.trim_matches(' ')).ok()?);
    let (id, secret) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    let (id, secret) = (unescaped(id)?, unescaped(secret)?);
    Some(Presented { secret: secret.parse().ok()?, claims: Some(id.to_string()), scheme: Scheme::Basic })
}

/// One value as a form has it: some clients escape even the underscore.
fn unescaped(text: &str) -> Option<Zeroizing<String>> {
    let is_one = !text.is_empty() && !text.contains(['&', '=']);
    let (value, _) = form_urlencoded::parse(text.as_bytes()).next().filter(|_| is_one)?;
    Some(Zeroizing::new(value.into_owned()))
}

fn invalid(detail: &str) -> Problem {
    Problem::new(catalogue::INVALID_REQUEST, detail)
        .with_header(header::WWW_AUTHENTICATE, r#"Bearer realm="meshkey", error="invalid_request""#)
}

/// A header that stands there once or not at all.
fn only<'a>(request: &'a HttpRequest, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Problem> {
    let mut values = request.headers().get_all(name);
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(invalid("a credential header may stand in a request once")),
    }
}

/// Refuses a key in the URL, whatever is asked there.
pub(super) fn refuse_in_query(query: &str) -> Result<(), Problem> {
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    if names.any(|name| NEVER_IN_A_QUERY.iter().any(|known| name.eq_ignore_ascii_case(known))) {
        return Err(invalid("a key never goes into the URL, where logs and histories keep it; send it in a header"));
    }
    Ok(())
}
