//! `/v1/device-authorization` and `/v1/token`: a terminal asks for a key of its person's, and comes for it (RFC 8628).
//!
//! Anybody may ask: the client is public and shows no credential. What it is given is decided by a person, on a page.

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::header, web::Data};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use time::OffsetDateTime;

use super::{Form, form::invalid, introspect::scope};
use crate::{
    domain::{
        Capability, Email, KeyId, Label, Slug, TopicPattern, TopicScope,
        device::{Asked, DeviceCode, Granted, LIFE, MOST_ASKED, PAUSE},
    },
    http::{
        Input, Problem, catalogue,
        guard::{failed, trail},
        input::Read as _,
        problem::Scheme,
        rate,
        reply::ok,
    },
    service::{
        House,
        device::{NotStarted, NotYet, Started, Taken, start, take},
    },
};

/// The one client that there is: our own command line. It has no secret, and so proves nothing.
pub const CLIENT: &str = "meshkey-cli";
/// The one grant that there is.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What anybody at all has sent.
pub struct FromAnyone(Input<Form>);

impl FromRequest for FromAnyone {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let input = Input::<Form>::read(request, payload).await;
            input.map(Self).map_err(|problem| problem.to_client(Scheme::Bearer))
        })
    }
}

/// What a terminal is told (RFC 8628, 3.2).
#[derive(Serialize)]
struct Authorization<'a> {
    device_code: &'a str,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u32,
    interval: u32,
}

/// Begins a login.
pub async fn authorize(house: Data<House>, asked: FromAnyone) -> Result<HttpResponse, Problem> {
    let Input { body: form, request, .. } = asked.0;
    ensure_client(&form)?;
    let address = trail(&house, &request).address;
    match start(&house, &device(&form)?, &wanted(&form)?, address).await {
        Ok(begun) => told(&begun),
        Err(NotStarted::TooMany) => Err(Problem::of(catalogue::TOO_MANY_LOGINS).with_header(header::RETRY_AFTER, "60")),
        Err(NotStarted::Refused(refusal)) => Err(Problem::from(refusal).to_client(Scheme::Bearer)),
    }
}

/// The user code stands in the fragment of the link, which no server, proxy or log sees (RFC 8628, 3.3.1, leaves open where).
fn told(begun: &Started) -> Result<HttpResponse, Problem> {
    let verification_uri = format!("{}/device", begun.url);
    ok(&Authorization {
        device_code: begun.device_code.reveal().as_str(),
        user_code: begun.user_code.to_string(),
        verification_uri_complete: format!("{verification_uri}#user_code={}", begun.user_code),
        verification_uri,
        expires_in: LIFE,
        interval: PAUSE,
    })
}

fn ensure_client(form: &Form) -> Result<(), Problem> {
    match form.get("client_id")? {
        Some(CLIENT) => Ok(()),
        Some(_) => Err(Problem::of(catalogue::INVALID_CLIENT)),
        None => Err(invalid("the parameter client_id is missing".to_owned())),
    }
}

/// What the terminal calls itself, as far as that can be a label.
fn device(form: &Form) -> Result<Label, Problem> {
    let said = form.get("device_name")?.unwrap_or_default();
    let plain: String = said.chars().filter(|it| !it.is_control()).take(64).collect();
    plain.parse().or_else(|_| "a terminal".parse()).map_err(|_| Problem::of(catalogue::INTERNAL))
}

/// The scope has the words that introspection has: capabilities, and topics as `topic:deploys`.
fn wanted(form: &Form) -> Result<Asked, Problem> {
    let mut asked = Asked { org: short(form, "org")?, mesh: short(form, "mesh")?, ..Asked::default() };
    let mut patterns: Vec<TopicPattern> = Vec::new();
    for word in form.get("scope")?.unwrap_or_default().split_ascii_whitespace() {
        if let Some(topic) = word.strip_prefix("topic:") {
            patterns.push(topic.parse().map_err(no_scope)?);
            continue;
        }
        let capability: Capability = word.parse().map_err(no_scope)?;
        if !asked.capabilities.contains(&capability) {
            asked.capabilities.push(capability);
        }
    }
    if asked.capabilities.len() > MOST_ASKED {
        return Err(no_scope(format!("a terminal asks for {MOST_ASKED} capabilities at most")));
    }
    asked.topics = match form.get("topics")? {
        None if patterns.is_empty() => None,
        None => Some(TopicScope::only(patterns).map_err(no_scope)?),
        Some("all") if patterns.is_empty() => Some(TopicScope::Everywhere),
        Some(_) => return Err(invalid("topics is all, and then the scope names none".to_owned())),
    };
    asked.seconds = form.parsed::<u32>("key_expires_in")?.map(i64::from);
    Ok(asked)
}

fn no_scope(why: impl std::fmt::Display) -> Problem {
    Problem::new(catalogue::INVALID_SCOPE, why.to_string())
}

/// The name of a place. Whether there is one, and the person may know of it, is seen when the person is known.
fn short(form: &Form, name: &str) -> Result<Option<String>, Problem> {
    let text = form.get(name)?;
    match text.filter(|text| text.len() > 64 || text.contains('\0')) {
        Some(_) => Err(invalid(format!("the parameter {name} is not a legal one"))),
        None => Ok(text.map(str::to_owned)),
    }
}

/// A key that a terminal takes (RFC 6749, 5.1), with what people want to know of it.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "they have their names from RFC 6749")]
struct Token<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    key: KeyId,
    label: &'a Label,
    org: &'a Slug,
    mesh: Option<&'a str>,
    user: &'a Email,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

/// Gives a terminal its key, once its person has said yes.
pub async fn token(house: Data<House>, asked: FromAnyone) -> Result<HttpResponse, Problem> {
    let Input { body: form, request, .. } = asked.0;
    match form.get("grant_type")? {
        Some(GRANT) => {}
        Some(_) => return Err(Problem::of(catalogue::UNSUPPORTED_GRANT_TYPE)),
        None => return Err(invalid("the parameter grant_type is missing".to_owned())),
    }
    ensure_client(&form)?;
    let code = form.get("device_code")?.ok_or_else(|| invalid("the parameter device_code is missing".to_owned()))?;
    let taken = match code.parse::<DeviceCode>() {
        Ok(code) => take(&house, &code, trail(&house, &request)).await,
        Err(_) => Err(NotYet::Unknown),
    };
    match taken {
        Ok(taken) => given(&taken),
        Err(why) => Err(refused(&house, &request, why)),
    }
}

fn given(taken: &Taken) -> Result<HttpResponse, Problem> {
    let Taken { issued, granted: Granted { mesh, .. }, org, person } = taken;
    let (key, now) = (&issued.key.key, issued.key.now);
    let expires_at = key.terms.expires_at;
    ok(&Token {
        access_token: issued.secret.reveal(),
        token_type: "Bearer",
        expires_in: expires_at.map_or(0, |end| (end - now).whole_seconds()),
        scope: scope(&key.terms.grant.capabilities, &key.terms.grant.topics),
        key: key.id,
        label: &key.label,
        org,
        mesh: mesh.as_deref(),
        user: person,
        expires_at,
    })
}

fn refused(house: &House, request: &HttpRequest, why: NotYet) -> Problem {
    match why {
        // As a key that nobody holds: who tries many is told to wait.
        NotYet::Unknown => match failed(house, request) {
            Ok(()) => Problem::of(catalogue::INVALID_GRANT),
            Err(throttled) => rate::throttled(throttled),
        },
        NotYet::Waiting => Problem::of(catalogue::AUTHORIZATION_PENDING).in_silence(),
        NotYet::TooEarly => Problem::of(catalogue::SLOW_DOWN),
        NotYet::Denied => Problem::of(catalogue::ACCESS_DENIED),
        NotYet::Over => Problem::of(catalogue::EXPIRED_TOKEN),
        NotYet::Refused(refusal) => Problem::from(refusal).to_client(Scheme::Bearer),
    }
}
