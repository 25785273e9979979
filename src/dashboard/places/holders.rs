//! Keys, as far as they matter to a place.

use maud::{Markup, html};

use crate::{
    dashboard::parts::{chips::Standing, times::ago},
    db::keys::Dated,
    domain::{Key, access::Access},
};

/// Some keys of many, each with its latest use.
pub(super) fn brief(keys: &[Dated], most: usize, path: &str) -> Markup {
    html! {
        ul.rows {
            @for Dated { key, now } in keys.iter().take(most) {
                li {
                    div { a href={ (path) "/" (key.id) } { bdi { (key.label) } } " " code { (key.hint()) "…" } }
                    span.quiet { @match key.last_use { Some(used) => { "last used " (ago(used.at, *now)) }, None => "never used" } }
                    (Standing::of(key, *now).chip())
                }
            }
        }
        @if keys.len() > most { p.quiet { "And " (keys.len() - most) " more." } }
    }
}

/// By what a key reaches a topic.
fn through(access: &Access) -> Markup {
    html! {
        span.chips {
            @if access.through.owner == "org" { strong.chip.heavy { "Whole org" } }
            @match access.through.topics.get() {
                Some(pattern) => span.chip.topic { "#" (pattern) },
                None => strong.chip.heavy { "All topics" },
            }
        }
    }
}

/// Whether it may do less here than it was issued for, since its person may.
fn is_cut(key: &Key, access: &Access) -> bool {
    key.terms.grant.capabilities.iter().any(|one| !access.may.contains(one))
}

/// The body of a table of keys that reach a topic: one group.
pub(super) fn group(title: &str, is_heavy: bool, keys: &[&(Dated, Access)], path: &str) -> Markup {
    html! {
        @if !keys.is_empty() {
            tbody {
                tr.group { th scope="rowgroup" colspan="5" { @if is_heavy { strong.chip.heavy { (title) } } @else { (title) } " " span.quiet { (keys.len()) } } }
                @for (Dated { key, now }, access) in keys {
                    tr {
                        th scope="row" {
                            a href={ (path) "/" (key.id) } { bdi { (key.label) } } " " code { (key.hint()) "…" }
                            @if key.user.is_some() { " " span.chip { "personal" } }
                            @if is_cut(key, access) { " " span.chip.warn { "no more than its person" } }
                        }
                        td data-label="Through" { (through(access)) }
                        td data-label="Status" { (Standing::of(key, *now).chip()) }
                        td data-label="Expires" {
                            @match key.terms.expires_at { Some(end) => (ago(end, *now)), None => span.warn-text { "never" } }
                        }
                        td data-label="Last used" {
                            @match key.last_use { Some(used) => (ago(used.at, *now)), None => "never" }
                        }
                    }
                }
            }
        }
    }
}

/// A table of such groups.
pub(super) fn table(caption: &str, groups: &Markup) -> Markup {
    html! {
        div.scroll {
            table.cards.holders {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { "Key" }
                        th scope="col" { "Through" }
                        th scope="col" { "Status" }
                        th scope="col" { "Expires" }
                        th scope="col" { "Last used" }
                    }
                }
                (groups)
            }
        }
    }
}
