//! The proof of an org's chain: followed from its beginning to its end, whenever somebody asks.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};

use super::words::number;
use crate::{
    dashboard::{
        Fault,
        org::{Insider, Section},
        page::token,
        parts::times::plain,
        visitor::Sent,
    },
    http::guard::{InOrg, may},
    service::{
        House,
        audit::verify::{self, Proof},
    },
};

type Admin = Insider<InOrg<may::Admin>>;

/// The page from which it is asked for.
pub async fn show(house: Data<House>, insider: Admin) -> Result<HttpResponse, Fault> {
    let main = html! { (form(&insider, "Verify the chain")) };
    insider.show(&house, Section::Audit, "The chain of events", main).await
}

/// Follows the chain, and tells how far it holds.
pub async fn verify(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, Fault> {
    let insider = sent.by;
    let proof = verify::verify(&house, &insider.proof).await?;
    let main = html! {
        (told(&insider, &proof))
        (form(&insider, "Verify again"))
    };
    insider.show(&house, Section::Audit, "The chain of events", main).await
}

fn form(insider: &Admin, button: &str) -> Markup {
    html! {
        p {
            "Each event has a hash over the one before it: what is altered, removed or moved breaks the chain at its place. "
            "Who owns the database could make a whole new chain. Keep the last hash elsewhere, and compare."
        }
        form method="post" action=(insider.at("/audit/verify")) data-swap {
            (token(&insider.token()))
            div.actions { button { (button) } a href=(insider.at("/audit")) { "All events" } }
        }
    }
}

fn told(insider: &Admin, Proof { report, as_of }: &Proof) -> Markup {
    let through = as_of.map_or_else(String::new, |at| format!(" through {}", plain(at)));
    let events = i64::try_from(report.events).unwrap_or(i64::MAX);
    html! {
        @match &report.broken {
            None => section data-first {
                h2 { "Verified" (through) ": " (number(events)) @if events == 1 { " event" } @else { " events" } }
                dl.facts {
                    @if let (Some(first), Some(last)) = (report.first_seq, report.last_seq) {
                        dt { "From" } dd { "event " (first) }
                        dt { "To" } dd { "event " (last) }
                    }
                    dt { "Last hash" } dd { code { (report.hash.hex()) } }
                    @if let Some(retained) = &report.retained {
                        dt { "Archived" } dd { "up to event " (retained.seq) ", whose hash was " code { (retained.hash.hex()) } }
                    }
                }
            },
            Some(broken) => div.alert.wide role="alert" {
                h2 { "The chain is broken at event " (broken.seq) }
                p { (broken.fault.name()) ": " (broken.detail) "." }
                p {
                    "Do not repair it. Take a copy of the database, compare with the exports, and look at who could write to the database. "
                    a href={ (insider.at("/audit")) "/" (broken.seq) } { "See the event, if it is there" }
                }
            },
        }
    }
}
