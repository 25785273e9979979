//! Problems: every error on the wire (RFC 9457). One table from what went wrong below to what is said; the cause of a 500
//! is logged once, and never sent.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderValue},
    },
};
use serde::Serialize;

use super::catalogue::{self, Kind};
use crate::{
    db,
    domain::Denial,
    service::{Conflict, Fault, Refusal, Rejection},
};

/// Where a fault stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A JSON pointer into the body, as a URI fragment.
    Pointer(String),
    /// A parameter of the query.
    Parameter(String),
}

/// One thing wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What is wrong, and what would do.
    pub detail: String,
    /// Where.
    #[serde(flatten)]
    pub place: Option<Place>,
}

/// What was missing from a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    denial: &'static str,
    capability: Option<String>,
    topic: Option<String>,
}

/// An error, before it is put on the wire.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: &'static Kind,
    detail: String,
    errors: Vec<Item>,
    missing: Option<Missing>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
    /// For the log alone.
    reason: Option<String>,
}

/// The body of a problem.
#[derive(Serialize)]
struct Wire<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    request_id: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "<[Item]>::is_empty")]
    errors: &'a [Item],
    #[serde(flatten)]
    missing: Option<&'a Missing>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        let (errors, headers) = (Vec::new(), Vec::new());
        Self(Box::new(Inner { kind, detail: detail.into(), errors, missing: None, headers, reason: None }))
    }

    /// A problem of this kind, in the kind's own words.
    #[must_use]
    pub fn of(kind: &'static Kind) -> Self {
        Self::new(kind, kind.explanation)
    }

    /// Input that is not legal, at these places.
    #[must_use]
    pub fn input(errors: Vec<Item>) -> Self {
        Self::at(catalogue::INVALID_INPUT, errors)
    }

    /// A problem of this kind at these places; the first says what it is.
    fn at(kind: &'static Kind, errors: Vec<Item>) -> Self {
        let detail = errors.first().map_or_else(String::new, |first| first.detail.clone());
        let mut problem = Self::new(kind, detail);
        problem.0.errors = errors;
        problem
    }

    /// Also says this.
    #[must_use]
    pub fn with_header(mut self, name: header::HeaderName, value: &'static str) -> Self {
        self.0.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// With a reason for the log alone.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.0.reason = Some(reason.into());
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.kind.code
    }

    /// Why, for the log alone.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// No credential at all: a challenge without an error code (RFC 6750, 3.1).
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::of(catalogue::UNAUTHENTICATED).with_header(header::WWW_AUTHENTICATE, r#"Bearer realm="meshkey""#)
    }

    /// One answer for unknown, revoked, expired, disabled and malformed; why is for the log alone (G-13).
    #[must_use]
    pub fn invalid_token(reason: &str) -> Self {
        Self::new(catalogue::INVALID_TOKEN, "this key is not accepted")
            .with_header(header::WWW_AUTHENTICATE, r#"Bearer realm="meshkey", error="invalid_token""#)
            .because(reason)
    }

    fn insufficient(denial: &Denial) -> Self {
        let (capability, topic) = match denial {
            Denial::CapabilityMissing(capability) => (Some(capability.to_string()), None),
            Denial::TopicOutOfScope(topic) => (None, topic.as_ref().map(ToString::to_string)),
            _ => (None, None),
        };
        let scope = capability.clone().or_else(|| topic.as_ref().map(|topic| format!("topic:{topic}")));
        let scope = scope.map_or_else(String::new, |scope| format!(r#", scope="{scope}""#));
        let challenge = format!(r#"Bearer realm="meshkey", error="insufficient_scope"{scope}"#);
        let mut problem = Self::new(catalogue::INSUFFICIENT_SCOPE, denial.detail());
        problem.0.missing = Some(Missing { denial: denial.code(), capability, topic });
        problem.0.headers.extend(HeaderValue::try_from(challenge).map(|value| (header::WWW_AUTHENTICATE, value)));
        problem
    }

    /// The body for this request.
    #[must_use]
    pub fn body(&self, request_id: &str, pattern: &str) -> String {
        let Inner { kind, detail, errors, missing, .. } = &*self.0;
        let wire = Wire {
            r#type: format!("/docs/errors/{}", kind.code),
            title: kind.title,
            status: kind.status,
            detail,
            code: kind.code,
            request_id,
            instance: pattern,
            errors,
            missing: missing.as_ref(),
        };
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// Sets the headers that go with it.
    pub fn set_headers(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0.headers {
            headers.insert(name.clone(), value.clone());
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.0.kind.code, self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    /// The bare status: the body is written where the request is known, see [`super::trace`].
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::UnknownKey | Denial::Revoked | Denial::Expired | Denial::Disabled => {
                Self::invalid_token(denial.code())
            }
            Denial::OrgSuspended => Self::of(catalogue::ORG_SUSPENDED),
            Denial::MeshArchived => Self::of(catalogue::MESH_ARCHIVED),
            Denial::AddressNotAllowed => Self::of(catalogue::IP_NOT_ALLOWED),
            Denial::WrongMesh | Denial::CapabilityMissing(_) | Denial::TopicOutOfScope(_) => {
                Self::insufficient(&denial)
            }
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Token(denial) => Self::invalid_token(denial.code()),
            Rejection::Denied(denial) => denial.into(),
            Rejection::NotFound => Self::of(catalogue::NOT_FOUND),
            Rejection::Undecided(error) => error.into(),
        }
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Unavailable(_) | db::Error::Contention => {
                Self::of(catalogue::STORE_UNAVAILABLE).with_header(header::RETRY_AFTER, "1").because(error.to_string())
            }
            other => Self::of(catalogue::INTERNAL).because(with_causes(&other)),
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl From<Conflict> for Problem {
    fn from(conflict: Conflict) -> Self {
        Self::of(match conflict {
            Conflict::AlreadyExists => catalogue::ALREADY_EXISTS,
            Conflict::AlreadyRevoked => catalogue::ALREADY_REVOKED,
            Conflict::KeyExpired => catalogue::KEY_EXPIRED,
            Conflict::AlreadyDisabled => catalogue::ALREADY_DISABLED,
            Conflict::NotDisabled => catalogue::NOT_DISABLED,
            Conflict::AlreadyRotating => catalogue::ALREADY_ROTATING,
            Conflict::NotRotating => catalogue::NOT_ROTATING,
            Conflict::AlreadyArchived => catalogue::ALREADY_ARCHIVED,
            Conflict::NotArchived => catalogue::NOT_ARCHIVED,
            Conflict::TopicArchived => catalogue::TOPIC_ARCHIVED,
            Conflict::KeyLimitReached => catalogue::KEY_LIMIT_REACHED,
            // Said by the command line alone.
            Conflict::AlreadySuspended | Conflict::NotSuspended => catalogue::ORG_SUSPENDED,
        })
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::of(catalogue::NOT_FOUND),
            Refusal::Dead => Self::invalid_token("died since it was admitted"),
            Refusal::Denied(denial) => denial.into(),
            Refusal::Exceeds(faults) => Self::at(catalogue::EXCEEDS_AUTHORITY, items(faults)),
            Refusal::Invalid(faults) => Self::input(items(faults)),
            Refusal::Conflict(conflict) => conflict.into(),
            Refusal::Stale => Self::of(catalogue::PRECONDITION_FAILED),
            Refusal::KeyReused => Self::of(catalogue::IDEMPOTENCY_KEY_REUSED),
            Refusal::Cursor(error) => Self::new(catalogue::INVALID_CURSOR, error.to_string()),
            Refusal::Store(error) => error.into(),
            Refusal::Randomness(error) => Self::of(catalogue::INTERNAL).because(error.to_string()),
            Refusal::Impossible(why) => Self::of(catalogue::INTERNAL).because(why),
        }
    }
}

/// A fault whose pointer does not begin with a slash stands in the query.
fn items(faults: Vec<Fault>) -> Vec<Item> {
    let place = |pointer: String| {
        let is_in_body = pointer.starts_with('/') || pointer.is_empty();
        if is_in_body { Place::Pointer(format!("#{pointer}")) } else { Place::Parameter(pointer) }
    };
    faults.into_iter().map(|fault| Item { detail: fault.detail, place: Some(place(fault.pointer)) }).collect()
}
