//! `/invitation`: who has the link of an invitation sees to what it invites, and accepts it. The token comes in the fragment of the
//! link, which no server sees, and goes on in the form.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::{
    Fault, Page,
    forms::TOKEN,
    openid,
    page::{Signed, alert, sentence, token},
    parts::times::moment,
    visitor::{Anyone, SIGN_IN, Sent},
};
use crate::{
    domain::{
        Title, UserId,
        invitation::{InvitationToken, Status},
        password::{LEAST, MOST},
    },
    http::guard::trail,
    service::{
        House,
        invitations::{Accepted, NotAccepted, Offer, Taker, accept as take, look},
        sessions::{SignedIn, Visitor},
    },
};

/// The page: the script puts the token of the link into its field, and goes on.
pub async fn show() -> HttpResponse {
    asking(None).answer()
}

fn asking(wrong: Option<&str>) -> Page<'static> {
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        p { "Open the link of the invitation once more, or copy what stands in it behind " code { "#token=" } " to here." }
        section.narrow {
            form method="post" action="/invitation" {
                div.field {
                    label for="token" { "Code of the invitation" }
                    input id="token" name="token" type="text" autocomplete="off" autocapitalize="none" spellcheck="false" required
                        data-fragment="token" data-send[wrong.is_none()];
                }
                button { "See the invitation" }
            }
        }
    };
    Page::new("Invitation", main)
}

/// Shows to what a token invites, and how it is accepted.
pub async fn open(house: Data<House>, sent: Sent<Anyone>) -> Result<HttpResponse, Fault> {
    let Sent { by, form } = sent;
    let Ok(known) = form.secret("token").parse::<InvitationToken>() else { return Ok(unknown()) };
    match look(&house, &known).await {
        Ok(offer) => Ok(answer(offered(&house, &offer, &known, signed_in(&by), &Typed::default()), signed_in(&by))),
        Err(why) => refused(why, signed_in(&by)),
    }
}

/// What a newcomer has filled in, and what is wrong with it. Never the password.
#[derive(Default)]
struct Typed<'a> {
    name: &'a str,
    wrong: Option<String>,
}

pub(super) const fn signed_in(by: &Anyone) -> Option<&SignedIn> {
    match &by.visitor {
        Visitor::Whole(person) => Some(person),
        Visitor::Half(_) | Visitor::Nobody => None,
    }
}

fn offered(
    house: &House,
    offer: &Offer,
    known: &InvitationToken,
    by: Option<&SignedIn>,
    typed: &Typed<'_>,
) -> Page<'static> {
    let to = &offer.invitation;
    let hidden = html! { input type="hidden" name="token" value=(known.reveal().as_str()); };
    let main = html! {
        @if let Some(wrong) = &typed.wrong { (alert(wrong)) }
        p {
            @match &offer.inviter { Some(name) => { (name) " invites you" }, None => { "You are invited" } }
            " to " strong { (offer.org.name) } "."
        }
        dl.facts {
            dt { "Org" } dd { (offer.org.name) " (" (offer.org.slug) ")" }
            @if let Some((_, mesh)) = &to.mesh { dt { "Mesh" } dd { (mesh) } }
            dt { "Role" } dd { (to.role.name()) }
            dt { "For" } dd { (to.email) }
            dt { "Open until" } dd { (moment(to.ends_at)) }
        }
        @match by {
            Some(person) if *person.email() == to.email => {
                form method="post" action="/invitation/accept" {
                    (hidden) (token(&person.secret().form_token()))
                    button { "Accept as " (person.name()) }
                }
            },
            Some(person) => (for_another(person)),
            None if offer.has_account => {
                p { "You have an account with this address. Sign in, and then open the link of the invitation once more." }
                p { a href=(SIGN_IN) { "Sign in" } }
            },
            None => {
                (newcomer(&hidden, to.email.as_str(), typed))
                (openid::on_invitation(house, known))
            },
        }
    };
    Page::new("Invitation", main)
}

fn for_another(person: &SignedIn) -> Markup {
    html! {
        p.alert role="alert" { "You are signed in as " (person.email()) ", and the invitation is for somebody else." }
        p { "If that is you too, sign out, and open the link once more." }
    }
}

/// The page, with the way to sign out for who is signed in.
fn answer(page: Page<'_>, by: Option<&SignedIn>) -> HttpResponse {
    let Some(person) = by else { return page.answer() };
    let token = person.secret().form_token();
    page.signed(Signed::new(person, &token)).answer()
}

fn newcomer(hidden: &Markup, email: &str, typed: &Typed<'_>) -> Markup {
    html! {
        section.narrow {
            form method="post" action="/invitation/accept" {
                (hidden)
                input type="text" name="email" value=(email) autocomplete="username" readonly hidden;
                div.field {
                    label for="name" { "Your name" }
                    input id="name" name="name" type="text" value=(typed.name) autocomplete="name" maxlength="64" required
                        autofocus[typed.wrong.is_none()];
                }
                div.field {
                    label for="password" { "Password" }
                    input id="password" name="password" type="password" autocomplete="new-password" required
                        aria-describedby="password-hint" autofocus[typed.wrong.is_some()];
                    span.hint id="password-hint" { "At least " (LEAST) " characters, at most " (MOST) " bytes." }
                }
                button { "Make an account and accept" }
            }
        }
    }
}

/// Accepts it.
pub async fn accept(house: Data<House>, sent: Sent<Anyone>) -> Result<HttpResponse, Fault> {
    let Sent { by, form } = sent;
    let person = signed_in(&by);
    if person.is_some_and(|person| !person.secret().is_form_token(form.text(TOKEN))) {
        return Err(Fault::OtherSession);
    }
    let Ok(known) = form.secret("token").parse::<InvitationToken>() else { return Ok(unknown()) };
    let taker = match taker(person.map(SignedIn::user), &form) {
        Ok(taker) => taker,
        Err(wrong) => return again(&house, &known, person, form.shown("name"), wrong).await,
    };
    match take(&house, &known, &taker, &trail(&house, &by.request)).await {
        Ok(accepted) => Ok(answer(accepted_page(&accepted, person.is_some()), person)),
        Err(NotAccepted::Unfit(unfit)) => {
            again(&house, &known, person, form.shown("name"), sentence(&unfit.to_string())).await
        }
        Err(why) => refused(why, person),
    }
}

fn taker(user: Option<UserId>, form: &super::Form) -> Result<Taker, String> {
    match user {
        Some(user) => Ok(Taker::Known(user)),
        None => match form.text("name").parse::<Title>() {
            Ok(name) => Ok(Taker::Newcomer { name, password: form.secret("password") }),
            Err(error) => Err(format!("Your name: {error}")),
        },
    }
}

/// The same page again, with what is wrong.
async fn again(
    house: &House,
    known: &InvitationToken,
    person: Option<&SignedIn>,
    name: &str,
    wrong: String,
) -> Result<HttpResponse, Fault> {
    match look(house, known).await {
        Ok(offer) => {
            let page = offered(house, &offer, known, person, &Typed { name, wrong: Some(wrong) });
            Ok(answer(page.with_status(StatusCode::UNPROCESSABLE_ENTITY), person))
        }
        Err(why) => refused(why, person),
    }
}

pub(super) fn accepted_page(accepted: &Accepted, is_signed_in: bool) -> Page<'static> {
    let main = html! {
        p.note role="status" { "You are a member of " (accepted.org.name) " now." }
        @if is_signed_in { p { a href="/account" { "To your account" } } } @else { p { a href=(SIGN_IN) { "Sign in" } } }
    };
    Page::new("Welcome", main)
}

pub(super) fn unknown() -> HttpResponse {
    let wrong =
        "This link opens nothing. Perhaps a newer one was made: look for the latest, or ask who has invited you.";
    asking(Some(wrong)).with_status(StatusCode::NOT_FOUND).answer()
}

pub(super) fn refused(why: NotAccepted, person: Option<&SignedIn>) -> Result<HttpResponse, Fault> {
    let (status, text) = match why {
        NotAccepted::Unknown => return Ok(unknown()),
        NotAccepted::Over(Status::Accepted) => (StatusCode::GONE, "This invitation was accepted: sign in."),
        NotAccepted::Over(Status::Withdrawn) => (StatusCode::GONE, "This invitation was withdrawn."),
        NotAccepted::Over(_) => (StatusCode::GONE, "This invitation has expired: ask who has invited you for another."),
        NotAccepted::OtherPerson => (StatusCode::FORBIDDEN, "This invitation is for somebody else."),
        NotAccepted::HasAccount => (StatusCode::CONFLICT, "You have an account with this address: sign in first."),
        NotAccepted::NotVouchedFor => (
            StatusCode::FORBIDDEN,
            "The provider does not say that this address is yours: open the link once more, and choose a password.",
        ),
        NotAccepted::Unfit(_) => (StatusCode::UNPROCESSABLE_ENTITY, "This may not be a password."),
        NotAccepted::Refused(refusal) => return Err(refusal.into()),
    };
    let main = html! {
        (alert(text))
        @if person.is_some() { p { a href="/account" { "To your account" } } }
        @else { p { a href=(SIGN_IN) { "Sign in" } } }
    };
    Ok(answer(Page::new("Invitation", main).with_status(status), person))
}
