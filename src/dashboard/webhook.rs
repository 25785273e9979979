//! `/orgs/{org}/webhook`: where the org hears of keys that end. What signs the calls is shown once, in the answer to the form.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};
use zeroize::Zeroizing;

use super::{
    Fault, Form,
    done::{note, told},
    fields::Field,
    org::{Insider, Section},
    page::token,
    parts::times::when,
    visitor::Sent,
    wrong::Wrong,
};
use crate::{
    http::guard::{InOrg, may},
    service::{
        House, Refusal,
        webhooks::{self, Set, Webhook},
    },
};

type Admin = Insider<InOrg<may::Admin>>;
const DONE: [(&str, &str); 3] = [
    ("set", "Set. What signs the calls is the same as before."),
    ("test", "A test is on its way. Load the page again to see how it went."),
    ("removed", "Removed: nothing is called any more."),
];

/// The page.
pub async fn show(house: Data<House>, insider: Admin) -> Result<HttpResponse, Fault> {
    page(&house, &insider, None).await
}

async fn page(house: &House, insider: &Admin, typed: Option<(&Form, &Wrong)>) -> Result<HttpResponse, Fault> {
    let webhook = match webhooks::show(house, &insider.proof).await {
        Ok(webhook) => Some(webhook),
        Err(Refusal::NotFound) => None,
        Err(refusal) => return Err(refusal.into()),
    };
    let main = html! {
        (note(insider, &DONE))
        @if let Some((_, wrong)) = typed { (wrong.markup()) }
        p {
            "At most once a day this URL is sent all keys of the org that end in 30, 14, 7 or 1 day or have just ended. Each person "
            "hears of its own by mail besides, where mail is set up."
        }
        @if let Some(webhook) = &webhook { (standing(insider, webhook)?) }
        (form(insider, webhook.as_ref(), typed))
    };
    let status = typed.map_or(StatusCode::OK, |(_, wrong)| wrong.status);
    insider.show_as(house, status, Section::Expiring, "Webhook", main).await
}

/// What is set, and how its last call went.
fn standing(insider: &Admin, webhook: &Webhook) -> Result<Markup, Fault> {
    let now = insider.proof.person().ok_or(Refusal::NoPerson)?.now;
    Ok(html! {
        section {
            h2 { "What is called" }
            dl.facts {
                dt { "URL" } dd { code { (webhook.url) } }
                dt { "Set" } dd { (when(webhook.changed_at, now)) }
                dt { "Last call" }
                dd {
                    @match (webhook.tried_at, &webhook.reason) {
                        (None, _) => "none yet",
                        (Some(at), None) => { "delivered " (when(at, now)) },
                        (Some(at), Some(reason)) => {
                            strong.warn-text { "not delivered" } " " (when(at, now)) ": " (reason)
                            @if let Some(status) = webhook.status { " (" (status) ")" }
                        },
                    }
                }
                @if webhook.is_waiting { dt { "Now" } dd { "a call waits to be made, or to be tried again" } }
            }
            form method="post" action=(insider.at("/webhook")) {
                (token(&insider.token()))
                div.actions {
                    button.second name="do" value="test" { "Send a test" }
                    button.danger name="do" value="remove" { "Remove it" }
                }
            }
        }
    })
}

fn form(insider: &Admin, webhook: Option<&Webhook>, typed: Option<(&Form, &Wrong)>) -> Markup {
    let known = webhook.map_or("", |webhook| webhook.url.as_str());
    let url = Field::new("url", "URL")
        .of_kind("url")
        .filled_by("off")
        .with_hint("It begins with https://, and nobody is sent elsewhere by its answer.")
        .with_text(typed.map_or(known, |(form, _)| form.shown("url")))
        .with_fault(typed.and_then(|(_, wrong)| wrong.at("url")));
    html! {
        section.narrow {
            h2 { (if webhook.is_some() { "Another URL" } else { "Have a URL called" }) }
            form method="post" action=(insider.at("/webhook")) data-swap {
                (token(&insider.token()))
                (url.markup())
                @if webhook.is_some() {
                    label.choice for="new_secret" {
                        input type="checkbox" id="new_secret" name="new_secret" value="yes";
                        span { "Sign with something new from now on. What the receiver has is of no use then." }
                    }
                }
                div.actions { button name="do" value="set" { "Save" } a href=(insider.at("/expiring")) { "Cancel" } }
            }
        }
    }
}

/// Sets it, has it called, or takes it away.
pub async fn take(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let path = insider.at("/webhook");
    let done = match form.text("do") {
        "test" => webhooks::try_out(&house, &insider.proof).await.map(|_| "test"),
        "remove" => webhooks::remove(&house, &insider.proof).await.map(|_| "removed"),
        _ => {
            let is_new = form.text("new_secret") == "yes";
            match webhooks::set(&house, &insider.proof, form.text("url"), is_new).await {
                Ok(Set { secret: Some(secret), .. }) => return made(&house, &insider, &secret.reveal()).await,
                Ok(Set { secret: None, .. }) => Ok("set"),
                Err(refusal) => Err(refusal),
            }
        }
    };
    match done {
        Ok(word) => Ok(super::page::lead_to(&told(&insider, &path, word, None))),
        // Somebody else took it away meanwhile.
        Err(Refusal::NotFound) => page(&house, &insider, None).await,
        Err(refusal) => page(&house, &insider, Some((&form, &Wrong::of(refusal, &path)?))).await,
    }
}

/// What signs the calls, this one time.
async fn made(house: &House, insider: &Admin, secret: &Zeroizing<String>) -> Result<HttpResponse, Fault> {
    let main = html! {
        section.narrow {
            p { "Whoever receives the calls checks them with this (Standard Webhooks). It is not shown again." }
            div.field {
                label for="signing" { "What signs the calls" }
                input type="text" id="signing" value=(secret.as_str()) readonly autocomplete="off" spellcheck="false" data-secret;
            }
            p.quiet role="status" data-copied {}
            div.actions {
                button type="button" hidden data-copy="signing" { "Copy" }
                a.button.second href=(insider.at("/webhook")) { "I saved it" }
            }
        }
    };
    insider.show(house, Section::Expiring, "Save this now", main).await
}
