//! What is told of a request to whoever collects spans, in the words of OpenTelemetry's conventions for HTTP.

use std::sync::Arc;

use actix_web::http::Method;

use crate::{
    domain::audit::ActorId,
    http::trace::{Answered, Witness},
    telemetry::spans::{Remote, Span, Spans},
};

/// Has every request kept as a span.
pub(super) fn witness(spans: &Arc<Spans>) -> Witness {
    let spans = Arc::clone(spans);
    Arc::new(move |answered| keep(&spans, answered))
}

fn keep(spans: &Spans, answered: &Answered<'_>) {
    let Answered { request_id, method, route, status, code, caller, parent, took } = answered;
    // A method that is no known one is whatever its sender likes.
    let (method, first) = if is_known(method) { (method.as_str(), method.as_str()) } else { ("_OTHER", "HTTP") };
    let has_failed = *status >= 500;
    let mut texts = vec![("http.request.method", method.to_owned()), ("meshkey.request_id", (*request_id).to_owned())];
    texts.extend(route.map(|route| ("http.route", route.to_owned())));
    texts.extend(code.map(|code| ("meshkey.code", code.to_owned())));
    texts.extend(has_failed.then(|| ("error.type", code.map_or_else(|| status.to_string(), str::to_owned))));
    if let Some((who, org)) = caller {
        let kind = if matches!(who, ActorId::Key(_)) { "meshkey.key" } else { "meshkey.user" };
        texts.extend([(kind, who.to_string()), ("meshkey.org", org.to_string())]);
    }
    spans.record(&Span {
        name: route.map_or_else(|| first.to_owned(), |route| format!("{first} {route}")),
        parent: parent.map(|parent| Remote {
            trace: parent.trace.number(),
            span: parent.span,
            is_sampled: parent.is_sampled,
        }),
        took: *took,
        has_failed,
        texts: &texts,
        numbers: &[("http.response.status_code", i64::from(*status))],
    });
}

fn is_known(method: &Method) -> bool {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::CONNECT,
        Method::TRACE,
    ];
    known.contains(method)
}
