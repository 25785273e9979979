//! The session of a person, as a request of its browser shows it. It is the dashboard's: it opens the API only to our own pages.
//!
//! A request that carries a key is judged by the key alone (G-9). One that carries nothing but the cookie must come from our own
//! origin, as the browser itself says (Fetch Metadata, or `Origin` where it says nothing of that), and if it is to change
//! something it also carries the token that stands in every page of the session (OWASP, cross-site request forgery). No other
//! site can set that header without being allowed to by CORS, which we allow nobody (G-11).

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
    web::Data,
};

use super::{Problem, catalogue, oauth::PublicUrl};
use crate::domain::SessionSecret;

/// The cookie. By its prefix a browser takes it only over a secure connection, from this host alone, and for all of it.
pub const COOKIE: &str = "__Host-meshkey";
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const TOKEN: HeaderName = HeaderName::from_static("x-form-token");

/// The session that a request shows, where it shows one and no key, and may be judged by it.
pub(super) fn shown(request: &HttpRequest) -> Result<Option<SessionSecret>, Problem> {
    let Some(cookie) = cookie(request) else { return Ok(None) };
    let session: SessionSecret = cookie.parse().map_err(|_| Problem::signed_out())?;
    let is_safe = request.method().is_safe();
    if !is_from_here(request, is_safe) {
        return Err(Problem::new(catalogue::CROSS_SITE, "a page of another site has made this request"));
    }
    let has_token = || matches!(only(request, &TOKEN), Only::One(token) if session.is_form_token(token));
    if !is_safe && !has_token() {
        return Err(Problem::new(catalogue::CROSS_SITE, "the header X-Form-Token is missing, or of another session"));
    }
    Ok(Some(session))
}

/// The value of our cookie, if there is exactly one.
#[must_use]
pub fn cookie(request: &HttpRequest) -> Option<&str> {
    let lines = request.headers().get_all(header::COOKIE).map(|line| line.to_str().unwrap_or_default());
    let mut ours = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then_some(value)
    });
    ours.next().filter(|_| ours.next().is_none())
}

/// Whether a page of our own has made this request; and of what changes nothing, also the person, by typing its address.
pub(crate) fn is_from_here(request: &HttpRequest, is_safe: bool) -> bool {
    match only(request, &FETCH_SITE) {
        Only::One(site) => site == "same-origin" || is_safe && site == "none",
        Only::Several => false,
        Only::None => match only(request, &header::ORIGIN) {
            Only::One(origin) => is_our_own(request, origin),
            Only::Several => false,
            // Some browsers say nothing of a request that only reads; no other site can read the answer.
            Only::None => is_safe,
        },
    }
}

/// The origin by which people reach us: as we were told, or else that which was asked. Of the latter the scheme is not known to
/// who stands behind a proxy.
fn is_our_own(request: &HttpRequest, origin: &str) -> bool {
    if let Some(url) = request.app_data::<Data<PublicUrl>>() {
        return url.origin() == origin;
    }
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    matches!(only(request, &header::HOST), Only::One(own) if !own.is_empty() && host == Some(own))
}

enum Only<'a> {
    None,
    One(&'a str),
    Several,
}

fn only<'a>(request: &'a HttpRequest, name: &HeaderName) -> Only<'a> {
    let mut lines = request.headers().get_all(name);
    match (lines.next(), lines.next()) {
        (None, _) => Only::None,
        (Some(line), None) => Only::One(line.to_str().unwrap_or_default()),
        _ => Only::Several,
    }
}
