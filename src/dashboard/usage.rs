//! `/orgs/{org}/usage`: what the keys of the org were used for.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};
use uuid::Uuid;

use super::{
    Fault,
    org::{Insider, Section},
    parts::counts::{RANGE, Range, fresh, named, over_time, table},
    query::Query,
};
use crate::{
    domain::{KeyId, page::Limit, usage::By},
    http::guard::{Within, may},
    service::{
        House, meshes,
        usage::{Usage, of_org},
    },
};

const KNOWN: [&str; 2] = [RANGE, "mesh"];
/// By what it is told apart.
const PARTS: [By; 4] = [By::Key, By::Topic, By::Capability, By::Outcome];

/// The page.
pub async fn show(house: Data<House>, insider: Insider<Within<may::Admin>>) -> Result<HttpResponse, Fault> {
    let query = Query::of(&insider.person.request);
    let range = Range::of(&query, &KNOWN)?;
    let by = &insider.proof;
    // Who is no admin of the whole org begins with a mesh of its own.
    let own = crate::service::audit::first_mesh(by).map(|mesh| mesh.to_string());
    let mesh = query.text("mesh").or(own.as_deref());
    let now = by.person().map(|person| person.now).ok_or(crate::service::Refusal::NoPerson)?;
    let time = of_org(&house, by, &range.over_time(now), mesh).await?;
    let mut parts = Vec::with_capacity(PARTS.len());
    for one in PARTS {
        parts.push(of_org(&house, by, &range.by(one, now), mesh).await?);
    }
    let (path, keys) = (insider.at("/usage"), insider.at("/keys"));
    let meshes = meshes::list(&house, by, None, Limit::MOST, None).await?.items;
    let slugs: Vec<_> = meshes.iter().map(|mesh| mesh.slug.as_str()).collect();
    let main = html! {
        div.head { (choice(&path, &query, &slugs, range)) (range.choice(&path, &query)) }
        section id="usage" {
            h2 { "Over time" }
            (over_time(&time, "No key was used in this time."))
            (fresh(&time))
        }
        div.tables.boxed { @for part in &parts { @if !part.sums.items.is_empty() { section { (table(part, &|line| line_of(part, line, &keys))) } } } }
    };
    insider.show(&house, Section::Usage, "Usage", main).await
}

/// The filter by mesh.
fn choice(path: &str, query: &Query, slugs: &[&str], range: Range) -> Markup {
    html! {
        form.filters method="get" action=(path) {
            input type="hidden" name=(RANGE) value=(range.name());
            div.field {
                label for="mesh" { "Mesh" }
                select id="mesh" name="mesh" {
                    option value="" { "All meshes" }
                    @for slug in slugs { option value=(slug) selected[query.says("mesh", slug)] { (slug) } }
                }
            }
            button.second { "Show" }
        }
    }
}

/// What a line is of: a key by its name, with the way to it.
fn line_of(usage: &Usage, line: &str, keys: &str) -> Markup {
    let Some(id) = line.parse::<Uuid>().ok().filter(|_| usage.range.by == By::Key).map(KeyId::from) else {
        return named(usage.range.by, line);
    };
    let label = usage.labels.iter().find(|(known, _)| *known == id).map(|(_, label)| label);
    html! { a href={ (keys) "/" (id) } { @match label { Some(label) => (label), None => (id) } } }
}
