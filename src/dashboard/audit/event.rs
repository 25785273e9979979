//! One event: as two rows of a table, of which the second opens; and all that it says.

use maud::{Markup, html};
use time::OffsetDateTime;

use super::{difference, words};
use crate::{
    dashboard::{
        parts::times::{ago, when},
        query::Query,
    },
    domain::{
        MeshId,
        audit::{ActorId, Event},
    },
    service::audit::names::{Names, named_by},
};

/// What events are shown with: what things are called, the clock, and the path of the org's pages.
pub(super) struct Telling<'a> {
    pub(super) names: &'a Names,
    pub(super) now: OffsetDateTime,
    pub(super) org: &'a str,
}

impl Telling<'_> {
    /// The rows of an event.
    pub(super) fn rows(&self, event: &Event) -> Markup {
        html! {
            tbody data-seq=(event.seq) {
                tr {
                    td data-label="When" { (ago(event.at, self.now)) }
                    td data-label="Who" { (self.actor(event)) }
                    th scope="row" { (done(event)) }
                    td data-label="About" { (self.subject(event)) }
                    td data-label="Mesh" { (self.mesh(event.mesh)) }
                    td data-label="Address" { (address(event)) }
                }
                tr.more {
                    td colspan="6" {
                        details {
                            summary { (summary(event)) }
                            (self.all(event))
                        }
                    }
                }
            }
        }
    }

    /// All that it says.
    pub(super) fn all(&self, event: &Event) -> Markup {
        let (path, raw) = (format!("{}/audit", self.org), format!("raw-{}", event.seq));
        let only = |name: &str, value: &str| Query::default().with(name, value).at(&path);
        let json = serde_json::to_string_pretty(event).unwrap_or_default();
        html! {
            div.told {
                @if let Some(reason) = reason(event) { p { strong { "Reason: " } bdi { (reason) } } }
                (difference::table(event))
                dl.facts {
                    dt { "When" } dd { (when(event.at, self.now)) }
                    dt { "Who" } dd {
                        (self.actor(event))
                        @if let Some(id) = event.actor.id { " " code { (id) } " " a href=(only("actor", &id.to_string())) { "All that it did" } }
                    }
                    dt { "About" } dd {
                        (self.subject(event)) " " code { (event.subject.id) } " "
                        a href=(only("subject", &event.subject.id)) { "All that was done to it" }
                    }
                    @if let Some(address) = event.address {
                        dt { "Address" } dd { (address) " " a href=(only("address", &address.to_string())) { "All from there" } }
                    }
                    @if let Some(request) = &event.request_id {
                        dt { "Request" } dd { code { (request) } " " a href=(only("request_id", request)) { "All of this request" } }
                    }
                    dt { "Hash" } dd { code { (event.hash.hex()) } }
                }
                details {
                    summary { "As JSON" }
                    div.scroll tabindex="0" role="region" aria-label={ "Event " (event.seq) " as JSON" } { pre id=(raw) { (json) } }
                    p.actions {
                        button.second type="button" hidden data-copy=(raw) data-told={ (raw) "-told" } { "Copy" }
                        span.quiet id={ (raw) "-told" } role="status" {}
                    }
                }
                p { a href={ (path) "/" (event.seq) } { "Link to event " (event.seq) } }
            }
        }
    }

    fn actor(&self, event: &Event) -> Markup {
        let Some(id) = event.actor.id else { return html! { span { (words::actor(&event.actor.kind)) } } };
        let name = self.names.of(id.uuid());
        match id {
            ActorId::Key(key) => html! {
                span.quiet { "key " }
                a href={ (self.org) "/keys/" (key) } { bdi { @match name { Some(name) => (name), None => (key) } } }
            },
            ActorId::User(user) => html! {
                @match name { Some(name) => bdi { (name) }, None => { span.quiet { "person " } code { (user) } } }
            },
        }
    }

    fn subject(&self, event: &Event) -> Markup {
        let (kind, id) = (event.subject.kind.as_str(), event.subject.id.as_str());
        let name = named_by(id).and_then(|id| self.names.of(id));
        let called = name.unwrap_or(id);
        let linked = |path: String| html! { a href=(path) { bdi { (called) } } };
        let told = match kind {
            "key" => linked(format!("{}/keys/{id}", self.org)),
            "mesh" if name.is_some() => linked(format!("{}/meshes/{called}", self.org)),
            "policy" | "mesh" | "org" => return self.place(kind, name),
            "topic" => return self.topic(id, name),
            "member" | "invitation" => linked(format!("{}/members", self.org)),
            _ => html! { bdi { (called) } },
        };
        html! { span.quiet { (kind) " " } (told) }
    }

    fn topic(&self, id: &str, mesh: Option<&str>) -> Markup {
        let topic = id.split_once('/').map_or(id, |(_, topic)| topic);
        html! {
            span.quiet { "topic " }
            @match mesh {
                Some(mesh) => a href={ (self.org) "/meshes/" (mesh) "/topics/" (topic) } { bdi { "#" (topic) } },
                None => bdi { "#" (topic) },
            }
        }
    }

    fn place(&self, kind: &str, mesh: Option<&str>) -> Markup {
        match (kind, mesh) {
            ("policy", Some(mesh)) => {
                html! { a href={ (self.org) "/meshes/" (mesh) "/policy" } { "policy of mesh " (mesh) } }
            }
            ("policy", None) => html! { a href={ (self.org) "/policy" } { "policy" } },
            (kind, _) => html! { "the " (kind) },
        }
    }

    fn mesh(&self, mesh: Option<MeshId>) -> Markup {
        let name = mesh.and_then(|mesh| self.names.of(mesh.uuid()));
        html! {
            @match (name, mesh) {
                (Some(name), _) => a href={ (self.org) "/meshes/" (name) } { (name) },
                (None, Some(mesh)) => code { (mesh) },
                (None, None) => span.quiet { "–" },
            }
        }
    }
}

fn address(event: &Event) -> Markup {
    html! { @match event.address { Some(address) => span.mono { (address) }, None => span.quiet { "–" } } }
}

/// What was done: in words, and as the API has it.
pub(super) fn done(event: &Event) -> Markup {
    html! {
        @if let Some(words) = words::done(&event.action) { (words) " " }
        code.quiet { (event.action) }
    }
}

/// What opens it says what changed.
fn summary(event: &Event) -> Markup {
    const MOST: usize = 4;
    let fields: Vec<_> = difference::changed(event).into_iter().map(|(name, ..)| difference::field(name)).collect();
    let is_edit = event.before.is_some() && event.after.is_some() && !fields.is_empty();
    html! {
        "Event " (event.seq)
        @if let Some(reason) = reason(event) { ": " bdi { (reason) } }
        @else if is_edit {
            ": " (fields[..fields.len().min(MOST)].join(", "))
            @if fields.len() > MOST { " and " (fields.len() - MOST) " more" }
        }
    }
}

/// Why it was done, where that was said.
fn reason(event: &Event) -> Option<&str> {
    event.after.as_ref()?.get("revoke_reason")?.as_str()
}
