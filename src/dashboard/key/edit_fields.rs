//! The fields of the form of an edit, each with what is wrong with it.

use maud::{Markup, html};

use super::typed::{CAN, LIVES, Typed};
use crate::{
    dashboard::{fields::Field, page::sentence},
    domain::{Capability, Key},
    service::Fault,
};

use super::words;

/// What the form shows.
pub(super) struct Fields<'a> {
    pub(super) typed: &'a Typed,
    pub(super) faults: &'a [Fault],
    /// The key as it is now.
    pub(super) key: &'a Key,
    /// What the org has declared beside what every org has.
    pub(super) declared: &'a [Capability],
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
                        Some((_, id, name)) => a href={ "#" (id) } { (name) ": " (fault.detail) },
                        None => (sentence(&fault.detail)),
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
                        span { strong { (capability) } ": " (words::right(capability)) }
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
                (radio("ends", "keep", ends, &format!("As it is: {}", words::end(self.key.terms.expires_at))))
                @for (value, name) in LIVES { (radio("ends", value, ends, name)) }
                (radio("ends", "at", ends, "At this time"))
                div.field.inner {
                    label for="until" { "Day and time, in UTC" }
                    input type="datetime-local" id="until" name="until" value=(self.typed.until);
                }
                (radio("ends", "never", ends, "Never"))
            }
        }
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
    html! {
        label.choice {
            input type="radio" id={ (name) "-" (value) } name=(name) value=(value) required checked[chosen == value];
            span { (words) }
        }
    }
}

fn told(fault: Option<&str>, name: &str) -> Markup {
    html! { @if let Some(fault) = fault { span.fault id={ (name) "-fault" } { (fault) } } }
}
