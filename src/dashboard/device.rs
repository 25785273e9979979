//! `/device`: a person who has run `meshkey login` types the code of the terminal. A link fills the field, and never sends it: who
//! follows somebody else's link is to see that there is something to decide.

use actix_web::{HttpResponse, web::Data};
use maud::html;

use super::{
    Fault, Page,
    fields::Field,
    page::{alert, lead_to, token},
    sign_in::refused,
    visitor::{Person, Sent, browser},
};
use crate::service::{House, device};

/// Where a login is decided.
pub const REQUEST: &str = "/device/request";
const WRONG: &str = "No terminal waits with this code. It may be over: codes last ten minutes";

/// The form.
pub async fn show(person: Person) -> HttpResponse {
    let token = person.token();
    form(&person, &token, "", None).answer()
}

/// To the login with this code.
pub async fn find(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let Sent { by: person, form: filled } = sent;
    let typed = filled.text("user_code");
    match device::find(&house, &person.by, typed, &browser(&house, &person.request)).await {
        Ok(login) => Ok(lead_to(&format!("{REQUEST}?id={login}"))),
        Err(why) => {
            let token = person.token();
            refused(why, WRONG, |text| form(&person, &token, typed, Some(text)))
        }
    }
}

fn form<'a>(person: &'a Person, form_token: &'a str, typed: &str, wrong: Option<&str>) -> Page<'a> {
    let code = Field::new("user_code", "Code")
        .with_text(typed)
        .with_hint("Eight letters, such as WDJB-MJHT.")
        .filled_by("off")
        .from_fragment();
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        p { "Type the code that " code { "meshkey login" } " shows in your terminal." }
        section.narrow {
            form method="post" action="/device" {
                (token(form_token))
                (code.markup())
                div.actions { button { "Go on" } a href="/account" { "Cancel" } }
            }
        }
        p.quiet { "Somebody has sent you a code or this link? Then it is not your terminal: do not go on." }
    };
    Page::new("Sign a terminal in", main).signed(person.signed(form_token))
}
