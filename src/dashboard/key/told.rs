//! What became of a change, told on the page that answers it: that it holds everywhere, or why it was not made.

use actix_web::{ResponseError as _, http::StatusCode};
use maud::{Markup, html};

use crate::{
    dashboard::{
        Fault,
        page::{sentence, token},
    },
    domain::fresh::Effect,
    http::Problem,
    service::{Conflict, Refusal, Settled},
};

/// What is told, and the status that goes with it.
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) markup: Markup,
}

/// Where the same can be sent again, and with what.
pub(super) struct Again<'a> {
    /// The path of a form that needs nothing else, where there is such a one.
    pub(super) path: Option<&'a str>,
    /// The token of the session.
    pub(super) token: &'a str,
    /// The page to come back to from where one shows who one is.
    pub(super) back: &'a str,
}

impl Told {
    /// Nothing: somebody only looks.
    pub(super) fn nothing() -> Self {
        Self { status: StatusCode::OK, markup: html! {} }
    }

    /// It was done.
    pub(super) fn done(what: &str, settled: Option<&Settled>, more: &Markup) -> Self {
        Self::said(what, "It holds", settled, more)
    }

    /// The same where something else is said to be so everywhere.
    pub(super) fn said(what: &str, so: &str, settled: Option<&Settled>, more: &Markup) -> Self {
        let markup = html! {
            div.note.wide role="status" data-first {
                p { strong { (what) "." } @if let Some(settled) = settled { " " (everywhere(so, settled)) } }
                @if let Some(settled) = settled { (how(settled)) }
                (more)
            }
        };
        Self { status: StatusCode::OK, markup }
    }

    /// It was not done. What no person on a page of ours can cause is a fault.
    pub(super) fn refused(refusal: Refusal, again: &Again<'_>) -> Result<Self, Fault> {
        if !is_told(&refusal) {
            return Err(refusal.into());
        }
        let more = more(&refusal, again);
        let problem = Problem::from(refusal);
        let (title, detail) = problem.words();
        let markup = html! {
            div.alert.wide tabindex="-1" autofocus role="alert" { p { strong { (title) "." } " " (plain(&sentence(detail))) } (more) }
        };
        Ok(Self { status: problem.status_code(), markup })
    }
}

/// Whether it is something that a page says, with what was filled in still there.
pub(super) const fn is_told(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::NotFresh
            | Refusal::Exceeds(_)
            | Refusal::Policy(_)
            | Refusal::Invalid(_)
            | Refusal::Conflict(_)
            | Refusal::AlreadySo(..)
            | Refusal::Unconfirmed(_)
            | Refusal::Stale
            | Refusal::Denied(_)
            | Refusal::OwnerOnly(_)
    )
}

/// What goes on from a refusal.
fn more(refusal: &Refusal, again: &Again<'_>) -> Markup {
    match refusal {
        Refusal::NotFresh => confirm(again.back),
        Refusal::AlreadySo(Conflict::AlreadyRevoked | Conflict::AlreadyDisabled, settled) => {
            html! { p { (everywhere("It holds", settled)) } (how(settled)) }
        }
        Refusal::Exceeds(faults) if faults.len() > 1 => {
            html! { ul { @for fault in faults { li { (sentence(&fault.detail)) } } } }
        }
        Refusal::Policy(breaches) if breaches.len() > 1 => {
            html! { ul { @for breach in breaches { li { (sentence(&breach.detail)) } } } }
        }
        Refusal::Unconfirmed(_) => html! {
            @if let Some(path) = again.path {
                form method="post" action=(path) data-swap { (token(again.token)) button.second { "Ask again" } }
            }
        },
        _ => html! {},
    }
}

/// The way to where one shows who one is. What was typed is kept meanwhile.
pub(super) fn confirm(back: &str) -> Markup {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", back).finish();
    html! { p { a data-keep href={ "/confirm?" (query) } { "Confirm that it is you" } ", then send this again." } }
}

/// That a change holds everywhere.
fn everywhere(what: &str, Settled { effect, .. }: &Settled) -> Markup {
    let Effect { after, acknowledged, lapsed } = *effect;
    html! { (what) " everywhere after " strong { (after.as_millis()) " ms" } " (" (servers(acknowledged + lapsed)) ")." }
}

/// How that came about, for who wants to know.
fn how(Settled { effect, .. }: &Settled) -> Markup {
    let Effect { acknowledged, lapsed, .. } = *effect;
    html! {
        details {
            summary { "How that is known" }
            p {
                (servers(acknowledged)) (if acknowledged == 1 { " has" } else { " have" }) " said so. "
                @if lapsed == 0 { "None had to be waited out." }
                @else { (servers(lapsed)) " did not answer, and by now trust" (if lapsed == 1 { "s" } else { "" }) " nothing from before." }
            }
        }
    }
}

fn servers(count: usize) -> String {
    format!("{count} {}", if count == 1 { "server" } else { "servers" })
}

/// Words of the API without their marks.
fn plain(text: &str) -> String {
    text.replace('`', "")
}
