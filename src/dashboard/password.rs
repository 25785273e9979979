//! Another password.

use actix_web::{HttpResponse, web::Data};
use maud::html;

use super::{
    Fault, Page,
    page::{alert, lead_to, token},
    sign_in::refused,
    visitor::{Person, Sent, browser},
};
use crate::{
    domain::{
        Password, Typed,
        password::{LEAST, MOST},
    },
    service::{House, step_up},
};

const WRONG: &str = "The old password is wrong";

/// The form.
pub async fn show(person: Person) -> HttpResponse {
    let token = person.token();
    form(&person, &token, None).answer()
}

/// Changes it, and signs out everywhere else.
pub async fn change(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let Sent { by: person, form: filled } = sent;
    let (token, browser) = (person.token(), browser(&house, &person.request));
    let password = match Password::new(filled.secret("new"), person.by.email(), person.by.name()) {
        Ok(password) => password,
        Err(unfit) => return Ok(form(&person, &token, Some(&sentence(&unfit.to_string()))).answer()),
    };
    let old = Typed::from(filled.secret("old"));
    match step_up::change_password(&house, &person.by, old, &password, &browser).await {
        Ok(()) => Ok(lead_to("/account")),
        Err(why) => refused(why, WRONG, |text| form(&person, &token, Some(text))),
    }
}

/// Errors are said in lower case below, and begin a line here.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn form<'a>(person: &'a Person, form_token: &'a str, wrong: Option<&str>) -> Page<'a> {
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        p { "You stay signed in here, and are signed out everywhere else." }
        section.narrow {
            form method="post" action="/account/password" {
                (token(form_token))
                input type="text" name="email" value=(person.by.email()) autocomplete="username" readonly hidden;
                div.field {
                    label for="old" { "Old password" }
                    input id="old" name="old" type="password" autocomplete="current-password" required autofocus;
                }
                div.field {
                    label for="new" { "New password" }
                    input id="new" name="new" type="password" autocomplete="new-password" required minlength=(LEAST)
                        maxlength=(MOST) aria-describedby="new-hint";
                    span.hint id="new-hint" {
                        "At least " (LEAST) " characters. A few words that belong together for you alone are better than signs."
                    }
                }
                div.actions { button { "Change the password" } a href="/account" { "Cancel" } }
            }
        }
    };
    Page::new("Change the password", main).signed(person.signed(form_token))
}
