//! Problems: every error on the wire (RFC 9457). One table from what went wrong below to what is said; the cause of a 500
//! is logged once, and never sent.

use actix_web::http::{
    StatusCode,
    header::{self, HeaderValue},
};
use serde::Serialize;

use super::{
    catalogue::{self, Kind},
    view::SettledView,
};
use crate::{domain::Denial, service::Settled};

mod from;
mod item;
mod oauth;
mod wire;

pub use self::{
    item::{InPolicy, Item, Place},
    oauth::{Scheme, is_oauth},
};

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
    /// That of the kind, but at the doors of OAuth and of gateways.
    status: StatusCode,
    detail: String,
    errors: Vec<Item>,
    missing: Option<Missing>,
    settled: Option<SettledView>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
    /// For the log alone.
    reason: Option<String>,
    /// Whether somebody showed a key that nobody holds.
    is_failure: bool,
    /// Whether the log is to have no line for it: somebody would fill it with such.
    is_silent: bool,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        let (errors, headers) = (Vec::new(), Vec::new());
        Self(Box::new(Inner {
            kind,
            status: kind.status(),
            detail: detail.into(),
            errors,
            missing: None,
            settled: None,
            headers,
            reason: None,
            is_failure: false,
            is_silent: false,
        }))
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

    /// What it says to a person: what it is, and more of it.
    #[must_use]
    pub fn words(&self) -> (&str, &str) {
        (self.0.kind.title, &self.0.detail)
    }

    /// What is wrong with the input, and where.
    #[must_use]
    pub fn errors(&self) -> &[Item] {
        &self.0.errors
    }

    /// Also says this.
    #[must_use]
    pub fn with_header(mut self, name: header::HeaderName, value: &'static str) -> Self {
        self.0.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// Also says this.
    #[must_use]
    pub(super) fn with_headers(mut self, said: impl IntoIterator<Item = (header::HeaderName, String)>) -> Self {
        let legal = said.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::try_from(text).ok()?)));
        self.0.headers.extend(legal);
        self
    }

    /// Without a line in the log.
    #[must_use]
    pub fn in_silence(mut self) -> Self {
        self.0.is_silent = true;
        self
    }

    /// Also says this, unless it says something under that name.
    #[must_use]
    pub fn or_header(self, name: header::HeaderName, value: &'static str) -> Self {
        let is_said = self.0.headers.iter().any(|(known, _)| *known == name);
        if is_said { self } else { self.with_header(name, value) }
    }

    /// With a reason for the log alone.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.0.reason = Some(reason.into());
        self
    }

    /// It says that something is so already: that it is so everywhere.
    #[must_use]
    fn settled(mut self, settled: &Settled) -> Self {
        self.0.settled = Some(settled.into());
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.kind.code
    }

    /// Whether somebody showed a key that nobody holds.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.0.is_failure
    }

    /// Whether the log is to have no line for it.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.0.is_silent
    }

    /// After how many seconds it may be tried again, where that is said.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        let (_, value) = self.0.headers.iter().find(|(name, _)| *name == header::RETRY_AFTER)?;
        value.to_str().ok()?.parse().ok()
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

    /// Whoever was signed in is so no more.
    #[must_use]
    pub fn signed_out() -> Self {
        Self::new(catalogue::UNAUTHENTICATED, "nobody is signed in here, or not any more: sign in, or send a key")
            .with_header(header::WWW_AUTHENTICATE, r#"Bearer realm="meshkey""#)
    }

    /// One answer for unknown, revoked, expired, disabled and malformed; why is for the log alone (G-13).
    #[must_use]
    pub fn invalid_token(reason: &str) -> Self {
        Self::new(catalogue::INVALID_TOKEN, "this key is not accepted")
            .with_header(header::WWW_AUTHENTICATE, r#"Bearer realm="meshkey", error="invalid_token""#)
            .because(reason)
    }

    /// The same for a key that nobody holds: perhaps one of many that somebody tries.
    #[must_use]
    pub fn unknown_token(reason: &str) -> Self {
        let mut problem = Self::invalid_token(reason);
        problem.0.is_failure = true;
        problem
    }

    /// The same for this reason.
    #[must_use]
    pub fn token(denial: &Denial) -> Self {
        let code = denial.code();
        if *denial == Denial::UnknownKey { Self::unknown_token(code) } else { Self::invalid_token(code) }
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
        let mut problem = Self::new(catalogue::INSUFFICIENT_SCOPE, denial.detail()).because(denial.code());
        problem.0.missing = Some(Missing { denial: denial.code(), capability, topic });
        problem.0.headers.extend(HeaderValue::try_from(challenge).map(|value| (header::WWW_AUTHENTICATE, value)));
        problem
    }

    /// As it is told to a gateway, which perhaps cannot pass on that too much was asked for: nginx makes a 500 of it.
    #[must_use]
    pub fn to_gateway(mut self, passes_429: bool) -> Self {
        if self.0.status == StatusCode::TOO_MANY_REQUESTS && !passes_429 {
            self.0.status = StatusCode::FORBIDDEN;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;

    use super::*;

    #[test]
    fn too_much_is_a_plain_no_for_a_gateway_that_cannot_pass_it_on() {
        const TOO_MUCH: &Kind = &Kind {
            code: "too_much",
            status: 429,
            title: "Too much",
            explanation: "Too much was asked for.",
            page: "",
        };
        for (kind, passes_429, status) in [
            (TOO_MUCH, true, 429),
            (TOO_MUCH, false, 403),
            (catalogue::STORE_UNAVAILABLE, false, 503),
            (catalogue::IP_NOT_ALLOWED, true, 403),
        ] {
            let problem = Problem::of(kind).with_header(header::RETRY_AFTER, "1").to_gateway(passes_429);
            assert_eq!((problem.status_code().as_u16(), problem.code()), (status, kind.code));
            assert!(problem.0.headers.iter().any(|(name, _)| name == header::RETRY_AFTER));
            assert!(problem.body("req", "/").contains(&format!(r#""status":{status}"#)));
        }
    }
}
