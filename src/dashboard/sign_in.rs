//! Signing in and out.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::Data,
};
use maud::{Markup, html};

use super::{
    Fault, Page,
    ceremony::{self, Wish},
    openid,
    page::{alert, lead_to, token},
    setup::ensure_set_up,
    visitor::{Anyone, Halfway, Person, SIGN_IN, Sent, browser, forget, is_asked, remember, then, to, wanted},
};
use crate::{
    domain::{Place, Typed},
    http::trace::Unchanged,
    service::{
        House, me,
        passkeys::enter as by_passkey,
        second_factor,
        sessions::{self, HalfSignedIn, Visitor},
        sign_in::{self, Claim, NotIn},
    },
};

/// What who is not let in hears, whatever was wrong.
const WRONG: &str = "E-mail or password is wrong";
const FACTOR: &str = "/sign-in/second-factor";
const WRONG_CODE: &str = "The code is wrong, was used already, or has run out";

/// `/`: to where the person can go on.
pub async fn root(house: Data<House>, anyone: Anyone) -> Result<HttpResponse, Fault> {
    if let Visitor::Whole(by) = &anyone.visitor {
        let (known, _) = me::show(&house, me::Shown::Session(by.secret().hash())).await?;
        let first = known.parts.first().map(|part| format!("/orgs/{}/keys", part.org_slug));
        return Ok(lead_to(first.as_deref().unwrap_or("/account")));
    }
    ensure_set_up(&house).await?;
    Ok(lead_to(SIGN_IN))
}

/// The form, where there is somebody who can pass it. Who is in already is asked only where that is wanted: before a session ends.
pub async fn show(house: Data<House>, anyone: Anyone) -> Result<HttpResponse, Fault> {
    let next = wanted(&anyone.request);
    if matches!(anyone.visitor, Visitor::Whole(_)) && !is_asked(&anyone.request, "again") {
        return Ok(to(&next));
    }
    ensure_set_up(&house).await?;
    Ok(form(&house, "", &next, None).answer())
}

/// Lets somebody in, or says that something is wrong.
pub async fn enter(house: Data<House>, sent: Sent<Anyone>) -> Result<HttpResponse, Fault> {
    let Sent { by: Anyone { request, before, .. }, form: filled } = sent;
    let (next, browser) = (next(filled.text("next")), browser(&house, &request));
    match Wish::of(&filled) {
        Wish::Begin => return ceremony::begun(by_passkey::begin(&house, &browser).await),
        Wish::Answer(answered) => {
            return match by_passkey::sign_in(&house, &answered, &browser, before).await {
                Ok(secret) => Ok(remember(to(&next), &secret, &house, false)),
                Err(why) => refused(why, ceremony::WRONG, |text| form(&house, "", &next, Some(text))),
            };
        }
        Wish::Nothing => {}
    }
    let password = Typed::from(filled.secret("password"));
    let claim = Claim { email: filled.text("email"), password, browser: &browser, before };
    match sign_in::sign_in(&house, claim).await {
        Ok(entry) if entry.is_half => Ok(remember(lead_to(&then(FACTOR, &next)), &entry.secret, &house, true)),
        Ok(entry) => Ok(remember(to(&next), &entry.secret, &house, false)),
        Err(why) => refused(why, WRONG, |text| form(&house, filled.text("email"), &next, Some(text))),
    }
}

/// Where a form says to go on.
pub(super) fn next(text: &str) -> Place {
    text.parse().unwrap_or_default()
}

/// The same page again, and why. What is wrong with what was filled in is an answer like any other (200): 401 would have to name a
/// way of authentication that HTTP knows (RFC 9110, 15.5.2), and a browser would ask in a window of its own.
pub(super) fn refused<'a>(why: NotIn, wrong: &str, page: impl FnOnce(&str) -> Page<'a>) -> Result<HttpResponse, Fault> {
    match why {
        NotIn::Wrong => {
            let mut answer = page(wrong).answer();
            answer.extensions_mut().insert(Unchanged);
            Ok(answer)
        }
        NotIn::Later(left) => {
            let seconds = left.as_secs_f64().ceil().max(1.0).to_string();
            let text = format!("Too many tries. Try again in {seconds} s.");
            let mut answer = page(&text).with_status(StatusCode::TOO_MANY_REQUESTS).answer();
            let value = header::HeaderValue::from_str(&seconds).unwrap_or(header::HeaderValue::from_static("60"));
            answer.headers_mut().insert(header::RETRY_AFTER, value);
            Ok(answer)
        }
        NotIn::Refused(refusal) => Err(refusal.into()),
    }
}

/// The field with where to go on.
pub(super) fn onward(next: &Place) -> Markup {
    html! { @if *next != Place::default() { input type="hidden" name="next" value=(next); } }
}

fn form(house: &House, email: &str, next: &Place, wrong: Option<&str>) -> Page<'static> {
    // What has just been refused is not taken from the field once more.
    let is_offered = wrong != Some(ceremony::WRONG);
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        p.alert data-insecure hidden {
            "Your browser will not keep you signed in here: this page came over plain HTTP. Open it by HTTPS, or on the host itself by localhost."
        }
        section.narrow {
            form method="post" action="/sign-in" {
                (onward(next))
                div.field {
                    label for="email" { "E-mail" }
                    input id="email" name="email" type="email" value=(email) autocomplete="username webauthn" autocapitalize="none"
                        spellcheck="false" required autofocus[wrong.is_none()];
                }
                div.field {
                    label for="password" { "Password" }
                    input id="password" name="password" type="password" autocomplete="current-password" required
                        autofocus[wrong.is_some()];
                }
                button { "Sign in" }
            }
            (ceremony::button(house, "Sign in with a passkey", (SIGN_IN, None, next), is_offered))
        }
        (openid::on_sign_in(house, next))
        details {
            summary { "Locked out?" }
            p { "Whoever runs this server can give you another password, with a shell on its host:" }
            p { code { "meshkey admin reset-password you@example.com" } }
        }
    };
    Page::new("Sign in", main)
}

/// The page that asks for the second factor.
pub async fn show_factor(house: Data<House>, by: Halfway) -> Result<HttpResponse, Fault> {
    let next = wanted(&by.request);
    let passkey = factor_button(&house, &by.half, &next).await?;
    Ok(factor_form(&by.half, &next, &passkey, None).answer())
}

/// Lets somebody in who shows it.
pub async fn enter_factor(house: Data<House>, sent: Sent<Halfway>) -> Result<HttpResponse, Fault> {
    let Sent { by: Halfway { half, request }, form } = sent;
    let (next, browser) = (next(form.text("next")), browser(&house, &request));
    let (entered, wrong) = match Wish::of(&form) {
        Wish::Begin => return ceremony::begun(by_passkey::begin_factor(&house, &half).await),
        Wish::Answer(answered) => (by_passkey::factor(&house, &half, &answered, &browser).await, ceremony::WRONG),
        Wish::Nothing => (second_factor::enter(&house, &half, form.text("code"), &browser).await, WRONG_CODE),
    };
    match entered {
        Ok(secret) => Ok(remember(to(&next), &secret, &house, false)),
        Err(why) => {
            let passkey = factor_button(&house, &half, &next).await?;
            refused(why, wrong, |text| factor_form(&half, &next, &passkey, Some(text)))
        }
    }
}

async fn factor_button(house: &House, half: &HalfSignedIn, next: &Place) -> Result<Markup, Fault> {
    ceremony::own_button(house, half.waiting(), "Use a passkey instead", (FACTOR, next)).await
}

fn factor_form(half: &HalfSignedIn, next: &Place, passkey: &Markup, wrong: Option<&str>) -> Page<'static> {
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        section.narrow {
            form method="post" action=(FACTOR) {
                (token(&half.waiting().secret().form_token())) (onward(next))
                (code_field("Code", "The six digits that your authenticator app shows, or one of your recovery codes."))
                button { "Go on" }
            }
            (passkey)
        }
        p { a href="/sign-in" { "Sign in as somebody else" } }
    };
    Page::new("Second factor", main)
}

/// The field for a code: it may be pasted, and browsers may fill it in.
pub(super) fn code_field(label: &str, hint: &str) -> Markup {
    code_field_as("code", label, hint)
}

/// The same, one of several on a page.
pub(super) fn code_field_as(id: &str, label: &str, hint: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name="code" type="text" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"
                required aria-describedby={ (id) "-hint" };
            span.hint id={ (id) "-hint" } { (hint) }
        }
    }
}

/// Signs out.
pub async fn leave(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    sessions::sign_out(&house, &sent.by.by).await?;
    Ok(forget(lead_to(SIGN_IN)))
}
