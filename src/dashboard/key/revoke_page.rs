//! The page of a revocation: what it breaks, the final way and the way back side by side, and what is asked before.

use actix_web::{HttpResponse, http::StatusCode};
use maud::{Markup, html};

use super::{
    facts::asked,
    impact::{Friction, Impact, read},
    now,
    revoke::Holder,
    show::{authority, named_around},
};
use crate::{
    dashboard::{Fault, Form, org::Section, page::token},
    db::keys::Dated,
    domain::{Title, key::Status, pasted::shown},
    service::House,
};

/// The reasons that are offered, as they are written down.
pub(super) const REASONS: [&str; 3] = ["leaked", "no longer needed", "person left"];
/// The choice of another.
pub(super) const OTHER: &str = "other";

/// What was filled in, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Filled {
    pub(super) name: String,
    pub(super) reason: String,
    pub(super) other: String,
    pub(super) cascade: bool,
    pub(super) name_fault: Option<&'static str>,
    pub(super) reason_fault: Option<String>,
}

impl Filled {
    /// What was filled in.
    pub(super) fn of(form: &Form) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        let (name, reason, other) = (text("name"), text("reason"), text("other"));
        Self { name, reason, other, cascade: !form.text("cascade").is_empty(), ..Self::default() }
    }
}

/// The page.
pub(super) async fn page(
    house: &House,
    insider: &Holder,
    key: &Dated,
    (status, filled, before): (StatusCode, &Filled, Markup),
) -> Result<HttpResponse, Fault> {
    let impact = read(house, &insider.proof, key).await?;
    let (names, now) =
        (named_around(house, insider, key, std::iter::empty()).await?, now::read(house, &insider.proof, key).await?);
    let (is_manager, people) = authority(house, insider, key).await?;
    let (path, form_token) = (insider.at(&format!("/keys/{}", key.key.id)), insider.token());
    let mesh = key.key.terms.grant.owner.mesh().and_then(|mesh| names.mesh(mesh));
    let form = Asking { key, impact: &impact, filled, path: &path, token: &form_token };
    let main = html! {
        (before)
        (now.sentence(key, mesh))
        (impact.section(key))
        div.pair {
            (form.revoke())
            (form.disable(is_manager, &people))
        }
        p { a href=(path) { "Back to the key" } }
    };
    let title = format!("Revoke {}", key.key.label);
    insider.show_as(house, status, Section::Keys, &title, main).await
}

struct Asking<'a> {
    key: &'a Dated,
    impact: &'a Impact,
    filled: &'a Filled,
    path: &'a str,
    token: &'a str,
}

impl Asking<'_> {
    fn revoke(&self) -> Markup {
        html! {
            section {
                h2 { "Revoke" }
                p { "Revoking is " strong { "final" } ". The key is dead everywhere when the answer comes, and it never lives again." }
                form method="post" action={ (self.path) "/revoke" } data-swap {
                    (token(self.token))
                    (self.reason())
                    (self.line())
                    @if Friction::of(&self.key.key, self.key.now) == Friction::Name { (self.name()) }
                    div.actions { button.danger { "Revoke for good" } }
                }
            }
        }
    }

    fn disable(&self, is_manager: bool, people: &[Title]) -> Markup {
        let is_disabled = self.key.key.status(self.key.now) == Status::Disabled;
        html! {
            section {
                h2 { "Disable instead" }
                p { "Disabling " strong { "can be undone" } ". The key is refused everywhere at once, and works again, with the same secret, when somebody enables it." }
                @if is_disabled { p { "It is disabled already." } }
                @else if is_manager {
                    form method="post" action={ (self.path) "/disable" } data-swap {
                        (token(self.token))
                        div.actions { button.second { "Disable for now" } }
                    }
                } @else { p.quiet { (asked(people)) } }
            }
        }
    }

    fn reason(&self) -> Markup {
        let Filled { reason, other, reason_fault, .. } = self.filled;
        html! {
            fieldset aria-describedby=[reason_fault.as_ref().map(|_| "reason-fault")] {
                legend { "Why, if you want to say" }
                @if let Some(fault) = reason_fault { span.fault id="reason-fault" { (fault) } }
                @for offered in REASONS.into_iter().chain([OTHER]) {
                    label.choice {
                        input type="radio" id={ "reason-" (offered.replace(' ', "-")) } name="reason" value=(offered) checked[reason == offered];
                        span { (offered) }
                    }
                }
                div.field.inner {
                    label for="other" { "Another reason" }
                    input type="text" id="other" name="other" value=(shown(other)) maxlength="500" autocomplete="off" dir="auto";
                }
            }
        }
    }

    fn line(&self) -> Markup {
        let line = &self.impact.line;
        html! {
            @if !line.is_empty() {
                fieldset {
                    legend { "Keys that it issued, and that those issued" }
                    ul.named { @for Dated { key, .. } in line.iter().take(20) { li { bdi { (key.label) } } } }
                    @if line.len() > 20 { p.quiet { "and " (line.len() - 20) " more" } }
                    label.choice {
                        input type="checkbox" id="cascade" name="cascade" value="on" checked[self.filled.cascade];
                        span { "Revoke " @if line.len() == 1 { "this one" } @else { "these " (line.len()) } " too" }
                    }
                }
            }
        }
    }

    fn name(&self) -> Markup {
        let fault = self.filled.name_fault;
        html! {
            div.field {
                label for="name" { "To be sure, the name of the key: " bdi.asked { (self.key.key.label) } }
                input type="text" id="name" name="name" value=(shown(&self.filled.name)) required autocomplete="off" autocapitalize="none"
                    spellcheck="false" aria-describedby=[fault.map(|_| "name-fault")] aria-invalid=[fault.map(|_| "true")];
                @if let Some(fault) = fault { span.fault id="name-fault" { (fault) } }
            }
        }
    }
}
