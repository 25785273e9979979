//! The facts of a key, and what can be done with it.

use maud::{Markup, html};
use time::{Duration, OffsetDateTime};

use super::{
    now::Now,
    words::{actor, addresses, person},
};
use crate::{
    dashboard::{
        page::token,
        parts::{
            chips::{Standing, place},
            times::{ago, when},
        },
    },
    db::keys::Dated,
    domain::{
        Slug, Title,
        key::{SecretRecord, Status},
    },
    service::names::Names,
};

/// What stands around a key on its page.
pub(super) struct Around<'a> {
    /// The key.
    pub(super) key: &'a Dated,
    /// What those are called who have to do with it.
    pub(super) names: &'a Names,
    /// What it may do at this moment.
    pub(super) now: &'a Now,
    /// Whether the person manages it, and is not only its holder.
    pub(super) is_manager: bool,
    /// Whom to ask, where it is not.
    pub(super) people: &'a [Title],
    /// `/orgs/acme/keys`.
    pub(super) keys: &'a str,
    /// The token of the session.
    pub(super) token: &'a str,
}

impl Around<'_> {
    /// The path of the key's page.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.keys, self.key.key.id)
    }

    /// The slug of its mesh, where it is of one.
    pub(super) fn mesh(&self) -> Option<&Slug> {
        self.names.mesh(self.key.key.terms.grant.owner.mesh()?)
    }

    /// Status, hint and id, and what can be done.
    pub(super) fn head(&self) -> Markup {
        let Dated { key, now } = self.key;
        html! {
            div.head {
                p.tags {
                    (Standing::of(key, *now).chip()) " "
                    @if self.now.is_nothing() { span.chip.warn { "may do nothing now" } " " }
                    code { (key.hint()) "…" } " "
                    code.id id="key-id" { (key.id) } " "
                    button.second.small type="button" data-copy="key-id" data-told="id-copied" data-done="The id is copied." hidden { "Copy id" }
                    span.unseen role="status" id="id-copied" {}
                }
                (self.verbs())
            }
            @if !self.is_manager && key.revoked.is_none() { p.quiet id="whom-to-ask" { (asked(self.people)) } }
        }
    }

    /// The buttons. Who may not use one is told whom to ask.
    fn verbs(&self) -> Markup {
        let (path, status) = (self.path(), self.key.key.status(self.key.now));
        let may_rotate = !matches!(status, Status::Revoked | Status::Expired | Status::Rotating);
        html! {
            div.verbs {
                @if may_rotate { a.button.second href={ (path) "/rotate" } { "Rotate" } }
                @if status != Status::Revoked {
                    @if self.is_manager {
                        a.button.second href={ (path) "/edit" } { "Edit" }
                        (self.pause())
                    } @else {
                        button.second disabled aria-describedby="whom-to-ask" { "Edit" }
                        button.second disabled aria-describedby="whom-to-ask" { "Disable" }
                    }
                    a.button.danger href={ (path) "/revoke" } { "Revoke" }
                }
                @if self.is_manager { a.button.second href={ (self.keys) "/new?from=" (self.key.key.id) } { "Duplicate" } }
            }
        }
    }

    fn pause(&self) -> Markup {
        let (name, verb) =
            if self.key.key.disabled_at.is_some() { ("Enable", "enable") } else { ("Disable", "disable") };
        html! {
            form method="post" action={ (self.path()) "/" (verb) } data-swap { (token(self.token)) button.second { (name) } }
        }
    }

    /// All that is known of it.
    pub(super) fn facts(&self) -> Markup {
        let Dated { key, now } = self.key;
        let grant = &key.terms.grant;
        html! {
            section {
                h2 { "Facts" }
                dl.facts {
                    dt { "Can do" } dd { (self.now.chips(&grant.capabilities)) }
                    dt { "Where" } dd { (place(self.mesh(), &grant.topics)) }
                    @if let Some(user) = key.user { dt { "For" } dd { (person(user, self.names)) ": may do no more than this person may" } }
                    dt { "Issued by" } dd { (actor(key.issued_by, self.names, self.keys)) }
                    dt { "Created" } dd { (when(key.created_at, *now)) }
                    dt { "Expires" } dd { @match key.terms.expires_at { Some(end) => (when(end, *now)), None => span.warn-text { "never" } } }
                    dt { "Last used" } dd { (self.last_use()) }
                    dt { "From" } dd { (addresses(&key.terms.addresses)) }
                    dt { "Rate" } dd { @match key.terms.rate { Some(rate) => (rate.in_words()), None => "no limit" } }
                    @if let Some(note) = &key.note { dt { "Note" } dd.lines dir="auto" { (note) } }
                }
                p { a href={ "/v1" (self.path()) } { "As JSON" } }
            }
        }
    }

    fn last_use(&self) -> Markup {
        html! {
            @match self.key.key.last_use {
                None => "never",
                Some(used) => {
                    (when(used.at, self.key.now))
                    @if let Some(from) = used.from { " from " code { (from) } }
                },
            }
        }
    }

    /// Whether the overlap may end, from what is known of the old secret.
    fn advice(&self, old: &SecretRecord) -> &'static str {
        let Dated { key, now } = self.key;
        let since = |at: Option<OffsetDateTime>| at.is_some_and(|at| at > *now - QUIET);
        if since(old.last_used_at) {
            "The old one is still in use: replace it where it is, before it dies."
        } else if since(key.secrets.first().map(|new| new.created_at)) {
            "Put the new one where the old one is, and end the overlap when nobody has used the old one for a while."
        } else {
            "Nobody has used the old one in the last hour. If that is long enough, end the overlap."
        }
    }

    /// The two secrets, while both live.
    pub(super) fn rotating(&self) -> Markup {
        let Dated { key, now } = self.key;
        if key.status(*now) != Status::Rotating {
            return html! {};
        }
        let old = key.secrets.iter().find(|secret| secret.dies_at.is_some());
        html! {
            section.rotation {
                h2 { "Two secrets live" }
                ul.rows {
                    @for secret in &key.secrets {
                        li {
                            div {
                                strong { "Secret " (secret.number) } " " code { (secret.hint) "…" } " · "
                                @match secret.dies_at { Some(end) => { "old, dies " (ago(end, *now)) }, None => { "new" } }
                            }
                            span { @match secret.last_used_at { Some(at) => { "last used " (ago(at, *now)) }, None => { "never used" } } }
                        }
                    }
                }
                @if let Some(old) = old {
                    p { (self.advice(old)) }
                    form method="post" action={ (self.path()) "/rotate/finish" } data-swap { (token(self.token)) button.second { "End overlap now" } }
                }
            }
        }
    }
}

/// For how long nobody uses the old secret before it is said that the overlap may end.
const QUIET: Duration = Duration::HOUR;

/// Whom to ask for what one may not do.
pub(super) fn asked(people: &[Title]) -> String {
    let names: Vec<_> = people.iter().map(ToString::to_string).collect();
    match names.split_last() {
        None => "Only an admin may change it, and this org has none at the moment.".to_owned(),
        Some((last, [])) => format!("Only an admin may change it: ask {last}."),
        Some((last, others)) => format!("Only an admin may change it: ask {} or {last}.", others.join(", ")),
    }
}
