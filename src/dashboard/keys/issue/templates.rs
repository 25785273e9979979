//! What people often want, to start from. None ticks `admin` or all topics: these one chooses oneself.

use maud::{Markup, html};

use crate::{dashboard::query::Query, domain::Capability};

/// Something to start from.
pub(super) struct Template {
    /// Its name in the address.
    pub(super) name: &'static str,
    title: &'static str,
    words: &'static str,
    /// What is ticked.
    pub(super) can: &'static [Capability],
    /// How long it lives.
    pub(super) expires: &'static str,
    /// What is still to be chosen, if anything is to be said of that.
    pub(super) next: &'static str,
    is_for_admins: bool,
}

const fn template(
    (name, title, words): (&'static str, &'static str, &'static str),
    can: &'static [Capability],
    expires: &'static str,
) -> Template {
    Template { name, title, words, can, expires, next: "", is_for_admins: false }
}

/// All of them.
pub(super) const ALL: [Template; 6] = [
    template(("ci", "CI: post to one topic", "Sends to exactly one topic. 90 days."), &[Capability::Send], "90d"),
    template(("feed", "Read-only feed", "Reads the topics you choose. 90 days."), &[Capability::Read], "90d"),
    template(
        ("bot", "Bot: read and reply", "Sends to and reads the topics you choose. 90 days."),
        &[Capability::Send, Capability::Read],
        "90d",
    ),
    template(
        ("state", "State writer", "Reads, and changes state that others act on. 30 days."),
        &[Capability::Read, Capability::StateWrite],
        "30d",
    ),
    Template {
        next: "It needs admin and all topics. Neither is ever filled in: tick them yourself, and say from which addresses it is used.",
        is_for_admins: true,
        ..template(("automation", "Mesh automation", "Manages keys and topics of a mesh. 30 days."), &[], "30d")
    },
    template(("custom", "Custom", "Nothing is filled in."), &[], ""),
];

/// That with this name.
pub(super) fn named(name: &str) -> Option<&'static Template> {
    ALL.iter().find(|template| template.name == name)
}

/// The tiles: links that keep what else the address says.
pub(super) fn tiles(path: &str, query: &Query, is_admin: bool) -> Markup {
    html! {
        nav aria-label="Start from" {
            ul.tiles {
                @for template in ALL.iter().filter(|template| is_admin || !template.is_for_admins) {
                    @let to = query.without("cap").without("expires").with("template", template.name).at(path);
                    li {
                        a href=(to) aria-current=[query.says("template", template.name).then_some("true")] {
                            strong { (template.title) } span.quiet { (template.words) }
                        }
                    }
                }
            }
        }
    }
}
