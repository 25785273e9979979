//! Showing once more who one is, before what matters most.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};

use super::{
    Fault, Page,
    ceremony::{self, Wish},
    page::{alert, token},
    sign_in::{code_field, next, onward, refused},
    visitor::{Person, Sent, browser, to, wanted},
};
use crate::{
    domain::{Place, Typed},
    service::{House, passkeys::enter as by_passkey, step_up},
};

const WRONG: &str = "That is wrong";

/// The form.
pub async fn show(house: Data<House>, person: Person) -> Result<HttpResponse, Fault> {
    let (asked, token) = (Asked::of(&house, &person, wanted(&person.request)).await?, person.token());
    Ok(form(&person, &token, &asked, None).answer())
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
            let (asked, token) = (Asked::of(&house, &person, next).await?, person.token());
            refused(why, wrong, |text| form(&person, &token, &asked, Some(text)))
        }
    }
}

/// What may be shown, and where one goes on.
struct Asked {
    has_factor: bool,
    passkey: Markup,
    next: Place,
}

impl Asked {
    async fn of(house: &House, person: &Person, next: Place) -> Result<Self, Fault> {
        let has_factor = step_up::asks_for_factor(house, &person.by).await?;
        let passkey = ceremony::own_button(house, &person.by, "Use a passkey", ("/confirm", &next)).await?;
        Ok(Self { has_factor, passkey, next })
    }
}

fn form<'a>(person: &'a Person, form_token: &'a str, asked: &Asked, wrong: Option<&str>) -> Page<'a> {
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        p { "What you want to do next matters more than most. After this you are not asked again for 15 minutes." }
        section.narrow {
            form method="post" action="/confirm" {
                (token(form_token)) (onward(&asked.next))
                // For password managers, which would else not know whose password is wanted.
                input type="text" name="email" value=(person.by.email()) autocomplete="username" readonly hidden;
                div.field {
                    label for="password" { "Password" }
                    input id="password" name="password" type="password" autocomplete="current-password" required autofocus;
                }
                @if asked.has_factor {
                    (code_field("Code", "The six digits that your authenticator app shows, or one of your recovery codes."))
                }
                div.actions { button { "Confirm" } a href="/account" { "Cancel" } }
            }
            (asked.passkey)
        }
    };
    Page::new("Confirm that it is you", main).signed(person.signed(form_token))
}
