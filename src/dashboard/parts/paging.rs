//! Lists: the way to more, and what is said where there is nothing.

use maud::{Markup, html};

use crate::dashboard::query::Query;

/// The link to what comes after a page, where there is more.
#[must_use]
pub fn more(next: Option<&str>, path: &str, query: &Query) -> Markup {
    html! {
        @if let Some(next) = next {
            p.actions { a.button.second rel="next" href=(query.with("cursor", next).at(path)) { "Show more" } }
        }
    }
}

/// An empty list: what that means, and what to do.
#[must_use]
pub fn empty(title: &str, text: &Markup) -> Markup {
    html! { section.empty { h2 { (title) } p { (text) } } }
}
