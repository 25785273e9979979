//! What a key may do and what it can not, in words: one sentence for the form by which it is issued and for the page of a key.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::{
    dashboard::parts::times::moment,
    domain::{AddressList, Capability, CapabilitySet, Key, Rate, Slug, TopicName, TopicPattern, TopicScope},
};

/// How many topics are named of those that are out of reach.
const MOST_NAMED: usize = 3;

/// A key, as far as it is known what it is to be like.
pub struct Told<'a> {
    /// What it is called.
    pub label: &'a str,
    /// What it may do.
    pub capabilities: Option<&'a CapabilitySet>,
    /// Its mesh; none for the whole org.
    pub mesh: Option<&'a Slug>,
    /// On which topics.
    pub topics: Option<&'a TopicScope>,
    /// Until when.
    pub ends: Option<OffsetDateTime>,
    /// From where.
    pub addresses: &'a AddressList,
    /// How often.
    pub rate: Option<Rate>,
    /// The topics that there are where it acts.
    pub known: &'a [TopicName],
    /// Whether it is refused whatever it asks for: it could do this if it were not.
    pub is_refused: bool,
}

impl<'a> Told<'a> {
    /// A key that is there.
    #[must_use]
    pub fn of(key: &'a Key, mesh: Option<&'a Slug>, known: &'a [TopicName]) -> Self {
        let terms = &key.terms;
        Self {
            label: key.label.as_str(),
            capabilities: Some(&terms.grant.capabilities),
            mesh,
            topics: Some(&terms.grant.topics),
            ends: terms.expires_at,
            addresses: &terms.addresses,
            rate: terms.rate,
            known,
            is_refused: false,
        }
    }

    /// The sentences.
    #[must_use]
    pub fn markup(&self) -> Markup {
        let name = if self.label.is_empty() { "This key" } else { self.label };
        html! {
            p {
                strong { (name) } (if self.is_refused { " could " } else { " may " })
                @match self.capabilities { Some(set) => strong { (may(set)) }, None => em { "do nothing yet" } }
                " on "
                @match self.topics { Some(topics) => strong { (on(topics)) }, None => em { "no topic yet" } }
                " in "
                @match self.mesh { Some(mesh) => { "mesh " strong { (mesh) } }, None => strong { "every mesh of the org, now and later" } }
                @match self.ends { Some(end) => { " until " strong { (moment(end)) } }, None => { ", " strong { "for ever" } } }
                @if let Some(ranges) = self.addresses.ranges() {
                    ", from " (listed(ranges.iter().map(ToString::to_string), "or")) " only"
                }
                @if let Some(rate) = self.rate { ", at most " (rate.in_words()) }
                "."
            }
            @if let (Some(set), Some(topics)) = (self.capabilities, self.topics) {
                p { "It cannot " (cannot(set, topics, self.mesh.is_none(), self.known)) "." }
            }
        }
    }
}

/// What is done by a capability, as a verb.
#[must_use]
pub fn verb(capability: &Capability) -> String {
    match capability {
        Capability::Send => "post".to_owned(),
        Capability::Read => "read".to_owned(),
        Capability::StateWrite => "change state".to_owned(),
        Capability::Verify => "ask whether keys are good".to_owned(),
        Capability::Admin => "do everything, and manage what it reaches".to_owned(),
        Capability::Declared(name) => format!("use {name}"),
    }
}

/// Its name, and what is done by it where the name alone does not say so.
#[must_use]
pub fn labelled(capability: &Capability) -> String {
    let (name, verb) = (capability.name(), verb(capability));
    if verb == name { verb } else { format!("{name}: {verb}") }
}

/// What a key with these may do.
#[must_use]
pub fn may(set: &CapabilitySet) -> String {
    if set.allows(&Capability::Admin) {
        return format!("{},", verb(&Capability::Admin));
    }
    listed(set.iter().map(verb), "and")
}

/// On which topics.
#[must_use]
pub fn on(topics: &TopicScope) -> String {
    let Some(patterns) = topics.patterns() else { return "all topics, now and later".to_owned() };
    listed(patterns.iter().map(|pattern| format!("#{pattern}")), "and")
}

/// What a key with these can not do.
#[must_use]
pub fn cannot(set: &CapabilitySet, topics: &TopicScope, is_whole: bool, known: &[TopicName]) -> String {
    let lacking = [
        (Capability::Read, "read"),
        (Capability::Send, "post"),
        (Capability::StateWrite, "change state"),
        (Capability::Admin, "manage keys"),
        (Capability::Verify, "ask about other keys"),
    ];
    let lacking = lacking.into_iter().filter(|(capability, _)| !set.allows(capability));
    let mut all: Vec<String> = lacking.map(|(_, words)| words.to_owned()).collect();
    all.extend(out_of_reach(topics, known));
    all.push(if is_whole { "leave this org".to_owned() } else { "act in another mesh".to_owned() });
    listed(all, "or")
}

fn out_of_reach(topics: &TopicScope, known: &[TopicName]) -> Option<String> {
    topics.patterns()?;
    let beyond: Vec<_> = known.iter().filter(|topic| !topics.reaches(Some(topic))).collect();
    let mut named: Vec<String> = beyond.iter().take(MOST_NAMED).map(|topic| format!("#{topic}")).collect();
    match beyond.len() - named.len() {
        0 if named.is_empty() => return Some("reach any other topic".to_owned()),
        0 => {}
        1 => named.push("1 other topic".to_owned()),
        more => named.push(format!("{more} other topics")),
    }
    Some(format!("reach {}", listed(named, "and")))
}

/// What a pattern stands for now; whether it is sound.
#[must_use]
pub fn explained(pattern: &TopicPattern, known: &[TopicName]) -> String {
    let matching: Vec<_> = known.iter().filter(|topic| pattern.matches(topic)).collect();
    let count = match matching.len() {
        0 => "no topic today".to_owned(),
        1 => format!("1 topic today (#{})", matching[0]),
        many @ 2..=3 => {
            format!("{many} topics today ({})", listed(matching.iter().map(|one| format!("#{one}")), "and"))
        }
        many => format!("{many} topics today"),
    };
    match pattern {
        TopicPattern::Exactly(_) => "this topic and no other".to_owned(),
        TopicPattern::Beginning(_) => format!("{count}, and any new one under it"),
    }
}

/// Several, as one says them.
fn listed(all: impl IntoIterator<Item = String>, last: &str) -> String {
    let all: Vec<String> = all.into_iter().collect();
    match all.split_last() {
        Some((end, others)) if others.len() > 1 && last == "or" => format!("{}, {last} {end}", others.join(", ")),
        Some((end, others)) if !others.is_empty() => format!("{} {last} {end}", others.join(", ")),
        _ => all.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(all: &[Capability]) -> CapabilitySet {
        CapabilitySet::new(all.iter().cloned()).unwrap()
    }

    fn only(patterns: &[&str]) -> TopicScope {
        TopicScope::only(patterns.iter().map(|text| text.parse().unwrap())).unwrap()
    }

    fn known(names: &[&str]) -> Vec<TopicName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn what_a_key_can_not_do_is_said_in_full() {
        let known = known(&["billing", "ci.api", "ci.web", "deploys", "ops", "status"]);
        let send = set(&[Capability::Send]);
        for (set, topics, is_whole, words) in [
            (
                &send,
                only(&["deploys"]),
                false,
                "read, change state, manage keys, ask about other keys, reach #billing, #ci.api, #ci.web and 2 other topics, \
                 or act in another mesh",
            ),
            (
                &set(&[Capability::Read, Capability::Send]),
                only(&["ci.*", "deploys", "ops"]),
                false,
                "change state, manage keys, ask about other keys, reach #billing and #status, or act in another mesh",
            ),
            (
                &send,
                TopicScope::Everywhere,
                true,
                "read, change state, manage keys, ask about other keys, or leave this org",
            ),
            (&set(&[Capability::Admin]), TopicScope::Everywhere, false, "act in another mesh"),
            (
                &set(&[Capability::Admin]),
                only(&["b*", "c*", "d*", "o*", "s*"]),
                true,
                "reach any other topic or leave this org",
            ),
            (
                &set(&[Capability::Verify]),
                TopicScope::Everywhere,
                true,
                "read, post, change state, manage keys, or leave this org",
            ),
        ] {
            assert_eq!(cannot(set, &topics, is_whole, &known), words);
        }
        assert!(cannot(&send, &only(&["deploys"]), false, &known[..4]).contains("#billing, #ci.api and #ci.web,"));
    }

    #[test]
    fn what_a_key_may_do_is_said_as_verbs() {
        let declared = Capability::Declared("reports.read".parse().unwrap());
        assert_eq!(may(&set(&[Capability::Send])), "post");
        assert_eq!(may(&set(&[Capability::Send, Capability::Read, declared])), "post, read and use reports.read");
        assert!(may(&set(&[Capability::Admin, Capability::Read])).starts_with("do everything"));
        assert_eq!(on(&only(&["a", "ci.*"])), "#a and #ci.*");
        assert_eq!(on(&TopicScope::Everywhere), "all topics, now and later");
    }

    #[test]
    fn a_pattern_says_what_it_stands_for() {
        let known = known(&["ci.api", "ci.web", "deploys"]);
        let words = |text: &str| explained(&text.parse().unwrap(), &known);
        assert_eq!(words("ci.*"), "2 topics today (#ci.api and #ci.web), and any new one under it");
        assert_eq!(words("x*"), "no topic today, and any new one under it");
        assert_eq!(words("deploys"), "this topic and no other");
    }
}
