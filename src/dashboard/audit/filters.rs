//! The form by which events are filtered: it is sent by `GET`, and so what is asked for stands in the address.

use maud::{Markup, html};

use super::asked::{Asked, FILTERS};
use crate::{
    dashboard::{page::sentence, parts::times::wire},
    domain::{
        Mesh,
        audit::{Action, Event},
    },
    service::audit::names::Names,
};

/// How far back one looks.
const PERIODS: [(&str, &str); 4] =
    [("1h", "Last hour"), ("24h", "Last 24 hours"), ("7d", "Last 7 days"), ("30d", "Last 30 days")];

/// What is wrong with what was asked for, each with a link to its field.
pub(super) fn faults(asked: &Asked) -> Markup {
    html! {
        @if !asked.faults.is_empty() {
            div.alert.wide role="alert" {
                p { "Nothing is shown, since this cannot be asked for:" }
                ul { @for fault in &asked.faults { li {
                    @if FILTERS.contains(&fault.pointer.as_str()) { a href={ "#" (fault.pointer) } { (sentence(&fault.detail)) } }
                    @else { (sentence(&fault.detail)) }
                } } }
            }
        }
    }
}

/// The form.
pub(super) fn form(path: &str, asked: &Asked, meshes: &[Mesh], (events, names): (&[Event], &Names)) -> Markup {
    let said = |name: &str| asked.query.text(name).unwrap_or_default();
    let has_more = ["address", "request_id", "since", "until"].iter().any(|name| !said(name).is_empty());
    html! {
        form.filters.audit method="get" action=(path) role="search" aria-label="Filter events" {
            (text(asked, "actor", "Who", "key_…, user_…", Some("actors")))
            datalist id="actors" {
                option value="local" { "Local command line" }
                option value="system" { "Meshkey itself" }
                @for (id, name) in actors(events, names) { option value=(id) { (name) } }
            }
            div.field { label for="action" { "What" } (actions(said("action"))) (fault(asked, "action")) }
            (text(asked, "subject", "About", "key_…, mesh_…", None))
            div.field {
                label for="mesh" { "Mesh" }
                select id="mesh" name="mesh" aria-describedby=[told(asked, "mesh")] {
                    option value="" { "Any" }
                    @let is_listed = meshes.iter().any(|mesh| mesh.slug.as_str() == said("mesh"));
                    @if !is_listed && !said("mesh").is_empty() { option value=(said("mesh")) selected { (said("mesh")) } }
                    @for mesh in meshes { option value=(mesh.slug) selected[mesh.slug.as_str() == said("mesh")] { (mesh.slug) } }
                }
                (fault(asked, "mesh"))
            }
            div.field {
                label for="within" { "When" }
                select id="within" name="within" aria-describedby=[told(asked, "within")] {
                    option value="" { "Any time" }
                    @let is_listed = PERIODS.iter().any(|(period, _)| *period == said("within"));
                    @if !is_listed && !said("within").is_empty() { option value=(said("within")) selected { "Last " (said("within")) } }
                    @for (period, words) in PERIODS { option value=(period) selected[period == said("within")] { (words) } }
                }
                (fault(asked, "within"))
            }
            details.field.wide open[has_more] {
                summary { "More filters" }
                div.filters {
                    (text(asked, "address", "Address", "192.0.2.7 or 192.0.2.0/24", None))
                    (text(asked, "request_id", "Request", "req_…", None))
                    (time(asked, "since", "From, in UTC"))
                    (time(asked, "until", "Until, in UTC"))
                }
            }
            div.actions {
                button { "Filter" }
                @if asked.is_filtered() || !asked.faults.is_empty() { a href=(path) { "Clear filters" } }
            }
        }
    }
}

/// Who did anything of what is shown, once each.
fn actors<'a>(events: &'a [Event], names: &'a Names) -> Vec<(String, &'a str)> {
    let ids = events.iter().filter_map(|event| event.actor.id);
    let mut actors: Vec<_> = ids.filter_map(|id| Some((id.to_string(), names.of(id.uuid())?))).collect();
    actors.sort_unstable();
    actors.dedup();
    actors
}

fn actions(said: &str) -> Markup {
    let is_known = said.is_empty() || Action::meant(said).is_ok();
    html! {
        select id="action" name="action" {
            option value="" { "Anything" }
            @if !is_known { option value=(said) selected { (said) } }
            @for family in Action::families() {
                @let all = format!("{family}.*");
                optgroup label=(family) {
                    option value=(all) selected[all == said] { "Anything about: " (family) }
                    @for action in Action::ALL.iter().filter(|action| action.family() == family) {
                        option value=(action.name()) selected[action.name() == said] { (action.name()) }
                    }
                }
            }
        }
    }
}

fn told(asked: &Asked, name: &str) -> Option<String> {
    asked.fault(name).map(|_| format!("{name}-fault"))
}

fn fault(asked: &Asked, name: &str) -> Markup {
    html! { @if let Some(fault) = asked.fault(name) { span.fault id={ (name) "-fault" } { (fault) } } }
}

fn text(asked: &Asked, name: &str, label: &str, example: &str, list: Option<&str>) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input type="text" id=(name) name=(name) value=[asked.query.text(name)] placeholder=(example) list=[list] maxlength="128"
                autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby=[told(asked, name)]
                aria-invalid=[asked.fault(name).map(|_| "true")];
            (fault(asked, name))
        }
    }
}

/// A time. What was not understood is shown as it was typed, which a field for times would not.
fn time(asked: &Asked, name: &str, label: &str) -> Markup {
    let (said, fault_of) = (asked.query.text(name), asked.fault(name));
    let understood = if name == "since" { asked.filter.since } else { asked.filter.until };
    let whole = said.and(understood).map(|at| wire(at).trim_end_matches('Z').to_owned());
    let (kind, value) = match (said, whole) {
        (Some(said), None) if fault_of.is_some() => ("text", Some(said.to_owned())),
        (_, whole) => ("datetime-local", whole),
    };
    html! {
        div.field {
            label for=(name) { (label) }
            input type=(kind) id=(name) name=(name) value=[value] step="1" autocomplete="off" aria-describedby=[told(asked, name)]
                aria-invalid=[fault_of.map(|_| "true")];
            (fault(asked, name))
        }
    }
}
