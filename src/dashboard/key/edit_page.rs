//! The page of an edit: the form, what it would do, and what somebody else has done meanwhile.

use actix_web::{HttpResponse, http::StatusCode};
use maud::{Markup, html};

use super::{edit::Admin, edit_fields::Fields, typed::Typed, words};
use crate::{
    dashboard::{Fault as NoPage, org::Section, page::token, parts::times::when},
    db::keys::Dated,
    domain::{Capability, Key, impact::Difference, page::Limit},
    service::{Fault, House, capabilities, ground},
};

/// What is shown of an edit that was not made, or not yet.
pub(super) struct Edited<'a> {
    pub(super) status: StatusCode,
    pub(super) typed: &'a Typed,
    pub(super) faults: &'a [Fault],
    /// What is said before the form.
    pub(super) before: Markup,
}

impl<'a> Edited<'a> {
    /// The form as it is opened.
    pub(super) fn fresh(typed: &'a Typed) -> Self {
        Self { status: StatusCode::OK, typed, faults: &[], before: html! {} }
    }
}

/// What a save would do.
pub(super) fn preview(change: &Difference) -> Markup {
    html! {
        div.note.warn.wide role="status" data-first {
            p {
                strong { "Nothing was saved yet." } " "
                @if change.gains.is_empty() && change.loses.is_empty() { "This changes nothing that it may do." }
                @else { "If you save this:" }
            }
            (words::difference(change))
        }
    }
}

/// That somebody else has changed it, and how that differs from what was typed.
pub(super) fn stale(typed: &Typed, Dated { key, now }: &Dated, changed: Option<time::OffsetDateTime>) -> Markup {
    let differing = typed.beside(key);
    html! {
        div.alert.wide role="alert" {
            p {
                strong { "Somebody else has changed this key since you opened the form." }
                @if let Some(at) = changed { " That was " (when(at, *now)) "." }
                " Nothing of yours was saved, and nothing that you typed is lost. Look at both, and save again if yours is to hold."
            }
        }
        @if !differing.is_empty() {
            div.scroll tabindex="0" role="region" aria-label="What differs" {
                table {
                    caption { "What differs between the key as it is now and what you typed" }
                    thead { tr { th scope="col" { "What" } th scope="col" { "Now" } th scope="col" { "Yours" } } }
                    tbody {
                        @for (name, now, yours) in differing {
                            tr { th scope="row" { (name) } td.lines { bdi { (now) } } td.lines { bdi { (yours) } } }
                        }
                    }
                }
            }
        }
    }
}

/// The page.
pub(super) async fn page(
    house: &House,
    insider: &Admin,
    key: &Dated,
    edited: Edited<'_>,
) -> Result<HttpResponse, NoPage> {
    let (path, form_token) = (insider.at(&format!("/keys/{}", key.key.id)), insider.token());
    let title = format!("Edit {}", key.key.label);
    if key.key.revoked.is_some() {
        let main = revoked(&key.key, &path, &insider.at("/keys/new"));
        return insider.show_as(house, edited.status, Section::Keys, &title, main).await;
    }
    let declared = capabilities::list(house, &insider.proof, Limit::MOST, None).await?;
    let declared: Vec<_> = declared.items.into_iter().map(|one| Capability::Declared(one.name)).collect();
    let (_, policy, mesh) = ground::of_key(house, &insider.proof, key.key.id).await?;
    let typed = &edited.typed.without_keys();
    let fields = Fields { typed, faults: edited.faults, key, declared: &declared, policy: &policy };
    let main = html! {
        p { a href=(path) { (key.key.label) } " · " code { (key.key.hint()) "…" } }
        (fields.summary())
        (edited.before)
        div.split {
            form method="post" action={ (path) "/edit" } data-swap {
                (token(&form_token))
                input type="hidden" name="version" value=(key.key.version);
                section {
                    (fields.markup())
                    div.actions {
                        button name="do" value="save" { "Save" }
                        button.second name="do" value="preview" { "Preview" }
                        a href=(path) { "Cancel" }
                    }
                }
            }
            aside {
                section {
                    h2 { "As it is now" }
                    (words::sentence(key, mesh.as_ref().map(|mesh| &mesh.slug), &[]))
                    p.quiet { "What you take from it is taken everywhere before the answer comes. To give it more takes what it takes to issue such a key." }
                }
            }
        }
    };
    insider.show_as(house, edited.status, Section::Keys, &title, main).await
}

/// A key that is dead for good is not edited: what is missed is issued again.
fn revoked(key: &Key, path: &str, new: &str) -> Markup {
    html! {
        p { a href=(path) { (key.label) } " · " code { (key.hint()) "…" } }
        p.note.warn.wide role="status" data-first { "This key is revoked, for good: nothing of it can be changed any more. If it is missed, duplicate it: that issues another key with a secret of its own." }
        div.actions { a.button href={ (new) "?from=" (key.id) } { "Duplicate" } a href=(path) { "See the key" } }
    }
}
