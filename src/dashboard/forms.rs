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
use sha2::{Digest as _, Sha256};
use tracing::info;
use zeroize::Zeroizing;

use super::Fault;
use crate::{
    db::idempotency::Request,
    domain::{SessionSecret, pasted::shown},
    http::{
        Problem,
        body::{bytes, ensure_type},
        catalogue,
        oauth::PublicUrl,
        session::is_from_here,
    },
    service::Admitted,
};

/// The field with the token of the session.
pub const TOKEN: &str = "form_token";
/// The field with the number of the page.
pub const ONCE: &str = "once";
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
/// More than any form of ours has, of which the list of keys has a box a row: they are held against each other.
const MOST_FIELDS: usize = 256;
const TYPE: &str = "application/x-www-form-urlencoded";

/// What was filled in. There may be a password in it, and so it is never shown, and is wiped.
pub struct Form {
    fields: Vec<(String, Zeroizing<String>)>,
    digest: [u8; 32],
}

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
        let fields = pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect();
        let form = Self { fields, digest: Sha256::digest(&bytes).into() };
        if session.is_some_and(|session| !session.is_form_token(form.text(TOKEN))) {
            return Err(Fault::OtherSession);
        }
        form.ensure_said_once()?;
        Ok(form)
    }

    /// What was filled in there; empty where nothing was.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The same, to be shown again: a text that holds a key is refused wherever it was filled in, and is sent back to nobody.
    #[must_use]
    pub fn shown(&self, name: &str) -> &str {
        shown(self.text(name))
    }

    /// The same, to be kept and wiped.
    #[must_use]
    pub fn secret(&self, name: &str) -> Zeroizing<String> {
        Zeroizing::new(self.text(name).to_owned())
    }

    /// What the names of ticked boxes say after this beginning.
    pub fn ticked<'a>(&'a self, beginning: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(move |(name, _)| name.strip_prefix(beginning))
    }

    /// The request, to be done once: each page has a number of its own, which its form brings along. Who sends the form again by
    /// reloading the answer gets the first answer, without the secret.
    #[must_use]
    pub fn once(&self, request: &HttpRequest, by: &Admitted) -> Option<Request> {
        let key = self.text(ONCE);
        let is_one = (16..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let route = || format!("{} {} {}", request.method(), request.path(), by.org());
        is_one.then(|| Request { caller: by.id(), route: route(), key: key.to_owned(), body_hash: self.digest })
    }

    fn ensure_said_once(&self) -> Result<(), Problem> {
        if self.fields.len() > MOST_FIELDS {
            return Err(Problem::new(catalogue::INVALID_REQUEST, "there are more fields than any form of ours has"));
        }
        let is_again =
            |(at, (name, _)): (usize, &(String, _))| self.fields[..at].iter().any(|(known, _)| known == name);
        let is_twice = self.fields.iter().enumerate().any(is_again);
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
