//! Whom a person is known by: what is connected with the account.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::{
    Fault, Page,
    openid::{called, go},
    page::{alert, lead_to, token},
    parts::times::moment,
    visitor::{Person, Sent, browser},
};
use crate::{
    domain::{
        Place,
        openid::{Identity, MOST, Purpose},
    },
    http::{Problem, catalogue},
    service::{
        House,
        openid::{NotDisconnected, disconnect, list},
    },
};

const PATH: &str = "/account/identities";
const LAST: &str =
    "This is the last way in which you can sign in, and so it stays. Set a password first, or connect another.";

/// What the account says of them. Nothing where there are neither providers nor identities.
pub(super) fn on_account(house: &House, all: &[Identity]) -> Markup {
    let is_of_use = !all.is_empty() || house.providers.all().next().is_some();
    html! {
        @if is_of_use {
            dt { "Sign-in by others" }
            dd {
                @match all.len() { 0 => "None connected", 1 => "1 connected", many => { (many) " connected" } }
                " · " a href=(PATH) { "Connect or disconnect" }
            }
        }
    }
}

/// The page. For who has shown a short while ago who it is.
pub async fn show(house: Data<House>, person: Person) -> Result<HttpResponse, Fault> {
    person.ensure_fresh()?;
    let (all, form_token) = (list(&house, person.by.user()).await?, person.token());
    Ok(page(&house, &person, &form_token, &all, None).answer())
}

/// Connects one, by sending the person to a provider; or disconnects one.
pub async fn change(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let Sent { by: person, form } = sent;
    person.ensure_fresh()?;
    if let Some(provider) = house.providers.named(form.text("connect")) {
        let next: Place = PATH.parse().unwrap_or_default();
        return go(&house, provider, Purpose::Connect(person.by.session()), &person.request, &next).await;
    }
    let Ok(id) = form.text("disconnect").parse() else {
        return Err(Problem::new(catalogue::INVALID_REQUEST, "the form does not say what is to be done").into());
    };
    match disconnect(&house, &person.by, id, &browser(&house, &person.request)).await {
        Ok(()) => Ok(lead_to(PATH)),
        Err(NotDisconnected::LastWay) => {
            let (all, form_token) = (list(&house, person.by.user()).await?, person.token());
            let page = page(&house, &person, &form_token, &all, Some(LAST));
            Ok(page.with_status(StatusCode::CONFLICT).answer())
        }
        Err(NotDisconnected::Refused(refusal)) => Err(refusal.into()),
    }
}

fn page<'a>(house: &House, person: &'a Person, form_token: &'a str, all: &[Identity], wrong: Option<&str>) -> Page<'a> {
    let has_room = i64::try_from(all.len()).is_ok_and(|count| count < MOST);
    let main = html! {
        @if let Some(wrong) = wrong { (alert(wrong)) }
        p {
            "Whoever is signed in at one of these signs in here with one button. A second factor that you have turned on here is "
            "asked for all the same."
        }
        section {
            h2 { "Connected" }
            @if all.is_empty() { p.quiet { "Nothing is connected." } }
            ul.rows { @for identity in all { (row(house, identity, form_token)) } }
        }
        @if house.providers.all().next().is_none() {
            p { "No provider is set up here: who runs this server names one in its settings." }
        } @else if has_room {
            section {
                h2 { "Connect" }
                form method="post" action=(PATH) {
                    (token(form_token))
                    div.actions {
                        @for provider in house.providers.all() {
                            button.second name="connect" value=(provider.name()) { "Connect " (provider.title()) }
                        }
                    }
                }
            }
        }
        p { a href="/account" { "To your account" } }
    };
    Page::new("Sign-in by others", main).signed(person.signed(form_token))
}

fn row(house: &House, identity: &Identity, form_token: &str) -> Markup {
    let title = called(house, &identity.issuer);
    let address = identity.email.as_ref().map_or("no address", |email| email.as_str());
    html! {
        li {
            div {
                div { (title) " · " (address) }
                div.quiet {
                    "Connected " (moment(identity.created_at)) " · last used " (moment(identity.last_used_at))
                }
            }
            form method="post" action=(PATH) {
                (token(form_token))
                input type="hidden" name="disconnect" value=(identity.id);
                button.second aria-label={ "Disconnect " (title) ", " (address) } { "Disconnect" }
            }
        }
    }
}
