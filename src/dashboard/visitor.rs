//! Who looks at a page: by the cookie alone. A key opens no page, and the cookie is looked up at every request.

use std::time::Duration;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{
        Method,
        header::{self, HeaderValue},
    },
    web::Data,
};
use futures_util::future::LocalBoxFuture;

use super::{
    Fault, Form,
    forms::ensure_from_here,
    looks::Looks,
    page::{Signed, lead_to},
    routes::TABLE,
};
use crate::{
    domain::{Place, SessionHash, SessionSecret, session::HALF},
    http::{Problem, catalogue, guard::trail},
    service::{
        House,
        sessions::{Browser, HalfSignedIn, SignedIn, Visitor, look},
    },
};

/// The name of the cookie. Its beginning makes browsers take it only from us, over a connection that nobody reads.
pub const COOKIE: &str = "__Host-meshkey";
/// Where one signs in.
pub const SIGN_IN: &str = "/sign-in";

/// The secret that the browser has, if it has one. Two are none: nobody knows which is ours.
#[must_use]
pub fn presented(request: &HttpRequest) -> Option<SessionSecret> {
    kept(request, COOKIE)
}

/// The secret that the browser keeps under this name.
pub(super) fn kept(request: &HttpRequest, cookie: &str) -> Option<SessionSecret> {
    let lines = request.headers().get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
    let mut own = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == cookie).then_some(value)
    });
    let (first, second) = (own.next(), own.next());
    first.filter(|_| second.is_none())?.parse().ok()
}

/// An answer that gives the browser a secret to be known by.
#[must_use]
pub fn remember(answer: HttpResponse, secret: &SessionSecret, house: &House, is_half: bool) -> HttpResponse {
    let life = if is_half { HALF } else { house.lifetimes.life };
    with_cookie(answer, COOKIE, &secret.reveal(), life)
}

/// An answer that takes it away.
#[must_use]
pub fn forget(answer: HttpResponse) -> HttpResponse {
    with_cookie(answer, COOKIE, "", Duration::ZERO)
}

/// An answer that has the browser keep this under a name, for as long.
pub(super) fn with_cookie(mut answer: HttpResponse, name: &str, value: &str, life: Duration) -> HttpResponse {
    let cookie = format!("{name}={value}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Lax", life.as_secs());
    if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
        cookie.set_sensitive(true);
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// Whence a request comes.
#[must_use]
pub fn browser(house: &House, request: &HttpRequest) -> Browser {
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Browser { trail: trail(house, request), agent: agent.to_owned() }
}

/// Where the person wants to go: as the query of the page says, if it leads to a page of ours.
#[must_use]
pub fn wanted(request: &HttpRequest) -> Place {
    let mut query = form_urlencoded::parse(request.query_string().as_bytes());
    query.find(|(name, _)| name == "next").and_then(|(_, value)| value.parse().ok()).unwrap_or_default()
}

/// Whether the query of the page says this.
pub(super) fn is_asked(request: &HttpRequest, what: &str) -> bool {
    form_urlencoded::parse(request.query_string().as_bytes()).any(|(name, _)| name == what)
}

/// That page, with where to go from there.
#[must_use]
pub fn then(page: &str, next: &Place) -> String {
    if *next == Place::default() {
        return page.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next.as_str()).finish();
    format!("{page}?{query}")
}

/// Anybody at all, and the session that its browser has.
pub struct Anyone {
    /// Who.
    pub visitor: Visitor,
    /// What the browser came with, alive or not.
    pub before: Option<SessionHash>,
    /// The request.
    pub request: HttpRequest,
}

/// A person who is signed in. Others are led to where they sign in, and then back.
pub struct Person {
    /// Who.
    pub by: SignedIn,
    /// The request.
    pub request: HttpRequest,
}

/// Somebody who has still to show a second factor. Others are led to where they sign in.
pub struct Halfway {
    /// Who.
    pub half: HalfSignedIn,
    /// The request.
    pub request: HttpRequest,
}

/// A form that was sent from a page of our own, with who has sent it.
pub struct Sent<V> {
    /// Who.
    pub by: V,
    /// What was filled in.
    pub form: Form,
}

impl Person {
    /// For the head of a page.
    #[must_use]
    pub fn signed<'a>(&'a self, token: &'a str) -> Signed<'a> {
        Signed::new(&self.by, token).with_looks(Looks::of(&self.request))
    }

    /// The token of the session's forms.
    #[must_use]
    pub fn token(&self) -> String {
        self.by.secret().form_token()
    }

    /// Leads to where one shows once more who one is, unless that was a short while ago.
    pub fn ensure_fresh(&self) -> Result<(), Fault> {
        let here = here(&self.request);
        if self.by.is_fresh() { Ok(()) } else { Err(Fault::Elsewhere(then("/confirm", &here))) }
    }
}

/// Who may be behind a request.
pub trait Who: Sized {
    /// Whether it is this kind of visitor.
    fn find(request: HttpRequest) -> impl Future<Output = Result<Self, Fault>>;

    /// The session whose token each form has.
    fn session(&self) -> Option<&SessionSecret>;
}

impl Who for Anyone {
    async fn find(request: HttpRequest) -> Result<Self, Fault> {
        let (visitor, before) = seen(&request).await?;
        Ok(Self { visitor, before, request })
    }

    fn session(&self) -> Option<&SessionSecret> {
        None
    }
}

impl Who for Person {
    async fn find(request: HttpRequest) -> Result<Self, Fault> {
        match seen(&request).await?.0 {
            Visitor::Whole(by) => Ok(Self { by, request }),
            Visitor::Half(_) | Visitor::Nobody => Err(Fault::Elsewhere(then(SIGN_IN, &here(&request)))),
        }
    }

    fn session(&self) -> Option<&SessionSecret> {
        Some(self.by.secret())
    }
}

impl Who for Halfway {
    async fn find(request: HttpRequest) -> Result<Self, Fault> {
        match seen(&request).await?.0 {
            Visitor::Half(half) => Ok(Self { half, request }),
            Visitor::Whole(_) => Err(Fault::Elsewhere(wanted(&request).to_string())),
            Visitor::Nobody => Err(Fault::Elsewhere(then(SIGN_IN, &wanted(&request)))),
        }
    }

    fn session(&self) -> Option<&SessionSecret> {
        Some(self.half.waiting().secret())
    }
}

/// The page that was asked for, to come back to; of a form without a page the account.
pub(super) fn here(request: &HttpRequest) -> Place {
    let pattern = request.match_pattern().unwrap_or_default();
    let is_page = TABLE.contains(&("get", pattern.as_str()));
    let is_look = [Method::GET, Method::HEAD].contains(request.method());
    let target = if is_look { request.uri().to_string() } else { request.path().to_owned() };
    let org = request.match_info().get("org").filter(|_| !is_look);
    let fallback = || {
        let path = org.map_or_else(|| "/account".to_owned(), |org| format!("/orgs/{org}/keys"));
        path.parse().unwrap_or_default()
    };
    if is_page { target.parse().unwrap_or_default() } else { fallback() }
}

/// The house in which a request is answered.
pub(super) fn house(request: &HttpRequest) -> Result<Data<House>, Problem> {
    request.app_data::<Data<House>>().cloned().ok_or_else(|| Problem::of(catalogue::INTERNAL))
}

/// Whose session the browser shows, and which that was.
async fn seen(request: &HttpRequest) -> Result<(Visitor, Option<SessionHash>), Fault> {
    let secret = presented(request);
    let before = secret.as_ref().map(SessionSecret::hash);
    let visitor = match secret {
        Some(secret) => look(&*house(request)?, secret).await?,
        None => Visitor::Nobody,
    };
    Ok((visitor, before))
}

macro_rules! extracted {
    ($($who:ident)+) => {$(
        impl FromRequest for $who {
            type Error = Fault;
            type Future = LocalBoxFuture<'static, Result<Self, Fault>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                Box::pin(Self::find(request.clone()))
            }
        }
    )+};
}
extracted! { Anyone Person Halfway }

impl<W: Who + 'static> FromRequest for Sent<W> {
    type Error = Fault;
    type Future = LocalBoxFuture<'static, Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            ensure_from_here(&request)?;
            let by = W::find(request.clone()).await?;
            let form = Form::read(&request, &mut payload, by.session()).await?;
            Ok(Self { by, form })
        })
    }
}

/// To another page of ours.
#[must_use]
pub fn to(place: &Place) -> HttpResponse {
    lead_to(place.as_str())
}
