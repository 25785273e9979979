//! `/account/notices`: whether one wants to be written to about keys that end.

use actix_web::{HttpResponse, web::Data};
use maud::html;

use super::{
    Fault, Page,
    page::{lead_to, token},
    visitor::{Person, Sent, is_asked},
};
use crate::service::{
    House,
    notices::{hears_of_ends, set_hears_of_ends},
};

/// The form.
pub async fn show(house: Data<House>, person: Person) -> Result<HttpResponse, Fault> {
    let hears = hears_of_ends(&house, &person.by).await?;
    let form_token = person.token();
    let is_saved = is_asked(&person.request, "saved");
    let main = html! {
        @if is_saved { p.note role="status" { "Saved." } }
        @if !house.mail.is_on() {
            p.note.warn { "This server sends no mail: who runs it names a mail server in its settings. Your choice is kept until then." }
        }
        section.narrow {
            p {
                "30, 14, 7 and 1 day before a key ends, and on the day itself, a mail says so: to the person that it is bound to, or "
                "else to who issued it, or else to the owners of the org. You get at most one a day, for all keys together."
            }
            form method="post" action="/account/notices" {
                (token(&form_token))
                fieldset {
                    legend { "Mail" }
                    label.choice for="ends" {
                        input type="checkbox" id="ends" name="ends" value="on" checked[hears];
                        span { "Write to " (person.by.email()) " when keys end soon." }
                    }
                }
                div.actions { button { "Save" } a href="/account" { "Back to the account" } }
            }
        }
    };
    Ok(Page::new("Keys that end", main).signed(person.signed(&form_token)).answer())
}

/// Keeps it.
pub async fn change(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    set_hears_of_ends(&house, &sent.by.by, sent.form.text("ends") == "on").await?;
    Ok(lead_to("/account/notices?saved"))
}
