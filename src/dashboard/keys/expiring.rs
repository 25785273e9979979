//! `/orgs/{org}/expiring`: which keys end soon, whether anybody would miss them, and what to do.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};
use time::{Duration, OffsetDateTime};

use super::row;
use crate::{
    dashboard::{
        Fault,
        org::{Insider, Section},
        parts::{
            asking::is_of_the_org,
            chips::Standing,
            paging::empty,
            times::{apart, when},
        },
    },
    db::keys::Dated,
    domain::{Key, standing::UNUSED},
    http::guard::AnyKey,
    service::{
        House, Refusal,
        listing::{self, Listing},
    },
};

/// How far one looks back, and ahead.
const BEHIND: Duration = Duration::days(7);
const AHEAD: Duration = Duration::days(30);
/// What is told together: keys that end before so many days have passed.
const GROUPS: [(i64, &str); 5] = [
    (0, "Expired within the last 7 days"),
    (1, "Within a day"),
    (7, "Within 7 days"),
    (14, "Within 14 days"),
    (30, "Within 30 days"),
];

/// The page.
pub async fn show(house: Data<House>, insider: Insider<AnyKey>) -> Result<HttpResponse, Fault> {
    let now = insider.proof.person().ok_or(Refusal::NoPerson)?.now;
    let listing = listing::ending(&house, &insider.proof, now - BEHIND, now + AHEAD).await?;
    let path = insider.at("/keys");
    let main = html! {
        @if listing.page.items.is_empty() && listing.page.next.is_none() {
            (empty("Nothing expires in the next 30 days", &html! {
                "No key that you may see does, and none has expired within the last 7 days. "
                a href={ (path) "?ends=never" } { "See those that never expire" }
            }))
        } @else {
            p {
                "A key is refused once it has expired. If it is still needed, give it a later expiry and rotate it; "
                "if nobody misses it, let it die."
            }
            @for (at, (_, title)) in GROUPS.iter().enumerate() {
                @let group: Vec<_> = listing.page.items.iter().filter(|one| group_of(one) == at).collect();
                @if !group.is_empty() { (table(title, &group, &listing, &path)) }
            }
            @if listing.page.next.is_some() {
                p { "There are more. " a href={ (path) "?ends=30d&sort=expires_at" } { "See all of them in the list" } }
            }
        }
        p.quiet {
            a href="/account/notices" { "Mail to you about keys that expire" }
            @if is_of_the_org(&insider.proof) { ", " a href=(insider.at("/webhook")) { "A webhook of the org" } }
        }
    };
    insider.show(&house, Section::Expiring, "Expiring soon", main).await
}

/// With which others it is told of.
fn group_of(Dated { key, now }: &Dated) -> usize {
    let end = key.terms.expires_at.unwrap_or(*now);
    GROUPS.iter().position(|(days, _)| end <= *now + Duration::days(*days)).unwrap_or(GROUPS.len() - 1)
}

fn table(title: &str, keys: &[&Dated], listing: &Listing, path: &str) -> Markup {
    html! {
        h2 { (title) }
        div.scroll.keys {
            table.cards {
                caption { (keys.len()) @if keys.len() == 1 { " key" } @else { " keys" } }
                thead {
                    tr {
                        th scope="col" { "Name" } th scope="col" { "Expires" } th scope="col" { "Use" }
                        th scope="col" { "Where" } th scope="col" { "Status" } th scope="col" { "What to do" }
                    }
                }
                tbody { @for one in keys { (line(one, listing, path)) } }
            }
        }
    }
}

fn line(one: &Dated, listing: &Listing, path: &str) -> Markup {
    let (key, now) = (&one.key, one.now);
    let place = format!("{path}/{}", key.id);
    html! {
        tr {
            th scope="row" { (row::name(key, path)) }
            td data-label="Expires" { @if let Some(end) = key.terms.expires_at { (when(end, now)) } }
            td data-label="Use" { (in_use(one, listing)) }
            td data-label="Where" { (row::place(key, listing)) }
            td data-label="Status" { (Standing::of(key, now).chip()) (row::breaches(key, listing)) }
            td {
                div.links {
                    a href={ (place) "/edit" } { "Set expiry" span.unseen { " of " (key.label) } }
                    @if let Some(words) = row::turn(key, now) {
                        a href={ (place) "/rotate" } { (words) span.unseen { " of " (key.label) } }
                    }
                }
            }
        }
    }
}

/// Whether anybody would miss it.
fn in_use(one: &Dated, listing: &Listing) -> Markup {
    let (key, now) = (&one.key, one.now);
    let calls = listing.total(key.id).allowed;
    let is_today = |at: OffsetDateTime| at > now - Duration::DAY;
    html! {
        @match key.last_use {
            _ if calls > 0 => { strong { "still used" } ", " (row::often(calls)) " in the last 24 hours" },
            Some(used) if is_today(used.at) => { strong { "still used" } ", " (apart(used.at, now)) },
            Some(used) if is_forgotten(key, used.at, now) => { "unused since " (when(used.at, now)) ": let it die" },
            Some(used) => { "used " (apart(used.at, now)) },
            None if is_forgotten(key, key.created_at, now) => "never used: let it die",
            None => "not used yet",
        }
    }
}

/// Whether nobody has used it for so long, since it was used or made, that it may be given up: for half of its life, or as long as makes
/// any key an unused one. Who got a key a minute ago has not forgotten it.
fn is_forgotten(key: &Key, since: OffsetDateTime, now: OffsetDateTime) -> bool {
    let life = key.terms.expires_at.map_or(UNUSED, |end| end - key.created_at);
    now - since >= UNUSED.min(life / 2)
}
