//! The live keys that do not comply with what holds for them.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};

use super::{place::Place, spread::asks, words};
use crate::{
    dashboard::{
        Fault,
        done::is_sealed,
        org::{Insider, Section},
        parts::{
            paging::{empty, more},
            times::{ago, when},
        },
        query::Query,
    },
    db::policies::Broken,
    domain::{
        Mesh,
        page::{Limit, Page},
        policy::Rule,
    },
    http::guard::{InMesh, InOrg, may},
    service::{House, Refusal, meshes, policies},
};

/// Those of the org.
pub async fn show(house: Data<House>, insider: Insider<InOrg<may::Admin>>) -> Result<HttpResponse, Fault> {
    list(&house, &insider).await
}

/// Those of a mesh.
pub async fn show_of_mesh(house: Data<House>, insider: Insider<InMesh<may::Admin>>) -> Result<HttpResponse, Fault> {
    list(&house, &insider).await
}

async fn list<N>(house: &House, insider: &Insider<N>) -> Result<HttpResponse, Fault> {
    let query = Query::of(&insider.person.request);
    let page = policies::violations(house, &insider.proof, Limit::default(), query.text("cursor")).await?;
    let meshes = meshes::list(house, &insider.proof, None, Limit::MOST, None).await?.items;
    let place = Place::of(insider)?;
    let now = insider.proof.person().ok_or(Refusal::NoPerson)?.now;
    let is_endless =
        |key: &Broken| key.rules.iter().any(|rule| matches!(rule, Rule::LongestLife | Rule::ExpiryRequired));
    let main = html! {
        @if is_sealed(insider, &query) { (told(&query)) }
        @if page.items.is_empty() {
            (empty("Every live key complies", &html! { "Nothing is to be done. " a href=(place.path) { (place.title()) } }))
        } @else {
            p { "They go on working. Each has to be edited so that it complies before it is rotated, widened or enabled." }
            (table(insider, &page, &meshes, now))
            (more(page.next.as_deref(), &place.at("/violations"), &Query::default()))
            @if page.items.iter().any(is_endless) { (asks(&place, &insider.token(), "30")) }
            @else { p { a href=(place.path) { (place.title()) } } }
        }
    };
    insider.show(house, Section::Policy, "Keys that do not comply", main).await
}

/// What was done on the way here.
fn told(query: &Query) -> Markup {
    let spread = query.text("spread").and_then(|count| count.parse::<u32>().ok());
    html! {
        @if query.text("saved").is_some() { p.note.wide role="status" { "The policy is saved." } }
        @if let Some(count) = spread {
            p.note.wide role="status" { @if count == 1 { "1 key was given an end." } @else { (count) " keys were given an end." } }
        }
        @if query.text("failed").is_some() {
            p.alert.wide role="alert" { "The policy is saved, but no key was given an end. Try that again below." }
        }
    }
}

fn table<N>(insider: &Insider<N>, page: &Page<Broken>, meshes: &[Mesh], now: time::OffsetDateTime) -> Markup {
    let slug = |key: &Broken| meshes.iter().find(|mesh| Some(mesh.id) == key.owner.mesh()).map(|mesh| &mesh.slug);
    html! {
        div.scroll {
            table.cards {
                caption { "Live keys that do not comply" }
                thead { tr { @for name in ["Key", "Where", "Does not comply, since it", "Expires", "Last used"] { th scope="col" { (name) } } } }
                tbody {
                    @for key in &page.items {
                        tr {
                            th scope="row" { a href={ (insider.at("/keys/")) (key.id) } { bdi { (key.label) } } }
                            td data-label="Where" { @match slug(key) { Some(slug) => { "mesh " (slug) }, None => "Whole org" } }
                            td data-label="Since it" { ul.plain { @for rule in &key.rules { li { (words::broken(*rule)) } } } }
                            td data-label="Expires" { @match key.expires_at { Some(end) => (when(end, now)), None => span.warn-text { "never" } } }
                            td data-label="Last used" { @match key.last_used_at { Some(used) => (ago(used, now)), None => "never" } }
                        }
                    }
                }
            }
        }
    }
}
