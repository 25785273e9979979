//! `/orgs/{org}/search`: words are looked for in the list; the text of a key is looked up here, and stands in no address, no answer and no
//! log: who has found one wants to know what it opens, and to stop it.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::row;
use crate::{
    dashboard::{
        Fault,
        org::{Insider, Section},
        page::lead_to,
        parts::{
            chips::{Standing, capabilities},
            times::when,
        },
        query::Query,
        visitor::Sent,
    },
    db::keys::Dated,
    domain::{key::Status, pasted::Pasted},
    http::guard::AnyKey,
    service::{
        House, Refusal,
        listing::{Found, find},
    },
};

const UNKNOWN: &str =
    "No key of this org that you may see has this text. It may be of another org, or not be a key of this service.";
const BROKEN: &str = "It is no whole key: a character is wrong or missing. It may have been cut off, or broken into two lines. Copy all of it, and search again.";

/// Looks for what was filled in.
pub async fn search(house: Data<House>, sent: Sent<Insider<AnyKey>>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    match Pasted::read(form.text("text"), &house.prefix) {
        Pasted::Id(id) => Ok(lead_to(&insider.at(&format!("/keys/{id}")))),
        Pasted::Text(text) if text.is_empty() => Ok(lead_to(&insider.at("/keys"))),
        Pasted::Text(text) => Ok(lead_to(&Query::default().with("text", &text).at(&insider.at("/keys")))),
        Pasted::Broken => nothing(&house, &insider, StatusCode::UNPROCESSABLE_ENTITY, BROKEN).await,
        Pasted::Secret(secret) => match find(&house, &insider.proof, &secret).await {
            Ok(found) => show(&house, &insider, &found).await,
            Err(Refusal::NotFound) => nothing(&house, &insider, StatusCode::NOT_FOUND, UNKNOWN).await,
            Err(refusal) => Err(refusal.into()),
        },
    }
}

async fn nothing(
    house: &House,
    insider: &Insider<AnyKey>,
    status: StatusCode,
    words: &str,
) -> Result<HttpResponse, Fault> {
    let main = html! {
        p.alert role="alert" { (words) }
        p { "What you pasted was not kept. " a href=(insider.at("/keys")) { "See the keys" } }
    };
    insider.show_as(house, status, Section::Keys, "No such key", main).await
}

async fn show(house: &House, insider: &Insider<AnyKey>, found: &Found) -> Result<HttpResponse, Fault> {
    let one = found.listing.page.items.first().ok_or(Refusal::NotFound)?;
    let path = insider.at("/keys");
    let place = format!("{path}/{}", one.key.id);
    let status = one.key.status(one.now);
    let main = html! {
        @if found.is_old { (old(found, one)) }
        section {
            (facts(found, one, &path))
            div.actions {
                @if status != Status::Revoked {
                    a.button.danger href={ (place) "/revoke" } { "Revoke…" }
                    @if let Some(words) = row::turn(&one.key, one.now) { a.button.second href={ (place) "/rotate" } { (words) "…" } }
                }
                a.button.second href=(place) { "See it" }
            }
        }
        p.quiet { "What you pasted was not kept: it is in no address and in no log of ours." }
    };
    insider.show(house, Section::Keys, &format!("That is {}", one.key.label), main).await
}

/// Its old secret was found.
fn old(found: &Found, one: &Dated) -> Markup {
    html! {
        p.note.warn.wide role="status" {
            "This is an old secret of the key (number " (found.number) "): the key was rotated. "
            @match found.dies_at {
                Some(at) if at > one.now => { "It works until " (when(at, one.now)) "." },
                Some(at) => { "It is dead since " (when(at, one.now)) "; the key goes on with another one." },
                None => "It is dead; the key goes on with another one.",
            }
        }
    }
}

fn facts(found: &Found, one: &Dated, path: &str) -> Markup {
    let (key, listing) = (&one.key, &found.listing);
    html! {
        dl.facts {
            dt { "Status" } dd { (Standing::of(key, one.now).chip()) (row::breaches(key, listing)) }
            dt { "Can do" } dd { (capabilities(&key.terms.grant.capabilities)) }
            dt { "Where" } dd { (row::place(key, listing)) }
            dt { "Issued" } dd { (row::issued(key, listing, path)) }
            dt { "Last used" }
            dd {
                @match key.last_use {
                    Some(used) => { (when(used.at, one.now)) @if let Some(from) = used.from { " from " (from) } },
                    None => "never",
                }
            }
            dt { "24 hours" } dd { (row::day(key, listing)) }
            @if let Some(revoked) = &key.revoked { dt { "Revoked" } dd { (when(revoked.at, one.now)) } }
            dt { "Expires" }
            dd { @match key.terms.expires_at { Some(end) => (when(end, one.now)), None => span.warn-text { "never" } } }
        }
    }
}
