//! What stands beside the form: what the key will be able to do and what not, and the same key by the command line and the API.

use maud::{Markup, html};

use super::{recipes, sheet::Sheet};
use crate::{
    dashboard::keys::words::Told,
    domain::{AddressList, Capability},
    service::{ground::WHOLE, issue::Ends},
};

/// The summary, and the recipes. `base` is where the API is.
pub(super) fn aside(sheet: &Sheet<'_>, base: &str) -> Markup {
    html! {
        aside aria-label="Summary" {
            section id="summary" data-part {
                h2 { "This key" }
                (summary(sheet))
            }
            @if !sheet.filled.is_own { (same(sheet, base)) }
        }
    }
}

fn summary(sheet: &Sheet<'_>) -> Markup {
    let (filled, ground) = (sheet.filled, sheet.ground);
    let (capabilities, topics) = (filled.capabilities().ok(), filled.scope().ok());
    let addresses = filled.ranges().ok().flatten().unwrap_or(AddressList::Anywhere);
    let ends = filled.ends(ground.now);
    let told = Told {
        label: &filled.name,
        capabilities: capabilities.as_ref(),
        mesh: ground.mesh.as_ref().map(|mesh| &mesh.slug),
        topics: topics.as_ref(),
        ends: if let Ok(Ends::At(end)) = ends { Some(end) } else { None },
        addresses: &addresses,
        rate: filled.often().ok().flatten(),
        known: &ground.topics,
        is_refused: false,
    };
    let is_admin = filled.can(&Capability::Admin);
    html! {
        @if ground.owner.is_none() { p { "Choose a mesh first." } }
        @else if ends.is_err() { p { "Choose when it ends." } }
        @else { (told.markup()) }
        @if filled.is_own { p.quiet { "A key of yours: it never does more than you may, and dies when you leave the org." } }
        @if is_admin { p.note.warn { "An admin key can issue and revoke keys. Before it is issued you confirm that it is you, unless you did within the last 15 minutes." } }
        @if filled.mesh == WHOLE { p.note.warn { "It is for the whole org: every mesh, and those that are still to come." } }
    }
}

fn same(sheet: &Sheet<'_>, base: &str) -> Markup {
    let command = recipes::command(sheet.org, sheet.filled, sheet.ground.now);
    let request = recipes::request(base, sheet.org, sheet.filled, sheet.ground);
    html! {
        section {
            h2 { "The same elsewhere" }
            p.quiet { "Made of what is filled in here. No secret is in it." }
            (recipe("command", "Copy as CLI command", &command))
            (recipe("request", "Copy as API request", &request))
            p.quiet role="status" data-copied {}
        }
    }
}

fn recipe(id: &str, words: &str, text: &str) -> Markup {
    html! {
        details {
            summary { (words.trim_start_matches("Copy as ")) }
            pre.recipe id=(id) tabindex="0" data-part { (text) }
        }
        button.second type="button" data-copy=(id) hidden { (words) }
    }
}
