//! Problems at the OAuth doors: a client reads `error` and `error_description` (RFC 6749, 5.2), and who knows us reads `code`.

use actix_web::http::{
    StatusCode,
    header::{HeaderValue, WWW_AUTHENTICATE},
};
use serde::Serialize;

use super::{Kind, Problem, catalogue};

/// The routes at which errors are read by clients of OAuth.
const DOORS: [&str; 4] = ["/v1/introspect", "/v1/revoke", "/v1/device-authorization", "/v1/token"];
/// The codes that have the same name there.
const SAME: [&Kind; 9] = [
    catalogue::UNAUTHORIZED_CLIENT,
    catalogue::AUTHORIZATION_PENDING,
    catalogue::SLOW_DOWN,
    catalogue::ACCESS_DENIED,
    catalogue::EXPIRED_TOKEN,
    catalogue::INVALID_GRANT,
    catalogue::INVALID_CLIENT,
    catalogue::UNSUPPORTED_GRANT_TYPE,
    catalogue::INVALID_SCOPE,
];
const BASIC: HeaderValue = HeaderValue::from_static(r#"Basic realm="meshkey""#);
const BEARER: HeaderValue = HeaderValue::from_static(r#"Bearer realm="meshkey", error="invalid_token""#);

/// How a client has shown who it is, and is challenged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// By its key alone.
    Bearer,
    /// By the id of its key, and the key.
    Basic,
}

/// What a client of OAuth reads.
#[derive(Serialize)]
pub(super) struct Said {
    error: &'static str,
    error_description: String,
}

/// Whether errors of this route are read by clients of OAuth.
#[must_use]
pub fn is_oauth(pattern: &str) -> bool {
    DOORS.contains(&pattern)
}

impl Problem {
    /// As it is told at the OAuth doors: who may not ask is not known there (RFC 7662, 2.3), and there is no input but the
    /// request.
    #[must_use]
    pub fn to_client(mut self, scheme: Scheme) -> Self {
        let is_nobody = self.code() == catalogue::UNAUTHENTICATED.code;
        match self.0.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                self.0.status = StatusCode::UNAUTHORIZED;
                self.challenge(scheme, is_nobody);
            }
            StatusCode::UNPROCESSABLE_ENTITY => {
                self.0.kind = catalogue::INVALID_REQUEST;
                self.0.status = self.0.kind.status();
                self.0.errors.clear();
            }
            _ => {}
        }
        self
    }

    /// In the scheme that was used; in both where none was.
    fn challenge(&mut self, scheme: Scheme, is_nobody: bool) {
        let headers = &mut self.0.headers;
        if scheme == Scheme::Basic {
            headers.retain(|(name, _)| name != WWW_AUTHENTICATE);
        } else if headers.iter().all(|(name, _)| name != WWW_AUTHENTICATE) {
            headers.push((WWW_AUTHENTICATE, BEARER));
        }
        if scheme == Scheme::Basic || is_nobody {
            headers.push((WWW_AUTHENTICATE, BASIC));
        }
    }

    pub(super) fn said(&self) -> Said {
        let error = match self.0.status.as_u16() {
            401 => "invalid_client",
            _ if SAME.iter().any(|same| same.code == self.code()) => self.code(),
            429 | 503 => "temporarily_unavailable",
            500.. => "server_error",
            _ => "invalid_request",
        };
        Said { error, error_description: self.0.detail.chars().map(legal).collect() }
    }
}

/// The characters that RFC 6749 knows in a description.
fn legal(character: char) -> char {
    match character {
        '"' => '\'',
        '\\' => '/',
        ' '..='~' => character,
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_no_character_that_oauth_does_not_know() {
        let problem = Problem::new(catalogue::INVALID_REQUEST, "say \"caf\u{e9}\", not \\ or\nthat");
        let said = problem.said();
        assert_eq!(said.error_description, "say 'caf?', not / or?that");
        assert_eq!(said.error, "invalid_request");
    }
}
