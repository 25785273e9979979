//! Forms: how people change something. Each is taken only from a page of our own, whatever cookie comes with it (G-11).
//!
//! A browser says of a request whether the same site has made it (Fetch Metadata), or at least which (`Origin`). Who says neither
//! is no browser that we know, and is refused too. Where somebody is signed in, the form also carries the token of that session.

use actix_web::{
    HttpRequest,
    dev::Payload,
    http::header::{self, HeaderName},
    web::Data,
};
use tracing::info;
use zeroize::Zeroizing;

use super::Fault;
use crate::{
    domain::SessionSecret,
    http::{
        Problem,
        body::{bytes, ensure_type},
        catalogue,
        oauth::PublicUrl,
        session::is_from_here,
    },
};

/// The field with the token of the session.
pub const TOKEN: &str = "form_token";
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
/// More than any form of ours has: they are held against each other.
const MOST_FIELDS: usize = 32;
const TYPE: &str = "application/x-www-form-urlencoded";

/// What was filled in. There may be a password in it, and so it is never shown, and is wiped.
pub struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// Reads one that was sent from a page of our own; with the token of this session, where there is one.
    pub async fn read(
        request: &HttpRequest,
        payload: &mut Payload,
        session: Option<&SessionSecret>,
    ) -> Result<Self, Fault> {
        ensure_from_here(request)?;
        ensure_type(request, &[TYPE], ACCEPT_POST, TYPE)?;
        let bytes = bytes(request, payload).await?;
        let pairs = form_urlencoded::parse(&bytes);
        let form = Self(pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect());
        if session.is_some_and(|session| !session.is_form_token(form.text(TOKEN))) {
            return Err(Fault::OtherSession);
        }
        form.ensure_said_once()?;
        Ok(form)
    }

    /// What was filled in there; empty where nothing was.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The same, to be kept and wiped.
    #[must_use]
    pub fn secret(&self, name: &str) -> Zeroizing<String> {
        Zeroizing::new(self.text(name).to_owned())
    }

    fn ensure_said_once(&self) -> Result<(), Problem> {
        if self.0.len() > MOST_FIELDS {
            return Err(Problem::new(catalogue::INVALID_REQUEST, "there are more fields than any form of ours has"));
        }
        let is_again = |(at, (name, _)): (usize, &(String, _))| self.0[..at].iter().any(|(known, _)| known == name);
        let is_twice = self.0.iter().enumerate().any(is_again);
        if is_twice { Err(Problem::new(catalogue::INVALID_REQUEST, "a field is there twice")) } else { Ok(()) }
    }
}

/// Refuses what no page of our own has sent.
pub(super) fn ensure_from_here(request: &HttpRequest) -> Result<(), Fault> {
    if is_from_here(request, false) {
        return Ok(());
    }
    info!(route = request.match_pattern(), "a form of another site was refused");
    Err(known_by(request).map_or(Fault::CrossSite, Fault::OtherAddress))
}

/// The address by which people reach us, where that is not the one that was asked.
fn known_by(request: &HttpRequest) -> Option<String> {
    let known = request.app_data::<Data<PublicUrl>>()?.origin();
    let (_, host) = known.split_once("://")?;
    let asked = request.headers().get(header::HOST)?.to_str().ok()?;
    (!asked.eq_ignore_ascii_case(host)).then(|| known.to_owned())
}
