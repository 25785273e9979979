//! A problem on the wire: its body and its headers.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header::HeaderMap},
};
use serde::Serialize;

use super::{Inner, Item, Missing, Problem, SettledView, is_oauth, oauth};

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
    #[serde(flatten)]
    settled: Option<&'a SettledView>,
    #[serde(flatten)]
    oauth: Option<oauth::Said>,
}

impl Problem {
    /// The body for this request.
    #[must_use]
    pub fn body(&self, request_id: &str, pattern: &str) -> String {
        let Inner { kind, status, detail, errors, missing, settled, .. } = &*self.0;
        let wire = Wire {
            r#type: format!("/docs/errors/{}", kind.code),
            title: kind.title,
            status: status.as_u16(),
            detail,
            code: kind.code,
            request_id,
            instance: pattern,
            errors,
            missing: missing.as_ref(),
            settled: settled.as_ref(),
            oauth: is_oauth(pattern).then(|| self.said()),
        };
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// Sets the headers that go with it.
    pub fn set_headers(&self, headers: &mut HeaderMap) {
        for (name, _) in &self.0.headers {
            headers.remove(name);
        }
        for (name, value) in &self.0.headers {
            headers.append(name.clone(), value.clone());
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
        self.0.status
    }

    /// The bare status: the body is written where the request is known, see [`crate::http::trace`].
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
