//! The form of a policy: as it is, or as somebody has filled it in.

use maud::{Markup, html};

use super::{place::Place, words};
use crate::{
    dashboard::Form,
    domain::{
        Policy, Span,
        policy::{Issuers, Rule, Says},
    },
    service::{
        Fault,
        edit::Patch,
        policies::{Edit, Shown},
    },
};

/// What stands in each field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled(Vec<(Rule, String)>);

impl Filled {
    /// As the policy is.
    pub(super) fn of(policy: &Policy) -> Self {
        Self(Rule::ALL.iter().map(|rule| (*rule, words::value(policy, *rule))).collect())
    }

    /// As it was sent. Who hands something out is left as it is where that is not sent: a field that is not one's own to change.
    pub(super) fn read(form: &Form, before: &Policy) -> Self {
        let read = |rule: Rule| {
            let said = form.text(rule.name()).trim();
            let is_left = said.is_empty() && rule.says() == Says::Issuers;
            if is_left { words::value(before, rule) } else { said.to_owned() }
        };
        Self(Rule::ALL.iter().map(|rule| (*rule, read(*rule))).collect())
    }

    /// What stands in the field of this rule.
    pub(super) fn text(&self, rule: Rule) -> &str {
        self.0.iter().find(|(known, _)| *known == rule).map_or("", |(_, text)| text)
    }

    /// The change that it asks for.
    pub(super) fn edit(&self) -> Result<Edit, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut span = |rule: Rule| match self.text(rule) {
            "" => Patch::Clear,
            text => text.parse::<Span>().map_or_else(
                |error| {
                    faults.push(Fault::at(format!("/{}", rule.name()), error.to_string()));
                    Patch::Keep
                },
                Patch::Set,
            ),
        };
        let (longest_life, default_life) = (span(Rule::LongestLife), span(Rule::DefaultLife));
        let (longest_overlap, unused) = (span(Rule::LongestOverlap), span(Rule::DisableUnusedAfter));
        let mut issuers = |rule: Rule| {
            self.text(rule).parse::<Issuers>().map_or_else(
                |error| {
                    faults.push(Fault::at(format!("/{}", rule.name()), error.to_string()));
                    Patch::Keep
                },
                Patch::Set,
            )
        };
        let (admin_keys_by, org_keys_by) = (issuers(Rule::AdminKeysBy), issuers(Rule::OrgKeysBy));
        let flag = |rule: Rule| Patch::Set(!self.text(rule).is_empty());
        let edit = Edit {
            longest_life,
            default_life,
            expiry_required: flag(Rule::ExpiryRequired),
            topics_required: flag(Rule::TopicsRequired),
            admin_keys_by,
            org_keys_by,
            longest_overlap,
            admin_addresses_required: flag(Rule::AdminAddressesRequired),
            note_required: flag(Rule::NoteRequired),
            disable_unused_after: unused,
            confirmation_required: flag(Rule::ConfirmationRequired),
        };
        if faults.is_empty() { Ok(edit) } else { Err(faults) }
    }

    /// The same out of sight, to be sent again as it is.
    pub(super) fn hidden(&self) -> Markup {
        html! { @for (rule, text) in &self.0 { input type="hidden" name=(rule.name()) value=(text); } }
    }

    /// A field for each rule, with what holds and whose rule it is.
    pub(super) fn fields(&self, place: &Place, shown: &Shown, faults: &[Fault]) -> Markup {
        html! {
            @for rule in Rule::ALL {
                @let (label, meaning) = words::about(*rule);
                @let fault = fault_of(faults, *rule);
                @let told = [fault.map(|_| format!("{}-fault", rule.name())), Some(format!("{}-hint", rule.name()))];
                @let told = told.into_iter().flatten().collect::<Vec<_>>().join(" ");
                div.rule {
                    div {
                        @match rule.says() {
                            Says::Flag => strong { (label) },
                            _ => label for=(rule.name()) { (label) },
                        }
                        p.quiet id={ (rule.name()) "-hint" } { (meaning) " " (holding(place, shown, *rule)) }
                    }
                    div.field {
                        (self.field(*rule, place, shown, (&told, fault.is_some())))
                        @if let Some(fault) = fault { span.fault id={ (rule.name()) "-fault" } { (fault) } }
                    }
                }
            }
        }
    }

    fn field(&self, rule: Rule, place: &Place, shown: &Shown, (told, is_wrong): (&str, bool)) -> Markup {
        let (name, text) = (rule.name(), self.text(rule));
        let before = words::value(&shown.own.policy, rule);
        let is_owners = |one: Issuers| one.is_for_owners() && !place.is_owner;
        let is_withheld = rule.says() == Says::Issuers && before.parse().is_ok_and(is_owners);
        let is_shut = !place.is_admin || is_withheld;
        html! {
            @match rule.says() {
                Says::Span => input type="text" id=(name) name=(name) value=(text) disabled[is_shut] autocomplete="off"
                    autocapitalize="none" spellcheck="false" aria-describedby=(told) aria-invalid=[is_wrong.then_some("true")];,
                Says::Flag => label.choice for=(name) {
                    input type="checkbox" id=(name) name=(name) value="on" checked[!text.is_empty()] disabled[is_shut]
                        aria-label=(words::about(rule).0) aria-describedby=(told);
                    span aria-hidden="true" { "Required" }
                },
                Says::Issuers => select id=(name) name=(name) disabled[is_shut] aria-describedby=(told)
                    aria-invalid=[is_wrong.then_some("true")] {
                    @for one in Issuers::ALL.into_iter().filter(|one| rule == Rule::OrgKeysBy || *one != Issuers::Nobody) {
                        option value=(one.name()) selected[one.name() == text] disabled[is_owners(one)] {
                            (words::issuers(one)) @if is_owners(one) { " (for an owner to set)" }
                        }
                    }
                },
            }
        }
    }
}

/// What is wrong with a field.
fn fault_of(faults: &[Fault], rule: Rule) -> Option<&str> {
    let is_there = |fault: &&Fault| fault.pointer.strip_prefix('/') == Some(rule.name());
    faults.iter().find(is_there).map(|fault| fault.detail.as_str())
}

/// What holds now, and whose rule that is.
fn holding(place: &Place, shown: &Shown, rule: Rule) -> Markup {
    let (said, origin) = (words::said(&shown.in_force, rule), words::origin(&shown.org, &shown.in_force, rule));
    html! {
        span.holds { "Now: " strong { (said) } ", " (origin) "." }
        @if place.mesh.is_some() { " " span.holds { "The org says: " (words::said(&shown.org, rule)) "." } }
    }
}
