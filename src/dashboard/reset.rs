//! `/reset`: a password is set by who shows a one-time code for it, which was made on the host. The code comes in the fragment of
//! the link, as at the set-up.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Payload},
};
use maud::html;

use super::{Fault, Form, Page, codes::WrongCode, fields::Field, page::alert};
use crate::{
    domain::OneTimeCode,
    http::guard,
    service::{
        House,
        reset::{self, NotReset},
    },
};

/// The page.
pub async fn show() -> Result<HttpResponse, Fault> {
    Ok(page("", None, None).answer())
}

/// Sets the password.
pub async fn finish(house: Data<House>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = Form::read(&request, &mut payload.into_inner(), None).await?;
    let done = match form.secret("code").parse::<OneTimeCode>() {
        Ok(code) => reset::finish(&house, &code, form.secret("password"), &guard::trail(&house, &request)).await,
        Err(_) => Err(NotReset::WrongCode),
    };
    match done {
        Ok(user) => Ok(done_page(user.email.as_str()).answer()),
        Err(NotReset::WrongCode) => {
            let wrong = WrongCode::from(&house, &request);
            let text = wrong.words("This link does not work, or not any more: ask for another.");
            Ok(wrong.answer(page(form.text("code"), Some(&text), None)))
        }
        Err(NotReset::Unfit(unfit)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(page(form.text("code"), None, Some(&unfit.to_string())).with_status(status).answer())
        }
        Err(NotReset::Refused(refusal)) => Err(refusal.into()),
    }
}

fn page(code: &str, wrong_code: Option<&str>, unfit: Option<&str>) -> Page<'static> {
    let field = Field::new("code", "Code").with_text(code).with_fault(wrong_code).filled_by("off").from_fragment();
    let password = Field::new("password", "New password").of_kind("password").filled_by("new-password");
    let main = html! {
        @if wrong_code.or(unfit).is_some() { (alert("The password is not set: see below what is wrong.")) }
        p data-without="code" {
            "This page is opened by a link that works once, within 60 minutes. Who has a shell on the host prints one: "
            code { "meshkey admin reset-password EMAIL" } "."
        }
        section.narrow {
            form method="post" action="/reset" {
                (field.with_hint("The link brings it along.").markup())
                (password.with_fault(unfit).with_hint("At least 12 characters.").markup())
                p.quiet { "You are signed out everywhere, and sign in with it." }
                div.actions { button { "Set the password" } }
            }
        }
    };
    Page::new("Set a password", main)
}

fn done_page(email: &str) -> Page<'static> {
    let main = html! {
        p.note role="status" { "The password of " strong { (email) } " is set. Everywhere else you are signed out." }
        p { a.button href="/sign-in" { "Sign in" } }
    };
    Page::new("The password is set", main)
}
