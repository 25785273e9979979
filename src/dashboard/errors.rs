//! Pages that cannot be shown: why, as a page.

use std::fmt;

use actix_web::{
    Error, HttpMessage as _, HttpRequest, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
};
use maud::{Markup, html};

use super::{
    Page,
    page::{lead_to, sentence},
    visitor,
};
use crate::{
    db,
    domain::{Slug, Title},
    http::{Problem, catalogue::Kind, trace::Facts},
    service::Refusal,
};

/// Why a page cannot be shown.
#[derive(Debug)]
pub enum Fault {
    /// Somebody else's page has sent the form.
    CrossSite,
    /// The browser is at another address than this one, by which people reach us.
    OtherAddress(String),
    /// The form is of another session than the browser has now.
    OtherSession,
    /// It takes more than the person may in this org; who could do it, or let the person.
    NotAllowed(Slug, Vec<Title>),
    /// Another page is to be seen first.
    Elsewhere(String),
    /// What can happen at every door.
    Problem(Problem),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Problem(refusal.into())
    }
}

impl From<db::Error> for Fault {
    fn from(error: db::Error) -> Self {
        Self::Problem(error.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CrossSite => out.write_str("a form of another site"),
            Self::OtherAddress(_) => out.write_str("a form at another address"),
            Self::OtherSession => out.write_str("a form of another session"),
            Self::NotAllowed(org, _) => write!(out, "not allowed in {org}"),
            Self::Elsewhere(_) => out.write_str("another page comes first"),
            Self::Problem(problem) => problem.fmt(out),
        }
    }
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::CrossSite | Self::OtherAddress(_) | Self::OtherSession | Self::NotAllowed(..) => {
                StatusCode::FORBIDDEN
            }
            Self::Elsewhere(_) => StatusCode::SEE_OTHER,
            Self::Problem(problem) => problem.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Elsewhere(path) => lead_to(path),
            Self::Problem(problem) => problem.error_response(),
            Self::CrossSite | Self::OtherAddress(_) | Self::OtherSession | Self::NotAllowed(..) => {
                HttpResponse::new(self.status_code())
            }
        }
    }
}

impl Fault {
    /// The problem, if it is one that the doors of the API have too.
    #[must_use]
    pub const fn problem(&self) -> Option<&Problem> {
        if let Self::Problem(problem) = self { Some(problem) } else { None }
    }

    /// How to go on.
    fn onward(&self, request: &HttpRequest) -> Markup {
        match self {
            // What was typed is there again, where the page has its script.
            Self::OtherSession => html! { p { a data-anew href=(visitor::here(request)) { "Load the page again" } } },
            Self::OtherAddress(url) => html! { p { "Open " a href=(url) { (url) } } },
            Self::NotAllowed(org, people) => html! {
                p {
                    @if people.is_empty() { "Nobody is in charge of the org: whoever runs this server can name an owner." }
                    @else { "Ask " strong { (named(people)) } "." }
                }
                p { a href={ "/orgs/" (org) "/keys" } { "See your keys in " (org) } }
            },
            _ => home(),
        }
    }

    /// The heading, and what to do.
    fn words(&self) -> (&str, &str) {
        match self {
            Self::CrossSite => (
                "Not from here",
                "Another site has sent this form, and so nothing was done. Open the page here, and send it from there.",
            ),
            Self::OtherAddress(_) => (
                "Not at this address",
                "This address is not the one that this server is known by (public_url), and so nothing was done.",
            ),
            Self::OtherSession => (
                "This page is out of date",
                "You have signed in or out since it was opened, and so nothing was done. Load the page again, and send it from there.",
            ),
            Self::NotAllowed(..) => {
                ("Not for you", "Your role in this org does not let you do this. Nothing was changed.")
            }
            Self::Elsewhere(_) => ("See another page", ""),
            Self::Problem(problem) => words(problem),
        }
    }
}

/// Back to where pages are: who is not signed in is asked to, and others see their first org.
fn home() -> Markup {
    html! { p { a href="/" { "Go to the start page" } } }
}

/// These people, as one says it.
fn named(people: &[Title]) -> String {
    let names: Vec<_> = people.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

/// Wraps each page: an error is a page too.
pub async fn errors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if status.as_u16() < 400 || is_page {
        return Ok(response);
    }
    let id = response.request().extensions().get::<Facts>().map(|facts| facts.request_id.to_string());
    let error = response.response().error();
    let fault = error.and_then(Error::as_error::<Fault>);
    let foreign = Problem::of(Kind::of(status));
    let (title, text) = fault.map_or_else(|| words(&foreign), Fault::words);
    let request = response.request();
    let onward = fault.map_or_else(home, |fault| fault.onward(request));
    let mut page = explain(title, text, &onward, id.as_deref().unwrap_or_default()).with_status(status).answer();
    if let Some(problem) = fault.and_then(Fault::problem) {
        problem.set_headers(page.headers_mut());
    }
    let mut response = response;
    for (name, value) in page.headers() {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response.headers_mut().remove(header::CONTENT_LENGTH);
    Ok(response.map_body(|_, _| page.into_body()))
}

/// Wraps what is nowhere: a page too, among the pages of orgs and to who looks at pages, but not where the API and its docs are.
pub async fn of_nowhere(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let accepted = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let is_wanted = accepted.split([',', ';']).any(|kind| kind.trim().eq_ignore_ascii_case("text/html"));
    let first = request.path().split('/').nth(1).unwrap_or_default();
    if first == "orgs" || (is_wanted && !["v1", "docs"].contains(&first)) {
        return errors(request, next).await;
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// What a problem is to a person, where the words are others than those for who writes a program.
pub(super) fn words(problem: &Problem) -> (&str, &str) {
    match problem.code() {
        "insufficient_scope" => ("Not for you", "Your role does not let you do this. Nothing was changed."),
        "exceeds_authority" => {
            ("More than you may do", "Nobody hands out more than they may do themselves. Nothing was changed.")
        }
        "not_found" => ("Not found", "There is no such page here."),
        "method_not_allowed" => ("Method not allowed", "Nothing was done. Open the page, and go on from there."),
        "store_unavailable" => (
            "Out of reach for a moment",
            "The service cannot do this now. Wait a little, and try again. If you changed something, see first whether it was done.",
        ),
        "internal" => {
            ("Something went wrong", "It is our fault, not yours. Whoever runs this server finds more in its log.")
        }
        _ => problem.words(),
    }
}

fn explain<'a>(title: &'a str, text: &str, onward: &Markup, request_id: &str) -> Page<'a> {
    let main = html! {
        p { (sentence(text)) @if !text.is_empty() && !text.ends_with(['.', '!', '?', '…']) { "." } }
        (onward)
        p.quiet { "Request " code { (request_id) } }
    };
    Page::new(title, main)
}
