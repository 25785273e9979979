//! A person's passkeys: which there are, one more, and one less.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};

use super::{
    Fault, Page,
    ceremony::{Wish, begun, fields},
    page::{alert, lead_to, token},
    parts::times::moment,
    visitor::{Person, Sent, browser},
};
use crate::{
    domain::{
        Title,
        passkey::{MOST, Passkey},
    },
    http::{Problem, catalogue},
    service::{
        House,
        passkeys::{
            Answered,
            own::{self, NotChanged},
        },
        sessions::Browser,
    },
};

const TITLE: &str = "Passkeys";
const PAGE: &str = "/account/passkeys";
const BAD_NAME: &str = "A passkey has a name of 1 to 64 characters";

/// The page. For who has shown a short while ago who it is.
pub async fn show(house: Data<House>, person: Person) -> Result<HttpResponse, Fault> {
    person.ensure_fresh()?;
    page(&house, &person, None).await
}

/// Adds or removes one.
pub async fn change(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let Sent { by: person, form } = sent;
    person.ensure_fresh()?;
    let browser = browser(&house, &person.request);
    let changed = match Wish::of(&form) {
        Wish::Begin => return begun(own::begin(&house, &person.by).await),
        Wish::Answer(answered) => match form.text("name").parse() {
            Ok(name) => add(&house, &person, &answered, &name, &browser).await,
            Err(_) => return page(&house, &person, Some(BAD_NAME)).await,
        },
        Wish::Nothing => match form.text("remove").parse() {
            Ok(passkey) => own::remove(&house, &person.by, passkey, &browser).await,
            Err(_) => {
                return Err(Problem::new(catalogue::INVALID_REQUEST, "the form does not say what is to be done").into());
            }
        },
    };
    match changed {
        Ok(()) => Ok(lead_to(PAGE)),
        Err(NotChanged::Refused(refusal)) => Err(refusal.into()),
        Err(why) => page(&house, &person, Some(words(&why))).await,
    }
}

async fn add(
    house: &House,
    person: &Person,
    answered: &Answered<'_>,
    name: &Title,
    browser: &Browser,
) -> Result<(), NotChanged> {
    own::add(house, &person.by, answered, name, browser).await
}

const fn words(why: &NotChanged) -> &'static str {
    match why {
        NotChanged::TooMany => "You have as many passkeys as one may have. Remove one that you do not use",
        NotChanged::Known => "This passkey was added already",
        NotChanged::LastWay => {
            "You could not sign in any more without it. Set a password, or add another passkey first"
        }
        NotChanged::Wrong | NotChanged::Refused(_) => {
            "The passkey was not added. It may have taken too long: try again"
        }
    }
}

async fn page(house: &House, person: &Person, wrong: Option<&str>) -> Result<HttpResponse, Fault> {
    let (list, token) = (own::list(house, &person.by).await?, person.token());
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        p {
            "A passkey opens your account without a password: your phone, your computer or a security key shows that it is there, after "
            "it has seen by itself that it is you. It works on this site alone, so that no other site can ask for it."
        }
        @if list.is_empty() { p { "You have none yet." } } @else {
            section {
                h2 { "Your passkeys" }
                ul.rows { @for passkey in &list { (row(passkey, &token)) } }
            }
        }
        (adding(house, list.len(), &token))
        p { a href="/account" { "Back to your account" } }
    };
    Ok(Page::new(TITLE, main).signed(person.signed(&token)).answer())
}

fn row(passkey: &Passkey, form_token: &str) -> Markup {
    html! {
        li {
            div {
                div { (passkey.name) }
                div.quiet {
                    (if passkey.is_synced { "Can be on several devices" } else { "On one device" })
                    " · added " (moment(passkey.created_at)) " · "
                    @match passkey.used_at { Some(at) => { "last used " (moment(at)) }, None => { "never used" } }
                }
            }
            form method="post" action=(PAGE) {
                (token(form_token))
                input type="hidden" name="remove" value=(passkey.id);
                button.danger aria-label={ "Remove " (passkey.name) } { "Remove" }
            }
        }
    }
}

fn adding(house: &House, count: usize, form_token: &str) -> Markup {
    let origin = match house.passkeys.origin() {
        Ok(origin) => origin,
        Err(why) => return html! { p { "None can be added here: " (why.to_string()) "." } },
    };
    html! {
        section {
            h2 { "Add a passkey" }
            @if count >= MOST { p { "You have " (MOST) ", as many as one may have." } } @else {
                p data-without-passkeys { "Your browser cannot make one on this page. It takes a browser with scripts, at " (origin) "." }
                form.narrow method="post" action=(PAGE) data-passkey="create" data-origin=(origin) hidden {
                    (token(form_token)) (fields())
                    div.field {
                        label for="name" { "Name" }
                        input id="name" name="name" type="text" required maxlength="64" autocomplete="off" aria-describedby="name-hint";
                        span.hint id="name-hint" { "By which you know it again, such as the name of your phone." }
                    }
                    button { "Add a passkey" }
                    p.quiet role="status" data-told {}
                }
            }
        }
    }
}
