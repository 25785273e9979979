//! Showing once more who one is, before what matters most.

use actix_web::{HttpResponse, web::Data};
use maud::html;

use super::{
    Fault, Page,
    page::{alert, token},
    sign_in::{code_field, next, onward, refused},
    visitor::{Person, Sent, browser, to, wanted},
};
use crate::{
    domain::{Place, Typed},
    service::{House, step_up},
};

const WRONG: &str = "That is wrong";

/// The form.
pub async fn show(house: Data<House>, person: Person) -> Result<HttpResponse, Fault> {
    let has_factor = step_up::asks_for_factor(&house, &person.by).await?;
    let (token, next) = (person.token(), wanted(&person.request));
    Ok(form(&person, &token, &next, has_factor, None).answer())
}

/// Takes the password, and the code where there is a second factor.
pub async fn take(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let Sent { by: person, form: filled } = sent;
    let (next, browser) = (next(filled.text("next")), browser(&house, &person.request));
    let password = Typed::from(filled.secret("password"));
    match step_up::confirm(&house, &person.by, password, filled.text("code"), &browser).await {
        Ok(()) => Ok(to(&next)),
        Err(why) => {
            let has_factor = step_up::asks_for_factor(&house, &person.by).await?;
            let token = person.token();
            refused(why, WRONG, |text| form(&person, &token, &next, has_factor, Some(text)))
        }
    }
}

fn form<'a>(person: &'a Person, form_token: &'a str, next: &Place, has_factor: bool, wrong: Option<&str>) -> Page<'a> {
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        p { "What you want to do next matters more than most. After this you are not asked again for 15 minutes." }
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
    };
    Page::new("Confirm that it is you", main).signed(person.signed(form_token))
}
