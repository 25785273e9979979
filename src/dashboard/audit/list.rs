//! The events of an org, the newest first.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::{
    asked::{Asked, faults_of},
    event::Telling,
    filters, is_whole,
    words::number,
};
use crate::{
    dashboard::{
        Fault,
        org::{Insider, Section},
        page::token,
        parts::paging::{empty, more},
        query::Query,
    },
    domain::{
        Mesh,
        audit::Event,
        page::{Limit, Page},
    },
    http::guard::{Within, may},
    service::{
        self, House, Refusal,
        audit::{
            self, MOST_COUNTED,
            names::{Names, names},
        },
        meshes,
    },
};

type Admin = Insider<Within<may::Admin>>;

/// What was found.
struct Found {
    page: Page<Event>,
    names: Names,
    count: i64,
}

/// The page.
pub async fn show(house: Data<House>, insider: Admin) -> Result<HttpResponse, Fault> {
    let now = insider.proof.person().ok_or(Refusal::NoPerson)?.now;
    let mut asked = Asked::read(Query::of(&insider.person.request), now);
    let found = if asked.faults.is_empty() { find(&house, &insider, &asked).await } else { Ok(Found::nothing()) };
    let found = match found {
        Ok(found) => found,
        Err(Refusal::Cursor(error)) => {
            asked.faults.push(service::Fault::at("cursor", error.to_string()));
            Found::nothing()
        }
        Err(refused @ Refusal::Invalid(_)) => {
            asked.faults.extend(faults_of(refused));
            Found::nothing()
        }
        Err(other) => return Err(other.into()),
    };
    let meshes = meshes::list(&house, &insider.proof, None, Limit::MOST, None).await?.items;
    let status = if asked.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let org = insider.at("");
    let telling = Telling { names: &found.names, now, org: &org };
    let main = main(&insider, &asked, &found, &meshes, &telling);
    insider.show_as(&house, status, Section::Audit, "Audit", main).await
}

impl Found {
    fn nothing() -> Self {
        Self { page: Page { items: Vec::new(), next: None }, names: Names::default(), count: 0 }
    }
}

async fn find(house: &House, insider: &Admin, asked: &Asked) -> Result<Found, Refusal> {
    let by = &insider.proof;
    let own = audit::first_mesh(by).map(|mesh| mesh.to_string());
    let mesh = asked.query.text("mesh").or(own.as_deref());
    let cursor = asked.query.text("cursor");
    let mut page = audit::list(house, by, &asked.filter, mesh, Limit::default(), cursor).await?;
    if let Some(after) = asked.after {
        page.items.retain(|event| event.seq > after);
    }
    let names = names(house, by, &page.items).await?;
    let count = if asked.after.is_some() { 0 } else { audit::count(house, by, &asked.filter, mesh).await? };
    Ok(Found { page, names, count })
}

fn main(insider: &Admin, asked: &Asked, found: &Found, meshes: &[Mesh], telling: &Telling<'_>) -> Markup {
    let path = insider.at("/audit");
    let Found { page, count, .. } = found;
    let is_live = asked.faults.is_empty() && ["cursor", "until"].iter().all(|name| asked.query.text(name).is_none());
    html! {
        (filters::faults(asked))
        (filters::form(&path, asked, meshes, (&page.items, &found.names)))
        div.head {
            p role="status" { @if asked.faults.is_empty() { (counted(*count)) } }
            div.actions {
                @if is_live {
                    button.second type="button" hidden data-live=(asked.query.without("after").at(&path)) aria-pressed="false" { "Watch live" }
                }
                @if *count > 0 { (export(insider, asked)) }
                @if is_whole(insider) {
                    form method="post" action=(insider.at("/audit/verify")) data-swap {
                        (token(&insider.token()))
                        button.second { "Verify the chain" }
                    }
                }
            }
        }
        p.quiet.live data-live-told role="status" {}
        div data-events {
            @if page.items.is_empty() { (nothing(asked, &path)) } @else { (table(page, telling)) }
        }
        (more(page.next.as_deref(), &path, &asked.fixed()))
        p.quiet {
            "Events are kept for ever, unless somebody with a shell on the host archives old ones with "
            code { "meshkey audit retain" } "."
        }
    }
}

fn counted(count: i64) -> String {
    match count {
        0 => "No events".to_owned(),
        1 => "1 event".to_owned(),
        many if many > MOST_COUNTED => format!("More than {} events", number(MOST_COUNTED)),
        many => format!("{} events", number(many)),
    }
}

/// What takes all of it along, as it is filtered now: at the API, which writes that down.
fn export(insider: &Admin, asked: &Asked) -> Markup {
    let api = format!("/v1/orgs/{}/audit/export", insider.proof.org_slug());
    let own = audit::first_mesh(&insider.proof).filter(|_| asked.query.text("mesh").is_none());
    let query = own.map_or_else(|| asked.fixed(), |mesh| asked.fixed().with("mesh", &mesh.to_string()));
    html! {
        details.switch {
            summary { "Export" }
            div.menu {
                p.quiet { "All that is filtered now, the oldest first. That you take it along is an event too." }
                a href=(query.with("format", "csv").at(&api)) download { "As CSV, for spreadsheets" }
                a href=(query.with("format", "jsonl").at(&api)) download { "As JSON Lines, which can be proved" }
            }
        }
    }
}

fn table(page: &Page<Event>, telling: &Telling<'_>) -> Markup {
    html! {
        div.scroll {
            table.cards.audit {
                caption { "Events, the newest first" }
                thead { tr {
                    th scope="col" aria-sort="descending" { "When" }
                    @for name in ["Who", "What", "About", "Mesh", "Address"] { th scope="col" { (name) } }
                } }
                @for event in &page.items { (telling.rows(event)) }
            }
        }
    }
}

fn nothing(asked: &Asked, path: &str) -> Markup {
    html! {
        @if !asked.faults.is_empty() {
            (empty("Nothing was asked", &html! { "Put right what is said above, or " a href=(path) { "clear filters" } "." }))
        } @else if asked.is_filtered() {
            (empty("No events match", &html! { "Nothing was changed that fits these filters. " a href=(path) { "Clear filters" } }))
        } @else {
            (empty("No events yet", &html! { "Every change to the org, its meshes, keys and members is written down here." }))
        }
    }
}
