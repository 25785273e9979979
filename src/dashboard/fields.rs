//! A field of a form: its label, its hint, and what is wrong with it, tied together for who cannot see them.

use maud::{Markup, html};

/// A field.
pub struct Field<'a> {
    name: &'static str,
    label: &'a str,
    text: &'a str,
    kind: &'static str,
    hint: &'a str,
    fault: Option<&'a str>,
    autocomplete: &'static str,
    is_from_fragment: bool,
}

impl<'a> Field<'a> {
    /// A field of text.
    #[must_use]
    pub const fn new(name: &'static str, label: &'a str) -> Self {
        let (text, hint, autocomplete) = ("", "", "on");
        Self { name, label, text, kind: "text", hint, fault: None, autocomplete, is_from_fragment: false }
    }

    /// With what was typed before. A password is never shown again.
    #[must_use]
    pub fn with_text(self, text: &'a str) -> Self {
        Self { text, ..self }
    }

    /// With what is wrong with it.
    #[must_use]
    pub fn with_fault(self, fault: Option<&'a str>) -> Self {
        Self { fault, ..self }
    }

    /// With what belongs there.
    #[must_use]
    pub fn with_hint(self, hint: &'a str) -> Self {
        Self { hint, ..self }
    }

    /// Of another kind than text.
    #[must_use]
    pub fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// What a browser may fill in.
    #[must_use]
    pub fn filled_by(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    /// Filled in from the fragment of the address, where there is one.
    #[must_use]
    pub fn from_fragment(self) -> Self {
        Self { is_from_fragment: true, ..self }
    }

    /// The field.
    #[must_use]
    pub fn markup(&self) -> Markup {
        let Self { name, label, kind, hint, fault, .. } = self;
        let (hint_id, fault_id) = (format!("{name}-hint"), format!("{name}-fault"));
        let told = [(!hint.is_empty(), hint_id.as_str()), (fault.is_some(), fault_id.as_str())];
        let told: Vec<_> = told.into_iter().filter(|(is_there, _)| *is_there).map(|(_, id)| id).collect();
        let told = Some(told.join(" ")).filter(|told| !told.is_empty());
        let text = Some(self.text).filter(|text| !text.is_empty() && *kind != "password");
        let plain = (*kind == "text" && self.autocomplete == "off").then_some("none");
        html! {
            div.field {
                label for=(name) { (label) }
                input id=(name) name=(name) type=(kind) value=[text] autocomplete=(self.autocomplete)
                    autocapitalize=[plain] spellcheck=[plain.map(|_| "false")] aria-describedby=[told]
                    aria-invalid=[fault.map(|_| "true")] data-fragment=[self.is_from_fragment.then_some(*name)];
                @if let Some(fault) = fault { span.fault id=(fault_id) { (fault) } }
                @if !hint.is_empty() { span.hint id=(hint_id) { (hint) } }
            }
        }
    }
}
