//! Another password.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use maud::{Markup, html};

use super::{
    Fault, Page,
    page::{alert, lead_to, token},
    sign_in::refused,
    visitor::{Person, Sent, browser, is_asked},
};
use crate::{
    domain::{
        Password, Typed,
        password::{LEAST, MOST},
    },
    service::{House, first_password, step_up},
};

/// The account, once it was changed.
const CHANGED: &str = "/account?password-changed";
const WRONG: &str = "The old password is wrong";

/// What the account says after a change.
pub(super) fn on_account(request: &HttpRequest) -> Markup {
    html! {
        @if is_asked(request, "password-changed") {
            p.note role="status" { "Your password is changed. Everywhere else you are signed out." }
        }
    }
}

/// The form.
pub async fn show(house: Data<House>, person: Person) -> Result<HttpResponse, Fault> {
    let (token, is_first) = (person.token(), is_first(&house, &person).await?);
    Ok(form(&person, &token, is_first, None).answer())
}

/// Whether the person has no password yet. Then there is none to show, and it shows in another way who it is.
async fn is_first(house: &House, person: &Person) -> Result<bool, Fault> {
    if first_password::has_one(house, &person.by).await? {
        return Ok(false);
    }
    person.ensure_fresh()?;
    Ok(true)
}

/// Changes it, and signs out everywhere else.
pub async fn change(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let Sent { by: person, form: filled } = sent;
    let (token, browser) = (person.token(), browser(&house, &person.request));
    let is_first = is_first(&house, &person).await?;
    let password = match Password::new(filled.secret("new"), person.by.email(), person.by.name()) {
        Ok(password) => password,
        Err(unfit) => return Ok(form(&person, &token, is_first, Some(&sentence(&unfit.to_string()))).answer()),
    };
    let old = Typed::from(filled.secret("old"));
    let changed = if is_first {
        first_password::set(&house, &person.by, &password, &browser).await
    } else {
        step_up::change_password(&house, &person.by, old, &password, &browser).await
    };
    match changed {
        Ok(()) => Ok(lead_to(CHANGED)),
        Err(why) => refused(why, WRONG, |text| form(&person, &token, is_first, Some(text))),
    }
}

/// Errors are said in lower case below, and begin a line here.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn form<'a>(person: &'a Person, form_token: &'a str, is_first: bool, wrong: Option<&str>) -> Page<'a> {
    let title = if is_first { "Set a password" } else { "Change the password" };
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        p { "You stay signed in here, and are signed out everywhere else." }
        section.narrow {
            form method="post" action="/account/password" {
                (token(form_token))
                input type="text" name="email" value=(person.by.email()) autocomplete="username" readonly hidden;
                @if !is_first {
                    div.field {
                        label for="old" { "Old password" }
                        input id="old" name="old" type="password" autocomplete="current-password" required autofocus;
                    }
                }
                div.field {
                    label for="new" { "New password" }
                    input id="new" name="new" type="password" autocomplete="new-password" required minlength=(LEAST)
                        maxlength=(MOST) aria-describedby="new-hint";
                    span.hint id="new-hint" {
                        "At least " (LEAST) " characters. A few words that belong together for you alone are better than signs."
                    }
                }
                div.actions { button { (title) } a href="/account" { "Cancel" } }
            }
        }
    };
    Page::new(title, main).signed(person.signed(form_token))
}
