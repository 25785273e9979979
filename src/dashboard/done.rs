//! What a change has done, on the page to which its answer leads: which one stands in the address as a word that the page knows.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use maud::{Markup, html};
use sha2::{Digest as _, Sha256};

use super::{org::Insider, query::Query};
use crate::{http::view::SettledView, service::Settled};

/// What a page's address says of a change that was made.
pub const DONE: &str = "done";
/// After how many milliseconds it held everywhere.
pub const AFTER: &str = "after_ms";

/// By what a page knows that it was sent there by a change in the same session: nobody makes it say that something was done.
pub const SEAL: &str = "seal";
/// What is sealed.
const SEALED: [&str; 5] = [DONE, AFTER, "saved", "spread", "failed"];

/// The query, sealed for this session.
#[must_use]
pub fn sealed<N>(insider: &Insider<N>, query: &Query) -> Query {
    query.with(SEAL, &seal(insider, query))
}

/// Whether what the query says of a change was said by us, in this session.
#[must_use]
pub fn is_sealed<N>(insider: &Insider<N>, query: &Query) -> bool {
    query.text(SEAL).is_some_and(|shown| shown == seal(insider, query))
}

/// Made of what only the session's own pages have.
fn seal<N>(insider: &Insider<N>, query: &Query) -> String {
    let mut digest = Sha256::new_with_prefix(insider.token());
    for name in SEALED {
        digest.update(format!("\n{name}={}", query.text(name).unwrap_or_default()));
    }
    URL_SAFE_NO_PAD.encode(&digest.finalize()[..12])
}

/// The address of a page that shows that this was done, and from when on it held everywhere.
#[must_use]
pub fn told<N>(insider: &Insider<N>, path: &str, word: &str, settled: Option<&Settled>) -> String {
    let query = Query::default().with(DONE, word);
    let query = match settled {
        Some(settled) => query.with(AFTER, &SettledView::from(settled).after_ms().to_string()),
        None => query,
    };
    sealed(insider, &query).at(path)
}

/// That it was done, where the address says so in a word that is known.
#[must_use]
pub fn note<N>(insider: &Insider<N>, words: &[(&str, &str)]) -> Markup {
    let query = Query::of(&insider.person.request);
    if !is_sealed(insider, &query) {
        return html! {};
    }
    let known = query.text(DONE).and_then(|done| words.iter().find(|(word, _)| *word == done));
    let after = query.text(AFTER).and_then(|after| after.parse::<u32>().ok());
    html! {
        @if let Some((_, said)) = known {
            p.note.wide role="status" {
                (said)
                @if let Some(after) = after { " Effective everywhere after " (after) " ms." }
            }
        }
    }
}
