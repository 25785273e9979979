//! The fields of the form of an edit, each with what is wrong with it.

use maud::{Markup, html};
use time::OffsetDateTime;

use super::typed::{CAN, LIVES, Typed, local};
use crate::{
    dashboard::{
        fields::Field,
        page::sentence,
        parts::times::{day, moment, with_times},
    },
    db::keys::Dated,
    domain::{Capability, Policy, Span, policy::Rule},
    service::Fault,
};

use super::words;

/// What the form shows.
pub(super) struct Fields<'a> {
    pub(super) typed: &'a Typed,
    pub(super) faults: &'a [Fault],
    /// The key as it is now.
    pub(super) key: &'a Dated,
    /// What the org has declared beside what every org has.
    pub(super) declared: &'a [Capability],
    /// What holds where it is.
    pub(super) policy: &'a Policy,
}

/// The places of faults, with the field that each is about and what that is called.
const PLACES: [(&str, &str, &str); 7] = [
    ("/label", "label", "Name"),
    ("/note", "note", "Note"),
    ("/capabilities", "can-send", "Can do"),
    ("/topics", "topics-only", "Topics"),
    ("/expires_at", "ends-keep", "Expires"),
    ("/addresses", "from-any", "From"),
    ("/rate", "rate", "Rate"),
];

impl Fields<'_> {
    fn fault(&self, pointer: &str) -> Option<String> {
        let is_here = |fault: &&Fault| fault.pointer == pointer || fault.pointer.starts_with(&format!("{pointer}/"));
        let all: Vec<_> = self.faults.iter().filter(is_here).map(|fault| sentence(&fault.detail)).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// What is wrong, before the form, with a way to each field.
    pub(super) fn summary(&self) -> Markup {
        let place = |fault: &Fault| {
            let found = PLACES.iter().find(|(pointer, ..)| fault.pointer.starts_with(pointer));
            html! {
                li {
                    @match found {
                        Some((_, id, name)) => a href={ "#" (id) } { (name) ": " (with_times(&fault.detail)) },
                        None => (with_times(&sentence(&fault.detail))),
                    }
                }
            }
        };
        html! {
            @if !self.faults.is_empty() {
                div.alert.wide role="alert" {
                    p { strong { "Nothing was saved." } " This is in the way:" }
                    ul { @for fault in self.faults { (place(fault)) } }
                }
            }
        }
    }

    /// All of them.
    pub(super) fn markup(&self) -> Markup {
        html! {
            (Field::new("label", "Name").with_text(&self.typed.label).with_fault(self.fault("/label").as_deref()).filled_by("off").markup())
            (self.note())
            (self.capabilities())
            (self.topics())
            (self.ends())
            (self.addresses())
            (Field::new("rate", "Rate").with_text(&self.typed.rate).with_fault(self.fault("/rate").as_deref()).filled_by("off")
                .with_hint("How often a minute, and how often at once: 60/m or 60/m:10. Left empty, there is no limit.").markup())
        }
    }

    fn note(&self) -> Markup {
        let fault = self.fault("/note");
        html! {
            div.field {
                label for="note" { "Note" }
                textarea id="note" name="note" rows="2" dir="auto" aria-describedby="note-hint" aria-invalid=[fault.as_ref().map(|_| "true")] { "\n" (self.typed.note) }
                (told(fault.as_deref(), "note"))
                span.hint id="note-hint" { "Where its secret is kept, and what runs with it." }
            }
        }
    }

    fn capabilities(&self) -> Markup {
        let (all, fault) = (Capability::BUILT_IN.iter().chain(self.declared), self.fault("/capabilities"));
        html! {
            fieldset aria-describedby=[fault.as_ref().map(|_| "can-fault")] {
                legend { "Can do" }
                (told(fault.as_deref(), "can"))
                @for capability in all {
                    label.choice {
                        input type="checkbox" id={ "can-" (capability) } name={ (CAN) (capability) } value="on"
                            checked[self.typed.can.iter().any(|name| name == capability.name())];
                        span { (words::labelled(capability)) }
                    }
                }
            }
        }
    }

    fn topics(&self) -> Markup {
        let fault = self.fault("/topics");
        html! {
            fieldset aria-describedby=[fault.as_ref().map(|_| "topics-fault")] {
                legend { "Topics" }
                (told(fault.as_deref(), "topics"))
                (radio("topics", "only", &self.typed.topics, "Only these topics"))
                div.field.inner {
                    label for="patterns" { "Topics, or beginnings of topics with a star" }
                    textarea id="patterns" name="patterns" rows="3" autocapitalize="none" spellcheck="false" aria-describedby="patterns-hint" { "\n" (self.typed.patterns) }
                    span.hint id="patterns-hint" { "One a line, such as deploys or ci.*" }
                }
                (radio("topics", "all", &self.typed.topics, "All topics, now and later"))
            }
        }
    }

    fn ends(&self) -> Markup {
        let (fault, ends) = (self.fault("/expires_at"), self.typed.ends.as_str());
        html! {
            fieldset aria-describedby=[fault.as_ref().map(|_| "ends-fault")] {
                legend { "Expires" }
                (told(fault.as_deref(), "ends"))
                (option(("ends", "keep"), ends, &html! { "As it is: " @match self.own_end() { Some(end) => (moment(end)), None => "never" } }, None))
                @for (value, name) in LIVES { (self.life(value, name)) }
                (radio("ends", "at", ends, "At this time"))
                div.field.inner {
                    label for="until" { "Day and time, in UTC" }
                    input type="datetime-local" id="until" name="until" value=(self.typed.until) max=[self.last().map(local)] aria-describedby="ends-hint";
                }
                (option(("ends", "never"), ends, &html! { "Never" }, self.is_kept_from(None).then(|| self.reason()).as_deref()))
                p.hint id="ends-hint" {
                    @if let Some(last) = self.last() { "The policy lets it end by " (moment(last)) " at the latest. " }
                    "A time is in UTC where you type it."
                }
            }
        }
    }

    fn own_end(&self) -> Option<OffsetDateTime> {
        self.key.key.terms.expires_at
    }

    /// The latest end that it can be given: its own, where that is later than what the policy lets be.
    fn last(&self) -> Option<OffsetDateTime> {
        let last = self.policy.latest_end(self.key.now)?;
        Some(last.max(self.own_end()?))
    }

    /// Whether the policy keeps it from this end. To end earlier than it does now is always allowed.
    fn is_kept_from(&self, end: Option<OffsetDateTime>) -> bool {
        let Some(own) = self.own_end() else { return false };
        let is_beyond = |end: OffsetDateTime| end > own && self.last().is_some_and(|last| end > last);
        end.map_or_else(|| self.last().is_some() || self.policy.expiry_required, is_beyond)
    }

    fn reason(&self) -> String {
        let rule = if self.policy.longest_life.is_some() { Rule::LongestLife } else { Rule::ExpiryRequired };
        format!("Not here: {}.", self.policy.in_words(rule))
    }

    fn life(&self, value: &str, name: &str) -> Markup {
        let end = value.parse::<Span>().map_or(self.key.now, |span| span.after(self.key.now));
        let kept = self.is_kept_from(Some(end)).then(|| self.reason());
        option(("ends", value), &self.typed.ends, &html! { (name) " " span.quiet { (day(end)) } }, kept.as_deref())
    }

    fn addresses(&self) -> Markup {
        let fault = self.fault("/addresses");
        html! {
            fieldset aria-describedby=[fault.as_ref().map(|_| "from-fault")] {
                legend { "From" }
                (told(fault.as_deref(), "from"))
                (radio("from", "any", &self.typed.from, "Any address"))
                (radio("from", "only", &self.typed.from, "Only these addresses"))
                div.field.inner {
                    label for="ranges" { "Addresses or ranges" }
                    textarea id="ranges" name="ranges" rows="2" autocapitalize="none" spellcheck="false" aria-describedby="ranges-hint" { "\n" (self.typed.ranges) }
                    span.hint id="ranges-hint" { "One a line, such as 10.0.4.7 or 10.0.0.0/8" }
                }
            }
        }
    }
}

fn radio(name: &str, value: &str, chosen: &str, words: &str) -> Markup {
    option((name, value), chosen, &html! { (words) }, None)
}

/// One that may be chosen, or is kept from that for a reason.
fn option((name, value): (&str, &str), chosen: &str, words: &Markup, kept: Option<&str>) -> Markup {
    html! {
        label.choice {
            input type="radio" id={ (name) "-" (value) } name=(name) value=(value) required
                checked[chosen == value && kept.is_none()] disabled[kept.is_some()];
            span { (words) @if let Some(why) = kept { span.hint { (why) } } }
        }
    }
}

fn told(fault: Option<&str>, name: &str) -> Markup {
    html! { @if let Some(fault) = fault { span.fault id={ (name) "-fault" } { (with_times(fault)) } } }
}
