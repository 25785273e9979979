//! Reading the key from a request: from `Authorization: Bearer` or `X-API-Key`, once, and from nowhere else.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName, HeaderValue},
};

use super::{catalogue, problem::Problem};
use crate::domain::Secret;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Names under which people put keys into URLs, where logs and histories keep them (K-11).
const NEVER_IN_A_QUERY: [&str; 6] = ["token", "access_token", "api_key", "apikey", "key", "x-api-key"];

/// The secret that the request presents.
pub fn presented(request: &HttpRequest) -> Result<Secret, Problem> {
    let authorization = only(request, &header::AUTHORIZATION)?;
    let api_key = only(request, &API_KEY)?;
    let text = match (authorization, api_key) {
        (None, None) => return Err(Problem::unauthenticated()),
        (Some(_), Some(_)) => {
            return Err(invalid("send the key once: in Authorization or in X-API-Key, and not in both"));
        }
        (Some(value), None) => bearer(value)?,
        (None, Some(value)) => value.to_str().unwrap_or_default(),
    };
    text.trim_matches(' ').parse().map_err(|_| Problem::invalid_token("malformed"))
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

/// What stands behind `Bearer`, in any case (G-10).
fn bearer(value: &HeaderValue) -> Result<&str, Problem> {
    let text = value.to_str().unwrap_or_default();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("bearer") { Ok(rest) } else { Err(Problem::unauthenticated()) }
}

/// Refuses a key in the URL, whatever is asked there.
pub(super) fn refuse_in_query(query: &str) -> Result<(), Problem> {
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    if names.any(|name| NEVER_IN_A_QUERY.iter().any(|known| name.eq_ignore_ascii_case(known))) {
        return Err(invalid("a key never goes into the URL, where logs and histories keep it; send it in a header"));
    }
    Ok(())
}
