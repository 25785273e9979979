//! The table of keys: real, with a caption and scopes; a list of cards where there is no room.

use maud::{Markup, html};

use super::filters::{ORDER, first_page};
use crate::{
    dashboard::{
        keys::row,
        page::token,
        parts::chips::{Standing, capabilities},
        query::Query,
    },
    db::{keys::Dated, list::Sort},
    domain::{Key, key::Status},
    service::listing::Listing,
};

/// The form of the boxes.
const BULK: &str = "bulk";

/// A page of keys.
pub(super) struct Table<'a> {
    pub(super) listing: &'a Listing,
    pub(super) query: &'a Query,
    pub(super) path: &'a str,
    pub(super) token: &'a str,
    pub(super) is_admin: bool,
}

impl Table<'_> {
    pub(super) fn markup(&self) -> Markup {
        let items = &self.listing.page.items;
        let more = self.listing.page.next.is_some();
        html! {
            @if self.is_admin { (self.bulk()) }
            div.scroll.keys {
                table.cards {
                    caption role="status" {
                        (items.len()) @if items.len() == 1 { " key" } @else { " keys" } " shown"
                        @if more { ", and there are more" }
                    }
                    thead {
                        tr {
                            @if self.is_admin { td.tick { span.unseen { "Choose" } } }
                            (self.header("Name", Sort::Label, Sort::LabelDown))
                            th scope="col" { "Can do" }
                            th scope="col" { "Where" }
                            (self.header("Issued", Sort::Newest, Sort::Oldest))
                            (self.header("Last used", Sort::UseDown, Sort::Use))
                            (self.header("24 hours", Sort::UsesDown, Sort::Uses))
                            (self.header("Expires", Sort::End, Sort::EndDown))
                            (self.header("Status", Sort::StatusDown, Sort::Status))
                            td { span.unseen { "More" } }
                        }
                    }
                    tbody { @for one in items { (self.row(one)) } }
                }
            }
            @if self.sort() != ORDER { p { a href=(self.sorted(ORDER)) { "What wants attention first" } } }
        }
    }

    fn sort(&self) -> Sort {
        self.query.text("sort").and_then(|sort| sort.parse().ok()).unwrap_or(ORDER)
    }

    fn sorted(&self, sort: Sort) -> String {
        let query = first_page(self.query).without("sort");
        let query = if sort == ORDER { query } else { query.with("sort", sort.name()) };
        query.at(self.path)
    }

    /// A header by which one sorts: first this way, and then the other way.
    fn header(&self, words: &str, first: Sort, then: Sort) -> Markup {
        let sort = self.sort();
        let is_up = sort.name().strip_prefix('-').is_none();
        let is_here = [first, then].contains(&sort);
        let order = is_here.then_some(if is_up { "ascending" } else { "descending" });
        let next = if sort == first { then } else { first };
        html! {
            th scope="col" aria-sort=[order] {
                a href=(self.sorted(next)) {
                    (words) @if is_here { span aria-hidden="true" { @if is_up { " ▲" } @else { " ▼" } } }
                    span.unseen { " (sort)" }
                }
            }
        }
    }

    fn row(&self, one: &Dated) -> Markup {
        let (key, listing) = (&one.key, self.listing);
        html! {
            tr {
                @if self.is_admin {
                    td.tick {
                        input type="checkbox" form=(BULK) name={ "key:" (key.id) } value=(key.version)
                            aria-label={ "Choose " (key.label) } disabled[key.revoked.is_some()];
                    }
                }
                th scope="row" { (row::name(key, self.path)) }
                td data-label="Can do" { (capabilities(&key.terms.grant.capabilities)) }
                td data-label="Where" { (row::place(key, listing)) }
                td data-label="Issued" { (row::issued(key, listing, self.path)) }
                td data-label="Last used" { (row::last_use(one)) }
                td data-label="24 hours" { (row::day(key, listing)) }
                td data-label="Expires" { (row::end(one)) }
                td data-label="Status" { (Standing::of(key, one.now).chip()) (row::breaches(key, listing)) }
                td.more { (self.menu(one)) }
            }
        }
    }

    /// What can be done with one key. What needs to be asked about asks on a page of its own.
    fn menu(&self, Dated { key, now }: &Dated) -> Markup {
        let (path, id) = (self.path, format!("id-{}", key.id));
        let status = key.status(*now);
        html! {
            details.switch {
                summary { span.unseen { "More about " (key.label) } span aria-hidden="true" { "⋯" } }
                div.menu {
                    section.copied {
                        code id=(id) { (key.id) }
                        button.second type="button" data-copy=(id) hidden { "Copy the id" }
                        span.unseen role="status" data-copied {}
                    }
                    @if status != Status::Revoked {
                        @if let Some(words) = row::turn(key, *now) { a href={ (path) "/" (key.id) "/rotate" } { (words) "…" } }
                        @if self.is_admin && status != Status::Disabled { (self.disable(key)) }
                        a href={ (path) "/" (key.id) "/revoke" } { "Revoke…" }
                    }
                    a href={ (path) "/new?from=" (key.id) } { "Duplicate" }
                }
            }
        }
    }

    fn disable(&self, key: &Key) -> Markup {
        html! {
            form method="post" action={ (self.path) "/bulk" } {
                (token(self.token))
                input type="hidden" name={ "key:" (key.id) } value=(key.version);
                button.plain name="act" value="disable" { "Disable…" }
            }
        }
    }

    /// What can be done with those that are ticked.
    fn bulk(&self) -> Markup {
        html! {
            form.bulk id=(BULK) method="post" action={ (self.path) "/bulk" } data-ticks {
                (token(self.token))
                input type="hidden" name="back" value=(first_page(self.query).at(""));
                span.quiet { "With those that are ticked" span role="status" data-ticked {} ":" }
                button.second name="act" value="disable" { "Disable…" }
                button.second name="act" value="revoke" { "Revoke…" }
                button.second name="act" value="end" { "Set expiry…" }
            }
        }
    }
}
