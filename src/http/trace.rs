//! What happens to every request: an id, the headers that every answer has, one form for every error, and one line in the
//! log for each change, refusal and error. No line holds a raw URL, a header or a body.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage as _,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use tracing::{Level, debug, enabled, error, info};

use super::{
    Problem, catalogue,
    catalogue::Kind,
    credentials::refuse_in_query,
    forward,
    metrics::{Requests, Route},
    oauth::PublicUrl,
    problem::is_oauth,
    rate,
    traceparent::Parent,
};
use crate::{
    dashboard::Fault,
    domain::{OrgId, RequestId, audit::ActorId, rate::Left},
};

/// What is known of a request, for its answer and the log.
#[derive(Debug)]
pub struct Facts {
    /// Its id.
    pub request_id: RequestId,
    /// Who asked, whether it was admitted or not.
    pub caller: Option<(ActorId, OrgId)>,
    /// What is left of the caller's rate, where one was admitted that has a rate.
    pub left: Option<Left>,
}

/// What is told of a request that was answered, where somebody keeps that. None of it is a secret, nor as it was sent.
#[derive(Debug)]
pub struct Answered<'a> {
    /// Its id.
    pub request_id: &'a str,
    /// The method, which may be any word.
    pub method: &'a Method,
    /// The pattern of the route; none where no route was found.
    pub route: Option<&'a str>,
    /// The status of the answer.
    pub status: u16,
    /// The code of the problem, if it is one.
    pub code: Option<&'static str>,
    /// Who asked, whether it was admitted or not.
    pub caller: Option<(ActorId, OrgId)>,
    /// In the course of what it was sent.
    pub parent: Option<Parent>,
    /// How long it took.
    pub took: Duration,
}

/// Who is told of every request, as data of the app. It runs in the thread that answers.
pub type Witness = Arc<dyn Fn(&Answered<'_>) + Send + Sync>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Says that an answer was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const LONGEST_URI: usize = 8 * 1024;
/// Where no route was found.
const NO_ROUTE: &str = "-";
/// Where there is no problem of ours.
const NO_CODE: &str = "-";

/// Wraps the whole service.
pub async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (start, method) = (Instant::now(), request.method().clone());
    let id = RequestId::new();
    request.extensions_mut().insert(Facts { request_id: id, caller: None, left: None });
    let response = match refuse_target(&request) {
        Some(problem) => request.error_response(problem),
        None => match next.call(request).await {
            Ok(response) => response.map_into_boxed_body(),
            Err(error) => return Err(error),
        },
    };
    let told = Told::of(&response, method, start);
    let witness = response.request().app_data::<Data<Witness>>().cloned();
    let pattern =
        if told.status >= 400 || told.is_said() || witness.is_some() { pattern(&response) } else { String::new() };
    let mut room = [0; RequestId::LENGTH];
    let request_id = id.spelled(&mut room);
    let mut response = said(response, request_id, &pattern);
    let left = response.request().extensions().get::<Facts>().and_then(|facts| facts.left);
    let headers = response.headers_mut();
    if let Some(left) = left {
        rate::tell(headers, &left);
    }
    headers.insert(REQUEST_ID, HeaderValue::from_str(request_id)?);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let parent = || Parent::of(response.request().headers());
    if told.is_said() {
        told.log(request_id, parent(), &pattern);
    }
    if let Some(witness) = witness {
        witness(&told.answered(request_id, parent(), &pattern));
    }
    count(&response);
    Ok(response)
}

/// The route as it is in the table. To find one that is not costs as much as it did the first time.
fn pattern(response: &ServiceResponse<BoxBody>) -> String {
    let request = response.request();
    let path = request.app_data::<Route>().and_then(|route| route.path()).map(str::to_owned);
    path.or_else(|| request.match_pattern()).unwrap_or_else(|| NO_ROUTE.to_owned())
}

fn count(response: &ServiceResponse<BoxBody>) {
    let request = response.request();
    if let Some(requests) = request.app_data::<Data<Requests>>() {
        requests.count(request.app_data::<Route>(), response.status().as_u16());
    }
}

/// Refuses targets that are too long, that hold a key, or whose authority contradicts the `Host`.
fn refuse_target(request: &ServiceRequest) -> Option<Problem> {
    let uri = request.uri();
    // Its client chooses what a gateway asks, as far as its query and length go, and is not the one to be told.
    if uri.path().starts_with(forward::ROOT) {
        return None;
    }
    if uri.path_and_query().is_some_and(|target| target.as_str().len() > LONGEST_URI) {
        return Some(Problem::of(catalogue::URI_TOO_LONG));
    }
    if let Err(problem) = refuse_in_query(request.query_string()) {
        return Some(problem);
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let contradicts = uri.authority().is_some_and(|authority| host.is_some_and(|host| host != authority.as_str()));
    contradicts.then(|| Problem::new(catalogue::INVALID_REQUEST, "the target names another host than the Host header"))
}

/// Gives every error its body.
fn said(response: ServiceResponse<BoxBody>, request_id: &str, pattern: &str) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if status.as_u16() < 400 || is_page(&response) {
        return response;
    }
    let own = response.response().error().and_then(actix_web::Error::as_error::<Problem>);
    let foreign = Problem::of(Kind::of(status));
    let problem = own.unwrap_or(&foreign);
    let body = problem.body(request_id, pattern);
    let (mut headers, status) = (response.headers().clone(), status);
    problem.set_headers(&mut headers);
    if let Some(url) = response.request().app_data::<Data<PublicUrl>>().filter(|_| status == StatusCode::UNAUTHORIZED) {
        url.complete(&mut headers);
    }
    let kind = if is_oauth(pattern) { "application/json" } else { "application/problem+json" };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.remove(header::CONTENT_LENGTH);
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    *response.headers_mut() = headers;
    *response.response_mut().status_mut() = status;
    response
}

/// Whether it is for a person to read: a page says itself what is wrong.
fn is_page(response: &ServiceResponse<BoxBody>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Put into the answer of a page that was asked to change something and has not: the form comes once more.
pub struct Unchanged;

/// What the log says of a request.
struct Told {
    method: Method,
    status: u16,
    caller: Option<(ActorId, OrgId)>,
    code: &'static str,
    reason: Option<String>,
    /// Whether something may have been changed: not by a look, nor by a dry run or an answer that was given again.
    is_change: bool,
    /// Whether somebody would fill the log with such.
    is_silent: bool,
    start: Instant,
}

impl Told {
    fn of(response: &ServiceResponse<BoxBody>, method: Method, start: Instant) -> Self {
        let request = response.request();
        let asked = ["/v1/verify", "/v1/introspect", forward::ROOT];
        let is_question = asked.iter().any(|door| request.path().starts_with(door));
        let is_look = matches!(method, Method::GET | Method::HEAD) || is_question;
        let is_replay =
            response.headers().contains_key(REPLAYED) || response.response().extensions().contains::<Unchanged>();
        let error = response.response().error();
        let of_page = || error.and_then(actix_web::Error::as_error::<Fault>).and_then(Fault::problem);
        let problem = error.and_then(actix_web::Error::as_error::<Problem>).or_else(of_page);
        Self {
            is_change: !is_look && !is_replay && !request.query_string().contains("dry_run=true"),
            method,
            status: response.status().as_u16(),
            caller: request.extensions().get::<Facts>().and_then(|facts| facts.caller),
            code: problem.map_or(NO_CODE, Problem::code),
            reason: problem.and_then(Problem::reason).map(str::to_owned),
            is_silent: problem.is_some_and(Problem::is_silent),
            start,
        }
    }

    /// Whether the log has a line for it. Nearly every request is a look that went well, for which it usually has none.
    fn is_said(&self) -> bool {
        (self.status >= 400 || self.is_change) && !self.is_silent || enabled!(Level::DEBUG)
    }

    fn answered<'a>(&'a self, request_id: &'a str, parent: Option<Parent>, pattern: &'a str) -> Answered<'a> {
        let Self { method, status, caller, code, start, .. } = self;
        Answered {
            request_id,
            method,
            route: Some(pattern).filter(|pattern| *pattern != NO_ROUTE),
            status: *status,
            code: Some(*code).filter(|code| *code != NO_CODE),
            caller: *caller,
            parent,
            took: start.elapsed(),
        }
    }

    fn log(&self, request_id: &str, parent: Option<Parent>, pattern: &str) {
        let Self { method, status, caller, code, reason, is_change, start, .. } = self;
        let trace = parent.map(|parent| parent.trace.to_string());
        let microseconds = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let who = |wanted: fn(&ActorId) -> bool| caller.map(|(id, _)| id).filter(wanted).map(|id| id.to_string());
        let (key, user) = (who(|id| matches!(id, ActorId::Key(_))), who(|id| matches!(id, ActorId::User(_))));
        let org = caller.map(|(_, org)| org.to_string());
        match status {
            500.. => {
                error!(request_id, trace, key, user, org, %method, route = pattern, status, code, reason, microseconds, "failed");
            }
            400.. => {
                info!(request_id, trace, key, user, org, %method, route = pattern, status, code, reason, microseconds, "refused");
            }
            _ if *is_change => {
                info!(request_id, trace, key, user, org, %method, route = pattern, status, microseconds, "changed");
            }
            _ => debug!(request_id, trace, key, user, org, %method, route = pattern, status, microseconds, "answered"),
        }
    }
}
