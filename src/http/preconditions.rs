//! Headers that steer a change: `If-Match`, `If-None-Match`, `Idempotency-Key`.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};

use serde::Deserialize;

use super::{Problem, body::Json, catalogue};
use crate::{
    db::idempotency::Request,
    service::{Admitted, IfMatch, precondition::Expected},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The `ETag` of a version (RFC 9110, 8.8.3): strong.
#[must_use]
pub fn etag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// A header's one value, or all of its values as one list.
fn joined(request: &HttpRequest, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = request.headers().get_all(name).map(|value| value.to_str().unwrap_or("\u{fffd}")).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// What the caller has seen; a change needs it.
pub fn required(request: &HttpRequest) -> Result<IfMatch, Problem> {
    if_match(request)?.ok_or_else(|| Problem::of(catalogue::PRECONDITION_REQUIRED))
}

/// What the caller expects of a value of the state, if anything.
pub fn expected(request: &HttpRequest) -> Result<Expected, Problem> {
    match (if_match(request)?, joined(request, &header::IF_NONE_MATCH).as_deref()) {
        (None, None) => Ok(Expected::Anything),
        (Some(seen), None) => Ok(Expected::Seen(seen)),
        (None, Some("*")) => Ok(Expected::Absent),
        (None, Some(_)) => Err(invalid("of If-None-Match only * is understood here: put it only if it is not there")),
        (Some(_), Some(_)) => Err(invalid("send If-Match or If-None-Match, and not both")),
    }
}

fn invalid(detail: &str) -> Problem {
    Problem::new(catalogue::INVALID_REQUEST, detail)
}

/// Compared strongly: a weak tag matches nothing, nor does one that we never gave (RFC 9110, 13.1.1).
fn if_match(request: &HttpRequest) -> Result<Option<IfMatch>, Problem> {
    let Some(text) = joined(request, &header::IF_MATCH) else { return Ok(None) };
    if text.trim() == "*" {
        return Ok(Some(IfMatch::Any));
    }
    let mut is_quoted = false;
    let tags = text.split(|c: char| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    });
    let tags: Vec<&str> = tags.map(str::trim).filter(|tag| !tag.is_empty()).collect();
    let is_tag = |tag: &&str| {
        let opaque = tag.strip_prefix("W/").unwrap_or(tag);
        let inner = opaque.strip_prefix('"').and_then(|opaque| opaque.strip_suffix('"'));
        inner.is_some_and(|inner| !inner.contains('"'))
    };
    if tags.is_empty() || !tags.iter().all(is_tag) {
        return Err(invalid("If-Match takes * or tags in double quotes, such as \"v17\""));
    }
    // Compared as it is written: v01 is no tag of ours, though it is the number of one.
    let version = |tag: &&str| {
        let version = tag.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok()?;
        (etag(version) == *tag).then_some(version)
    };
    Ok(Some(IfMatch::Versions(tags.iter().filter_map(version).collect())))
}

/// What a client names a change, so that it is made once.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct IdempotencyKey(String);

impl TryFrom<String> for IdempotencyKey {
    type Error = &'static str;

    fn try_from(key: String) -> Result<Self, Self::Error> {
        let is_allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',');
        if (1..=255).contains(&key.len()) && key.bytes().all(is_allowed) {
            Ok(Self(key))
        } else {
            Err("one text of 1 to 255 visible characters, such as a UUID")
        }
    }
}

impl IdempotencyKey {
    /// The request, as it is remembered: by what its body means where it may come another way, by its bytes else.
    pub(super) fn request(self, mut route: String, by: &Admitted, body_hash: [u8; 32]) -> Request {
        if by.person().is_some() {
            // A person may ask the same path for several orgs.
            route = format!("{route} {}", by.org());
        }
        Request { caller: by.id(), route, key: self.0, body_hash }
    }
}

/// The request, as it is remembered, if it has an `Idempotency-Key`: quoted, as the draft has it, or bare, as most send it.
pub fn idempotent<T>(request: &HttpRequest, by: &Admitted, body: &Json<T>) -> Result<Option<Request>, Problem> {
    idempotent_as(request, by, body.digest())
}

/// The same, where the body is the same as another of this digest.
pub(super) fn idempotent_as(
    request: &HttpRequest,
    by: &Admitted,
    body_hash: [u8; 32],
) -> Result<Option<Request>, Problem> {
    let Some(text) = joined(request, &IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&text);
    let key =
        IdempotencyKey::try_from(key.to_owned()).map_err(|what| invalid(&format!("Idempotency-Key is {what}")))?;
    Ok(Some(key.request(format!("{} {}", request.method(), request.path()), by, body_hash)))
}
