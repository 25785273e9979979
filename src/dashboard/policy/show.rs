//! A policy: each rule, what holds and whose it is, and the form to change it.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::{filled::Filled, place::Place, words};
use crate::{
    dashboard::{
        Fault,
        done::is_sealed,
        org::{Insider, Section},
        page::{sentence, token},
        query::Query,
    },
    domain::{Policy, Slug, Title, policy::Rule},
    http::guard::{Within, may},
    service::{
        self, House,
        policies::{self, Shown},
        surroundings::who_to_ask,
    },
};

/// The page.
pub async fn show(house: Data<House>, insider: Insider<Within<may::Admin>>) -> Result<HttpResponse, Fault> {
    let shown = policies::show(&house, &insider.proof).await?;
    let query = Query::of(&insider.person.request);
    let is_saved = query.text("saved").is_some() && is_sealed(&insider, &query);
    let notice = html! { @if is_saved { p.note.wide role="status" { "The policy is saved. It binds whatever is issued from now on." } } };
    let filled = Filled::of(&shown.own.policy);
    form(&house, &insider, &shown, &filled, (StatusCode::OK, &notice, &[])).await
}

/// The form, with what was filled in and what is wrong with it.
pub(super) async fn form<N>(
    house: &House,
    insider: &Insider<N>,
    shown: &Shown,
    filled: &Filled,
    (status, notice, faults): (StatusCode, &Markup, &[service::Fault]),
) -> Result<HttpResponse, Fault> {
    let place = Place::of(insider)?;
    let meshes = if place.mesh.is_some() { Vec::new() } else { policies::of_meshes(house, &insider.proof).await? };
    let people = if place.is_owner { Vec::new() } else { who_to_ask(house, &insider.proof).await? };
    let main = html! {
        (notice)
        (summary(faults))
        (introduction(&place, insider, &people))
        section {
            form method="post" action=(place.path) {
                (token(&insider.token()))
                input type="hidden" name="version" value=(shown.own.version);
                (filled.fields(&place, shown, faults))
                @if place.is_admin {
                    div.actions {
                        button name="do" value="preview" { "See what would change" }
                        span.quiet { "Nothing is saved yet." }
                    }
                }
            }
        }
        (of_meshes(insider, &meshes))
    };
    insider.show_as(house, status, Section::Policy, &place.title(), main).await
}

fn introduction<N>(place: &Place, insider: &Insider<N>, people: &[Title]) -> Markup {
    let names: Vec<_> = people.iter().map(ToString::to_string).collect();
    html! {
        p {
            "What keys have to be like that are issued from now on. Keys that are there go on working. "
            @if place.mesh.is_some() {
                "A mesh can only ask for more than its org: of each rule the tighter one holds. "
                a href=(insider.at("/policy")) { "The org’s policy" }
            }
        }
        @if place.is_admin {
            p { a href=(place.at("/violations")) { "Keys that do not comply" } }
        } @else {
            p.note.warn.wide { "Only an admin of " @if place.mesh.is_some() { "the whole mesh" } @else { "the whole org" } " may change this. Ask " (names.join(", ")) "." }
        }
        @if place.is_admin && !place.is_owner {
            p.quiet { "What is for owners alone is set and taken back by an owner." @if !names.is_empty() { " Ask " (names.join(", ")) "." } }
        }
        @if place.is_admin && !insider.person.by.is_fresh() { (confirm(&place.path)) }
    }
}

/// The meshes that ask for more, each with what it has rules for.
fn of_meshes<N>(insider: &Insider<N>, meshes: &[(Slug, Policy)]) -> Markup {
    let none = Policy::default();
    html! {
        @if !meshes.is_empty() {
            section {
                h2 { "Meshes with a policy of their own" }
                ul.rows {
                    @for (mesh, policy) in meshes {
                        li {
                            div { a href=(insider.at(&format!("/meshes/{mesh}/policy"))) { "Mesh " (mesh) } }
                            span { (none.looser_than(policy).into_iter().map(|rule| words::about(rule).0).collect::<Vec<_>>().join("; ")) }
                        }
                    }
                }
            }
        }
    }
}

/// Asks to confirm who one is, and then come back to what was typed.
pub(super) fn confirm(back: &str) -> Markup {
    html! {
        p.note.warn.wide {
            "To change this takes having shown lately who you are. "
            a data-keep href=(Query::default().with("next", back).at("/confirm")) { "Confirm that it is you" }
        }
    }
}

/// What is wrong, each with a link to its field.
fn summary(faults: &[service::Fault]) -> Markup {
    html! {
        @if !faults.is_empty() {
            div.alert.wide role="alert" {
                p { "Nothing was changed:" }
                ul {
                    @for fault in faults {
                        @match fault.pointer.trim_start_matches('/').parse::<Rule>() {
                            Ok(rule) => li { a href={ "#" (rule.name()) } { (words::about(rule).0) ": " (fault.detail) } },
                            Err(_) => li { (sentence(&fault.detail)) },
                        }
                    }
                }
            }
        }
    }
}
