//! Showing once more who one is, before what matters most.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};

use super::{
    Fault, Page,
    ceremony::{self, Wish},
    openid,
    page::{alert, token},
    sign_in::{code_field, next, onward, refused},
    visitor::{Person, Sent, browser, to, wanted},
};
use crate::{
    domain::{Place, Typed},
    service::{House, first_password, openid::Provider, passkeys::enter as by_passkey, step_up},
};

const WRONG: &str = "That is wrong";

/// The form.
pub async fn show(house: Data<House>, person: Person) -> Result<HttpResponse, Fault> {
    let next = wanted(&person.request);
    let ways = Ways::of(&house, &person, &next).await?;
    let token = person.token();
    Ok(form(&person, &token, &next, &ways, None).answer())
}

/// Takes the password, and the code where there is a second factor; or a passkey.
pub async fn take(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let Sent { by: person, form: filled } = sent;
    let (next, browser) = (next(filled.text("next")), browser(&house, &person.request));
    let (confirmed, wrong) = match Wish::of(&filled) {
        Wish::Begin => return ceremony::begun(by_passkey::begin_confirming(&house, &person.by).await),
        Wish::Answer(answered) => (by_passkey::confirm(&house, &person.by, &answered, &browser).await, ceremony::WRONG),
        Wish::Nothing => {
            let password = Typed::from(filled.secret("password"));
            (step_up::confirm(&house, &person.by, password, filled.text("code"), &browser).await, WRONG)
        }
    };
    match confirmed {
        Ok(()) => Ok(to(&next)),
        Err(why) => {
            let ways = Ways::of(&house, &person, &next).await?;
            let token = person.token();
            refused(why, wrong, |text| form(&person, &token, &next, &ways, Some(text)))
        }
    }
}

/// By what a person can show who it is.
pub(super) struct Ways<'a> {
    has_password: bool,
    /// Whether a code is asked for too.
    pub(super) has_factor: bool,
    /// The button for a passkey, where it has one.
    passkey: Markup,
    /// The providers that know it.
    pub(super) providers: Vec<&'a Provider>,
}

impl<'a> Ways<'a> {
    /// Those of this person.
    pub(super) async fn of(house: &'a House, person: &Person, next: &Place) -> Result<Self, Fault> {
        let has_factor = step_up::asks_for_factor(house, &person.by).await?;
        let has_password = first_password::has_one(house, &person.by).await?;
        let passkey = ceremony::own_button(house, &person.by, "Use a passkey", ("/confirm", next)).await?;
        Ok(Self { has_password, has_factor, passkey, providers: openid::providers_of(house, person).await? })
    }
}

pub(super) fn form<'a>(
    person: &'a Person,
    form_token: &'a str,
    next: &Place,
    ways: &Ways<'_>,
    wrong: Option<&str>,
) -> Page<'a> {
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        p { "What you want to do next matters more than most. After this you are not asked again for 15 minutes." }
        @if ways.has_password { (with_password(person, form_token, next, ways.has_factor)) }
        section.narrow { (ways.passkey) }
        (openid::on_confirm(ways, form_token, next))
    };
    Page::new("Confirm that it is you", main).signed(person.signed(form_token))
}

fn with_password(person: &Person, form_token: &str, next: &Place, has_factor: bool) -> Markup {
    html! {
        section.narrow {
            form method="post" action="/confirm" {
                (token(form_token)) (onward(next))
                // For password managers, which would else not know whose password is wanted.
                input type="text" name="email" value=(person.by.email()) autocomplete="username" readonly hidden;
                div.field {
                    label for="password" { "Password" }
                    input id="password" name="password" type="password" autocomplete="current-password" required autofocus;
                }
                @if has_factor {
                    (code_field("Code", "The six digits that your authenticator app shows, or one of your recovery codes."))
                }
                div.actions { button { "Confirm" } a href="/account" { "Cancel" } }
            }
        }
    }
}
