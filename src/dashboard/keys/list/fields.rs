//! The form by which a list is narrowed. It is sent by `GET`: what it says stands in the address.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::filters::{NO_MESH, lasting};
use crate::{
    dashboard::{parts::times::span_words, query::Query},
    domain::{Capability, Mesh, Span, Status, audit::Actor, standing::Standing},
    service::{Fault, listing::Listing},
};

/// What can be chosen: what the address says of it, and what a person reads.
type Choice = (String, String);

/// The form. It is open where something in it is wrong.
pub(super) fn form(query: &Query, path: &str, meshes: &[Mesh], listing: Option<&Listing>, faults: &[Fault]) -> Markup {
    let fault = |name: &str| faults.iter().find(|fault| fault.pointer == name).map(|fault| fault.detail.as_str());
    let meshes = [(NO_MESH.to_owned(), "Whole org".to_owned())]
        .into_iter()
        .chain(meshes.iter().map(|mesh| (mesh.slug.to_string(), mesh.slug.to_string())));
    let chosen = |name: &'static str, label, choices: Vec<Choice>| {
        select(name, label, query.text(name).unwrap_or_default(), &choices, fault(name))
    };
    html! {
        details.narrow-down open[!faults.is_empty()] {
            summary { "Filter" }
            form.filters method="get" action=(path) {
                @if let Some(sort) = query.text("sort") { input type="hidden" name="sort" value=(sort); }
                fieldset.statuses id="filter-status" tabindex="-1" aria-describedby=[fault("status").map(|_| "filter-status-fault")] {
                    legend { "Status" }
                    @if let Some(fault) = fault("status") { span.fault id="filter-status-fault" { (fault) } }
                    @for status in Standing::OWN.into_iter().chain(Status::ALL.into_iter().rev().map(Standing::As)) {
                        label {
                            input type="checkbox" name="status" value=(status.name()) checked[query.says("status", status.name())];
                            " " (status.word())
                        }
                    }
                }
                (chosen("mesh", "Where", meshes.collect()))
                (input("topic", "Topic", "text", query, fault("topic")))
                (chosen("capability", "Can do", capabilities()))
                (chosen("issued_by", "Issued by", issuers(listing)))
                (chosen("user", "Personal keys", people(listing)))
                (chosen("ends", "Expires", ends()))
                (input("expires_before", "Expires before", "date", query, fault("expires_before")))
                (chosen("unused_for", "Unused for", spans()))
                (input("text", "Name, hint or id", "text", query, fault("text")))
                button.second { "Show" }
            }
        }
    }
}

fn input(name: &str, label: &str, kind: &str, query: &Query, fault: Option<&str>) -> Markup {
    let id = format!("filter-{name}");
    let told = fault.map(|_| format!("{id}-fault"));
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name=(name) type=(kind) value=[query.text(name)] autocomplete="off" autocapitalize="none"
                spellcheck="false" aria-invalid=[fault.map(|_| "true")] aria-describedby=[told.as_ref()];
            @if let Some(fault) = fault { span.fault id=[told.as_ref()] { (fault) } }
        }
    }
}

fn select(name: &str, label: &str, said: &str, choices: &[Choice], fault: Option<&str>) -> Markup {
    let id = format!("filter-{name}");
    let told = fault.map(|_| format!("{id}-fault"));
    let is_strange = !said.is_empty() && choices.iter().all(|(value, _)| value != said);
    html! {
        div.field {
            label for=(id) { (label) }
            select id=(id) name=(name) aria-invalid=[fault.map(|_| "true")] aria-describedby=[told.as_ref()] {
                option value="" { "Any" }
                @if is_strange { option value=(said) selected { (lasting(said)) } }
                @for (value, words) in choices { option value=(value) selected[value == said] { (words) } }
            }
            @if let Some(fault) = fault { span.fault id=[told.as_ref()] { (fault) } }
        }
    }
}

fn capabilities() -> Vec<Choice> {
    Capability::BUILT_IN.iter().map(|one| (one.to_string(), one.to_string().replace('_', " "))).collect()
}

fn spans() -> Vec<Choice> {
    [7, 14, 30, 90, 180].map(Span::days).map(|span| (span.to_string(), span_words(span.duration()))).to_vec()
}

fn ends() -> Vec<Choice> {
    let within = spans().into_iter().map(|(value, words)| (value, format!("within {words}")));
    within.chain([("never".to_owned(), "never".to_owned())]).collect()
}

/// Those who have issued keys of this page: of an org with a thousand members nobody wants to read all.
fn issuers(listing: Option<&Listing>) -> Vec<Choice> {
    let mut known = BTreeMap::new();
    for one in listing.iter().flat_map(|listing| &listing.page.items) {
        let (names, by) = (listing.map(|listing| &listing.names), one.key.issued_by);
        let who = match by {
            Actor::User(user) => names.and_then(|names| names.person(user)).map(ToString::to_string),
            Actor::Key(key) => names.and_then(|names| names.key(key)).map(|label| format!("key {label}")),
            Actor::Local => Some("the command line".to_owned()),
            Actor::System => Some("the service itself".to_owned()),
        };
        let value = by.id().map_or_else(|| by.kind().to_owned(), |id| id.to_string());
        known.extend(who.map(|who| (value, who)));
    }
    known.into_iter().collect()
}

fn people(listing: Option<&Listing>) -> Vec<Choice> {
    let own = ("me".to_owned(), "yours".to_owned());
    let keys = listing.iter().flat_map(|listing| &listing.page.items);
    let users = keys.filter_map(|one| one.key.user);
    let named = users.filter_map(|user| Some((user.to_string(), format!("of {}", listing?.names.person(user)?))));
    let known: BTreeMap<_, _> = named.collect();
    [own].into_iter().chain(known).collect()
}
