//! The form by which a key is issued, field by field. The policy in force stands near what it bounds, and what is wrong stands at its
//! field; a summary of that is at the top and leads there.

use maud::{Markup, html};

use super::{
    ends,
    filled::{Filled, Wrong},
    more, scope,
};
use crate::{
    dashboard::{
        page::{sentence, token},
        parts::times::with_times,
    },
    domain::{Capability, Member, Policy, Slug},
    service::ground::{Ground, WHOLE},
};

/// All that the form shows.
pub(super) struct Sheet<'a> {
    /// Where it is sent.
    pub(super) path: &'a str,
    pub(super) org: &'a Slug,
    pub(super) form_token: &'a str,
    /// The number of this page.
    pub(super) once: &'a str,
    pub(super) filled: &'a Filled,
    pub(super) ground: &'a Ground,
    /// Whom a key can be bound to.
    pub(super) members: &'a [Member],
    pub(super) wrong: &'a [Wrong],
}

impl Sheet<'_> {
    pub(super) fn markup(&self) -> Markup {
        html! {
            form id="issue" method="post" action=(self.path) novalidate data-swap data-live autocomplete="off" {
                (token(self.form_token))
                input type="hidden" name="once" value=(self.once);
                input type="hidden" name="for" value=(if self.filled.is_own { "me" } else { "org" });
                input type="hidden" name="begun" value=(self.filled.begun);
                section {
                    (self.text("name", "Name", &self.filled.name, "What runs with this key?", true))
                    (self.text("note", "Note", &self.filled.note, "Where it is kept, such as: GitHub secret MESHKEY_KEY. Never the key itself.", self.ground.policy.note_required))
                    (self.place())
                    (self.capabilities())
                    (scope::topics(self))
                    (ends::ends(self))
                    (more::limits(self))
                    (self.buttons())
                }
            }
        }
    }

    /// What is wrong at a field, and the rules that hold there.
    pub(super) fn told(&self, field: &str, pointer: &str) -> Markup {
        let (rules, none) = (&self.ground.policy, Policy::default());
        html! {
            @if self.is_wrong(field).is_some() {
                span id={ (field) "-fault" } {
                    @for wrong in self.wrong.iter().filter(|wrong| wrong.field == field) { span.fault { (with_times(&sentence(&wrong.words))) } }
                }
            }
            span id={ (field) "-rules" } data-part {
                @for rule in none.looser_than(rules).into_iter().filter(|rule| rule.place() == pointer) {
                    span.hint { "Policy: " (rules.in_words(rule)) "." }
                }
            }
        }
    }

    pub(super) fn is_wrong(&self, field: &str) -> Option<&'static str> {
        self.wrong.iter().any(|wrong| wrong.field == field).then_some("true")
    }

    /// The ids of what is told of a field.
    pub(super) fn described(&self, field: &str) -> String {
        let fault = self.is_wrong(field).map(|_| format!("{field}-fault "));
        format!("{}{field}-hint", fault.unwrap_or_default())
    }

    pub(super) fn text(&self, field: &'static str, label: &str, text: &str, hint: &str, is_required: bool) -> Markup {
        html! {
            div.field {
                label for=(field) { (label) @if !is_required { span.quiet { " (if you like)" } } }
                input id=(field) name=(field) type="text" value=(text) required[is_required] autocomplete="off" autocapitalize="none"
                    spellcheck="false" aria-describedby=(self.described(field)) aria-invalid=[self.is_wrong(field)];
                span.hint id={ (field) "-hint" } { (hint) }
                (self.told(field, &format!("/{field}")))
            }
        }
    }

    fn place(&self) -> Markup {
        let Ground { meshes, is_whole, mesh, .. } = self.ground;
        let is_here = |slug: &str| mesh.as_ref().is_some_and(|mesh| mesh.slug.as_str() == slug);
        let is_all = self.filled.mesh == WHOLE;
        html! {
            div.field {
                label for="mesh" { "Belongs to" }
                select id="mesh" name="mesh" required aria-describedby=(self.described("mesh")) aria-invalid=[self.is_wrong("mesh")] {
                    @if self.ground.owner.is_none() { option value="" { "Choose…" } }
                    @for mesh in meshes { option value=(mesh.slug) selected[is_here(mesh.slug.as_str())] { "Mesh " (mesh.slug) } }
                    @if *is_whole { option value=(WHOLE) selected[is_all] { "The whole org " (self.org) } }
                }
                span.hint id="mesh-hint" data-part {
                    @if is_all { strong.warn-text { "It can act in all " (meshes.len()) " meshes, and in new ones." } }
                    @else if meshes.is_empty() && !is_whole { "There is no mesh yet in which you may issue keys." }
                    @else { "The key acts in this mesh and nowhere else." }
                }
                (self.told("mesh", "/mesh"))
            }
        }
    }

    fn capabilities(&self) -> Markup {
        let may = |one: &Capability| self.ground.may.contains(one);
        let place = if self.filled.mesh == WHOLE { "org" } else { "mesh" };
        let admin = format!("Everything, and manage keys and topics of this {place}. It cannot leave this {place}.");
        html! {
            fieldset.can id="capabilities" tabindex="-1" aria-describedby="capabilities-hint" {
                legend { "Can do" }
                span.hint.included id="capabilities-hint" { "Admin includes all of these." }
                @for (capability, words, not) in BUILT_IN.iter().filter(|(capability, ..)| may(capability)) {
                    (self.row(capability, words, not))
                }
                @for declared in self.ground.declared.iter() {
                    @let capability = Capability::Declared(declared.name.clone());
                    @if may(&capability) { (self.row(&capability, &declared.description.to_string(), "Declared by your org, for services of its own.")) }
                }
                @if may(&Capability::Verify) { (self.row(&Capability::Verify, "Ask whether keys are good; nothing else", "It cannot post, read or change anything.")) }
                @if may(&Capability::Admin) { (self.row(&Capability::Admin, "Manage", &admin)) }
                @if self.ground.may.is_empty() { p { "You may issue no keys there." } }
                (self.told("capabilities", "/capabilities"))
            }
        }
    }

    fn row(&self, capability: &Capability, words: &str, not: &str) -> Markup {
        let id = format!("can:{capability}");
        html! {
            label.choice for=(id) data-heavy[*capability == Capability::Admin] {
                input type="checkbox" id=(id) name=(id) value="yes" checked[self.filled.can(capability)];
                span { strong { (capability) } " · " (words) span.hint { (not) } }
            }
        }
    }

    fn buttons(&self) -> Markup {
        html! {
            div.actions {
                button name="do" value="issue" {
                    span.plainly { "Issue key" } span.heavily { "Issue admin key" }
                }
                button.second name="do" value="preview" { "Preview" }
                a href={ "/orgs/" (self.org) "/keys" } { "Cancel" }
            }
        }
    }
}

/// Those that every org has, with what each does and what not.
const BUILT_IN: [(Capability, &str, &str); 3] = [
    (Capability::Send, "Post messages to the topics below", "It cannot read history, or see other topics."),
    (Capability::Read, "Read messages and history in the topics below", "It cannot post."),
    (
        Capability::StateWrite,
        "Change shared state that other members act on",
        "It cannot post messages unless send is ticked too.",
    ),
];
