//! What people often want, to start from. None ticks `admin` or all topics: these one chooses oneself.

use maud::{Markup, html};

use super::filled::Filled;
use crate::{
    dashboard::parts::times::span_words,
    domain::{Capability, Policy, Span},
    service::ground::Ground,
};

/// Something to start from.
pub(super) struct Template {
    /// Its name in the address.
    pub(super) name: &'static str,
    title: &'static str,
    words: &'static str,
    /// What is ticked.
    can: &'static [Capability],
    /// How many days it lives, where it says so.
    days: Option<u32>,
    /// What is still to be chosen, if anything is to be said of that.
    pub(super) next: Option<&'static str>,
    is_for_admins: bool,
}

const fn template(
    (name, title, words): (&'static str, &'static str, &'static str),
    can: &'static [Capability],
    days: u32,
) -> Template {
    Template { name, title, words, can, days: Some(days), next: None, is_for_admins: false }
}

/// All of them.
pub(super) const ALL: [Template; 6] = [
    template(("ci", "CI: post to one topic", "Sends to exactly one topic."), &[Capability::Send], 90),
    template(("feed", "Read-only feed", "Reads the topics you choose."), &[Capability::Read], 90),
    template(
        ("bot", "Bot: read and reply", "Sends to and reads the topics you choose."),
        &[Capability::Send, Capability::Read],
        90,
    ),
    template(
        ("state", "State writer", "Reads, and changes state that others act on."),
        &[Capability::Read, Capability::StateWrite],
        30,
    ),
    Template {
        next: Some(
            "It needs admin and all topics. Neither is ever filled in: tick them yourself, and say from which addresses it is used.",
        ),
        is_for_admins: true,
        ..template(("automation", "Mesh automation", "Manages keys and topics of a mesh."), &[], 30)
    },
    Template { days: None, ..template(("custom", "Custom", "Nothing is ticked."), &[], 0) },
];

/// That with this name.
pub(super) fn named(name: &str) -> Option<&'static Template> {
    ALL.iter().find(|template| template.name == name)
}

impl Template {
    /// Fills in what it says, and nothing else: what is typed in other fields stays.
    pub(super) fn fill(&self, filled: &mut Filled, policy: &Policy) {
        filled.can = self.can.iter().map(|one| one.name().to_owned()).collect();
        self.name.clone_into(&mut filled.begun);
        filled.expires = self.life(policy).map(|life| life.to_string()).unwrap_or_default();
    }

    /// How long it lives there: shorter, where the policy says so.
    pub(super) fn life(&self, policy: &Policy) -> Option<Span> {
        let life = Span::days(self.days?);
        Some(policy.longest_life.map_or(life, |longest| longest.min(life)))
    }

    /// Why one may not start from it there.
    fn refused(&self, ground: &Ground, is_owner: bool) -> Option<String> {
        let missing: Vec<_> = self.can.iter().filter(|one| !ground.may.contains(one)).map(Capability::name).collect();
        if !missing.is_empty() {
            return Some(format!("Not here: you may not issue keys with {}.", missing.join(" and ")));
        }
        let is_withheld = self.is_for_admins && ground.policy.admin_keys_by.is_for_owners() && !is_owner;
        is_withheld.then(|| "Not here: only owners issue keys with admin.".to_owned())
    }
}

/// The tiles: each sends the form along, so that nothing typed is lost.
pub(super) fn tiles(ground: &Ground, chosen: &str, (is_admin, is_owner): (bool, bool)) -> Markup {
    html! {
        div id="templates" role="group" aria-label="Start from" data-part {
            ul.tiles {
                @for template in ALL.iter().filter(|template| is_admin || !template.is_for_admins) {
                    @let refused = template.refused(ground, is_owner);
                    li {
                        button form="issue" name="template" value=(template.name) disabled[refused.is_some()]
                            aria-current=[(chosen == template.name).then_some("true")] {
                            strong { (template.title) }
                            span.quiet {
                                (template.words)
                                @if let Some(life) = template.life(&ground.policy) { " " (span_words(life.duration())) "." }
                            }
                            @if let Some(why) = refused { span.hint { (why) } }
                        }
                    }
                }
            }
        }
    }
}
