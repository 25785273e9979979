//! What one should know of a key before anything else: that it has ended, is stopped, or ends soon.

use maud::{Markup, html};

use super::{facts::Around, words::actor};
use crate::{
    dashboard::parts::{
        chips::Standing,
        times::{apart, moment, when},
    },
    db::keys::Dated,
    domain::key::Status,
};

impl Around<'_> {
    /// The banner, where there is something to know.
    pub(super) fn banner(&self) -> Markup {
        let Dated { key, now } = self.key;
        match Standing::of(key, *now) {
            Standing::As(Status::Revoked) => self.revoked(),
            Standing::As(Status::Expired) => self.expired(),
            Standing::As(Status::Disabled) => self.disabled(),
            Standing::Expiring => self.expiring(),
            Standing::Unused => html! {
                div.note.warn.wide { p { "Nobody has used it for 90 days. If nobody misses it, revoke it." } }
            },
            Standing::As(Status::Active | Status::Rotating) => html! {},
        }
    }

    fn revoked(&self) -> Markup {
        let Some(revoked) = &self.key.key.revoked else { return html! {} };
        html! {
            div.note.dead.wide {
                p { strong { "Revoked" } " " (when(revoked.at, self.key.now)) " by " (actor(revoked.by, self.names, self.keys)) ". That is final." }
                @if let Some(reason) = &revoked.reason { p dir="auto" { "Reason: " bdi { (reason) } } }
            }
        }
    }

    fn expired(&self) -> Markup {
        html! {
            div.note.dead.wide {
                p {
                    strong { "Expired" } " " @if let Some(end) = self.key.key.terms.expires_at { (when(end, self.key.now)) } ". It is refused since then."
                    @if self.is_manager { " " a href={ (self.path()) "/edit" } { "Give it a later expiry" } " to go on." }
                }
            }
        }
    }

    fn disabled(&self) -> Markup {
        html! {
            div.note.warn.wide {
                p {
                    strong { "Disabled" } " " @if let Some(at) = self.key.key.disabled_at { (when(at, self.key.now)) } ". It is refused until somebody enables it."
                }
            }
        }
    }

    fn expiring(&self) -> Markup {
        let Some(end) = self.key.key.terms.expires_at else { return html! {} };
        let used = self.key.key.last_use.map(|used| apart(used.at, self.key.now));
        html! {
            div.note.warn.wide {
                p {
                    strong { "Expires " (apart(end, self.key.now)) } ", at " (moment(end)) ". "
                    @match used {
                        Some(used) => { "It was last used " (used) "." },
                        None => { "Nobody has ever used it: perhaps let it expire." },
                    }
                }
                p {
                    a href={ (self.path()) "/rotate" } { "Rotate it" }
                    @if self.is_manager { " or " a href={ (self.path()) "/edit" } { "give it a later expiry" } }
                    "."
                }
            }
        }
    }
}
