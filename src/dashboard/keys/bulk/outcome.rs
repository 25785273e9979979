//! What was done with several keys, and what was not.

use maud::{Markup, html};

use super::{Act, Admin, Outcome, back};
use crate::{
    dashboard::{Form, page::sentence},
    http::{Problem, catalogue},
    service::Settled,
};

pub(super) fn markup(insider: &Admin, form: &Form, act: Act, outcomes: &[Outcome]) -> Markup {
    let done = outcomes.iter().filter(|one| one.done.is_ok()).count();
    let is_all = done == outcomes.len();
    let asks_who = outcomes
        .iter()
        .any(|one| one.done.as_ref().is_err_and(|why| why.code() == catalogue::CONFIRMATION_REQUIRED.code));
    html! {
        p class=(if is_all { "note wide" } else { "note warn wide" }) role="alert" {
            (done) " of " (outcomes.len()) " " (verb(act)) "."
            @if !is_all { " See what became of the others." }
        }
        @if asks_who { p { a data-keep href={ "/confirm?next=" (insider.at("/keys")) } { "Confirm that it is you" } ", and do it again." } }
        div.scroll {
            table.cards {
                caption { "What became of each" }
                thead { tr { th scope="col" { "Key" } th scope="col" { "What became of it" } } }
                tbody {
                    @for one in outcomes {
                        tr {
                            th scope="row" { a href={ (insider.at("/keys")) "/" (one.id) } { bdi { (one.label) } } }
                            td data-label="What became of it" {
                                @match &one.done { Ok(settled) => (held(act, settled.as_ref())), Err(why) => (refused(why)) }
                            }
                        }
                    }
                }
            }
        }
        p { a href=(back(insider, form)) { "Back to the keys" } }
    }
}

const fn verb(act: Act) -> &'static str {
    match act {
        Act::Disable => "disabled",
        Act::Revoke => "revoked",
        Act::End => "given this expiry",
    }
}

/// That it holds everywhere, and after how long.
fn held(act: Act, settled: Option<&Settled>) -> Markup {
    let after = settled.map(|settled| settled.effect.after.as_millis());
    let words = match act {
        Act::Disable => "Disabled: refused everywhere",
        Act::Revoke => "Revoked: dead everywhere",
        Act::End => "It has this expiry everywhere",
    };
    html! {
        span.chip.good { span aria-hidden="true" { "✓" } " " @if after.is_some() { (words) } @else { (sentence(verb(act))) } }
        @if let Some(after) = after { " after " (after) " ms" }
    }
}

/// That it was not done; or was so already; or that nobody knows yet, which is not the same.
fn refused(why: &Problem) -> Markup {
    let (title, detail) = why.words();
    let code = why.code();
    let (shape, word) = if [catalogue::ALREADY_REVOKED.code, catalogue::ALREADY_DISABLED.code].contains(&code) {
        ("=", "As before")
    } else if [catalogue::REVOCATION_UNCONFIRMED.code, catalogue::STORE_UNAVAILABLE.code].contains(&code) {
        ("?", "Not known yet")
    } else {
        ("✕", "Not done")
    };
    html! { span.chip.warn { span aria-hidden="true" { (shape) } " " (word) } " " strong { (title) } ": " (detail) }
}
