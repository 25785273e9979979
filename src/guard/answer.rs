//! What is answered to a bearer who may not: the same words as on Meshkey's own API, whatever framework says them. Who is
//! not accepted is not told why (G-13).

use std::time::Duration;

use serde::Serialize;

use super::Refused;
use crate::domain::presented::Unpresented;

/// An answer, for any framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers, by their names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body: `application/problem+json` (RFC 9457).
    pub body: String,
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    denial: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capability: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
}

impl Answer {
    fn new(problem: &Problem<'_>, challenge: Option<String>) -> Self {
        let mut headers =
            vec![("content-type", "application/problem+json".to_owned()), ("cache-control", "no-store".to_owned())];
        headers.extend(challenge.map(|challenge| ("www-authenticate", challenge)));
        Self { status: problem.status, headers, body: serde_json::to_string(problem).unwrap_or_default() }
    }

    fn plain(status: u16, code: &'static str, (title, detail): (&'static str, &str), challenge: Option<&str>) -> Self {
        let (denial, capability, topic) = (None, None, None);
        let problem = Problem { r#type: "about:blank", title, status, detail, code, denial, capability, topic };
        Self::new(&problem, challenge.map(str::to_owned))
    }
}

impl From<Unpresented> for Answer {
    fn from(why: Unpresented) -> Self {
        match why {
            Unpresented::Missing => Self::plain(
                401,
                "unauthenticated",
                ("Key required", &why.to_string()),
                Some(r#"Bearer realm="meshkey""#),
            ),
            Unpresented::Repeated | Unpresented::Twice => Self::plain(
                400,
                "invalid_request",
                ("Request not understood", &why.to_string()),
                Some(r#"Bearer realm="meshkey", error="invalid_request""#),
            ),
            Unpresented::Malformed(_) => not_accepted(),
        }
    }
}

fn not_accepted() -> Answer {
    let challenge = r#"Bearer realm="meshkey", error="invalid_token""#;
    Answer::plain(401, "invalid_token", ("Key not accepted", "this key is not accepted"), Some(challenge))
}

impl From<&Refused> for Answer {
    fn from(refused: &Refused) -> Self {
        let mut answer = Self::of(refused);
        // Whole seconds, rounded up: who waits for so long has waited for long enough.
        let seconds = |span: Duration| (span.as_secs() + u64::from(span.subsec_nanos() > 0)).max(1).to_string();
        answer.headers.extend(refused.retry_after().map(|span| ("retry-after", seconds(span))));
        answer
    }
}

impl Answer {
    fn of(refused: &Refused) -> Self {
        match (refused.status(), refused.code()) {
            (401, _) => not_accepted(),
            (403, code @ ("org_suspended" | "mesh_archived" | "ip_not_allowed")) => {
                Self::plain(403, code, ("Key may not be used", &refused.detail()), None)
            }
            (403, denial) => insufficient(refused, denial),
            (429, code) => Self::plain(429, code, ("Key used too often", &refused.detail()), None),
            (503, code) => Self::plain(
                503,
                code,
                ("Not decided", "it could not be decided now whether this key may do that"),
                None,
            ),
            (status, code) => {
                Self::plain(status, code, ("Internal error", "the service demands what makes no sense"), None)
            }
        }
    }
}

fn insufficient(refused: &Refused, denial: &'static str) -> Answer {
    let (capability, topic) = refused.missing();
    let (capability, topic) = (capability.map(ToString::to_string), topic.map(ToString::to_string));
    let scope = capability.clone().or_else(|| topic.as_ref().map(|topic| format!("topic:{topic}")));
    let scope = scope.map_or_else(String::new, |scope| format!(r#", scope="{scope}""#));
    let problem = Problem {
        r#type: "about:blank",
        title: "Key not enough",
        status: 403,
        detail: &refused.detail(),
        code: "insufficient_scope",
        denial: Some(denial),
        capability: capability.as_deref(),
        topic: topic.as_deref(),
    };
    Answer::new(&problem, Some(format!(r#"Bearer realm="meshkey", error="insufficient_scope"{scope}"#)))
}
