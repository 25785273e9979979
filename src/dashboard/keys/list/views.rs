//! Saved views: what one looks at every week, each with how many keys it has.

use maud::{Markup, html};

use super::filters::cleared;
use crate::{dashboard::query::Query, service::listing::Counts};

/// A view: what it is called, what it asks for, and how many keys it has.
type View = (&'static str, &'static [(&'static str, &'static str)], fn(Counts) -> usize);

/// A test holds these against the counts: a view has as many keys as it says.
const VIEWS: [View; 6] = [
    ("All", &[], |counts| counts.all),
    ("Expiring", &[("status", "active"), ("status", "rotating"), ("ends", "14d")], |counts| counts.expiring),
    ("Unused", &[("status", "active"), ("status", "rotating"), ("unused_for", "90d")], |counts| counts.unused),
    ("Never expires", &[("ends", "never")], |counts| counts.never_ends),
    ("Admin", &[("capability", "admin")], |counts| counts.admin),
    ("Rotating", &[("status", "rotating")], |counts| counts.rotating),
];

/// The views as links. Who is an admin sees at once its own keys too.
pub(super) fn tabs(query: &Query, path: &str, counts: Counts, is_admin: bool) -> Markup {
    let rest = cleared(query);
    let sorted = rest.text("sort").map_or_else(Query::default, |sort| Query::default().with("sort", sort));
    let link =
        |asked: &[(&str, &str)]| asked.iter().fold(sorted.clone(), |query, (name, value)| query.and(name, value));
    let is_here = |asked: &[(&str, &str)]| said(query) == said(&link(asked));
    let more = if counts.is_more { "+" } else { "" };
    html! {
        nav.sections.views aria-label="Views" {
            @for (name, asked, count) in VIEWS {
                a href=(link(asked).at(path)) aria-current=[is_here(asked).then_some("page")] {
                    (name) " " span.badge.plain { (count(counts)) (more) }
                }
            }
            @if is_admin {
                @let own = [("user", "me")];
                a href=(link(&own).at(path)) aria-current=[is_here(&own).then_some("page")] { "Yours" }
            }
        }
    }
}

/// What narrows a list, in an order of its own.
fn said(query: &Query) -> Vec<(&str, &str)> {
    let mut said: Vec<_> = query.pairs().filter(|(name, _)| !["sort", "cursor", "as_of"].contains(name)).collect();
    said.sort_unstable();
    said
}
