//! Signing in by a provider of OpenID Connect: the buttons that lead there, and the way back.
//!
//! A form leads to a page of ours, and that page to the provider: `form-action 'self'` holds for all that a form leads to, each
//! redirect of the provider's own too, and nobody knows these beforehand.

mod back;
mod offers;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web::{Data, Path},
};
use maud::html;

pub use back::come_back;
pub(super) use offers::{called, on_confirm, on_invitation, on_sign_in, providers_of};

use super::{
    Fault, Page,
    confirm::{self, Ways},
    invitation,
    page::alert,
    sign_in::{next, refused},
    visitor::{Anyone, Person, SIGN_IN, Sent, browser, kept, with_cookie},
};
use crate::{
    domain::{
        Place,
        invitation::InvitationToken,
        openid::{Purpose, WAY},
    },
    http::{Problem, catalogue},
    service::{
        House, invitations,
        openid::{NotSent, Provider, send, show_factor},
    },
};

/// What the browser is known by on its way to a provider and back.
const COOKIE: &str = "__Host-meshkey-openid";
/// When a provider that cannot be asked may be tried again, in seconds.
const LATER: HeaderValue = HeaderValue::from_static("5");

/// Sends somebody to a provider, to sign in, or to accept the invitation that the form has.
pub async fn start(house: Data<House>, name: Path<String>, sent: Sent<Anyone>) -> Result<HttpResponse, Fault> {
    let Sent { by, form } = sent;
    let (provider, text) = (named(&house, &name)?, form.secret("token"));
    if text.is_empty() {
        return go(&house, provider, Purpose::SignIn, &by.request, &next(form.text("next"))).await;
    }
    let Ok(token) = text.parse::<InvitationToken>() else { return Ok(invitation::unknown()) };
    match invitations::look(&house, &token).await {
        Ok(_) => {
            let purpose = Purpose::Invitation(token.hash());
            go(&house, provider, purpose, &by.request, &Place::default()).await
        }
        Err(why) => invitation::refused(why, invitation::signed_in(&by)),
    }
}

/// Sends a person to a provider to show once more who it is; with the code of its second factor, where it has one.
pub async fn start_confirming(
    house: Data<House>,
    name: Path<String>,
    sent: Sent<Person>,
) -> Result<HttpResponse, Fault> {
    let Sent { by: person, form } = sent;
    let (provider, next) = (named(&house, &name)?, next(form.text("next")));
    match show_factor(&house, &person.by, form.text("code"), &browser(&house, &person.request)).await {
        Ok(()) => go(&house, provider, Purpose::Confirm(person.by.session()), &person.request, &next).await,
        Err(why) => {
            let (ways, token) = (Ways::of(&house, &person, &next).await?, person.token());
            refused(why, "That is wrong", |text| confirm::form(&person, &token, &next, &ways, Some(text)))
        }
    }
}

fn named<'a>(house: &'a House, name: &str) -> Result<&'a Provider, Fault> {
    house.providers.named(name).ok_or_else(|| Problem::of(catalogue::NOT_FOUND).into())
}

/// The page that leads to a provider, at once where the browser does so.
pub(super) async fn go(
    house: &House,
    provider: &Provider,
    purpose: Purpose,
    request: &HttpRequest,
    next: &Place,
) -> Result<HttpResponse, Fault> {
    let known = (&browser(house, request), kept(request, COOKIE));
    let sent = match send(house, provider, purpose, known, next).await {
        Ok(sent) => sent,
        Err(NotSent::Down) => return Ok(down(provider)),
        Err(NotSent::Refused(refusal)) => return Err(refusal.into()),
    };
    let main = html! {
        p { "You go on at " (provider.title()) "." }
        p { a.button href=(sent.url) { "Go to " (provider.title()) } }
    };
    let title = format!("To {}", provider.title());
    let mut answer = Page::new(&title, main).answer();
    let refresh = HeaderValue::try_from(format!("0;url={}", sent.url));
    let refresh = refresh.map_err(|_| Problem::of(catalogue::INTERNAL))?;
    answer.headers_mut().insert(header::REFRESH, refresh);
    answer.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(with_cookie(answer, COOKIE, &sent.browser.reveal(), WAY))
}

/// That a provider cannot be asked. Another way in may be open.
fn down(provider: &Provider) -> HttpResponse {
    let text = format!("{} cannot be reached from here at the moment.", provider.title());
    let mut answer = told(&text, "Try again a little later, or sign in another way.", StatusCode::SERVICE_UNAVAILABLE);
    answer.headers_mut().insert(header::RETRY_AFTER, LATER);
    answer
}

/// A page that says why it does not go on, and what to do.
fn told(text: &str, advice: &str, status: StatusCode) -> HttpResponse {
    let main = html! {
        (alert(text))
        p { (advice) }
        p { a href=(SIGN_IN) { "Sign in" } }
    };
    Page::new("Not signed in", main).with_status(status).answer()
}
