//! What would be done with several keys, before it is.

use actix_web::{HttpResponse, http::StatusCode};
use maud::{Markup, html};

use super::{Act, Admin, back};
use crate::{
    dashboard::{
        Fault, Form,
        fields::Field,
        keys::row,
        org::Section,
        page::{sentence, token},
        parts::chips::Standing,
    },
    db::counts::read::Sum,
    domain::KeyId,
    service::{House, listing::Listing},
};

/// What is wrong with a field.
type Wrong = (&'static str, String);

/// What would be done.
pub(super) struct Review<'a> {
    pub(super) insider: &'a Admin,
    pub(super) form: &'a Form,
    pub(super) act: Act,
    pub(super) chosen: &'a [(KeyId, i64)],
    pub(super) listing: &'a Listing,
}

impl Review<'_> {
    /// The page; with what is wrong, where something is.
    pub(super) async fn show(&self, house: &House, faults: &[Wrong]) -> Result<HttpResponse, Fault> {
        let count = self.listing.page.items.len();
        let keys = if count == 1 { "1 key".to_owned() } else { format!("{count} keys") };
        let title = match self.act {
            Act::Disable => format!("Disable {keys}?"),
            Act::Revoke => format!("Revoke {keys}?"),
            Act::End => format!("Set expiry of {keys}"),
        };
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let main = html! {
            @for (name, words) in faults { p.alert role="alert" { a href={ "#" (name) } { (sentence(words)) } } }
            (self.consequence(&keys))
            (self.table())
            (self.confirm(&keys, faults))
        };
        self.insider.show_as(house, status, Section::Keys, &title, main).await
    }

    /// How much is at stake, and what happens.
    fn consequence(&self, keys: &str) -> Markup {
        let total: i64 = self.chosen.iter().map(|(id, _)| self.listing.total(*id).allowed).sum();
        html! {
            p.note.wide.warn[self.act == Act::Revoke] {
                @if total == 0 { "None of them was used in the last 24 hours. " }
                @else { strong { "Used " (row::often(total)) } " in the last 24 hours, all in all. " }
                @match self.act {
                    Act::Disable => { "They are refused everywhere within moments, until you enable them again." },
                    Act::Revoke => { "They are refused everywhere within moments, for good: " (keys) " that cannot come back. To stop them for a while, disable them. Keys that they issued go on." },
                    Act::End => { "Each works through the day that you choose, and no longer. Their secrets stay as they are." },
                }
            }
        }
    }

    fn table(&self) -> Markup {
        html! {
            div.scroll.keys {
                table.cards {
                    caption { "The keys that you chose" }
                    thead {
                        tr {
                            th scope="col" { "Name" } th scope="col" { "Status" } th scope="col" { "Last used" }
                            th scope="col" { "24 hours" } th scope="col" { "Expires" }
                        }
                    }
                    tbody {
                        @for one in &self.listing.page.items {
                            @let total = self.listing.total(one.key.id);
                            tr {
                                th scope="row" { (row::name(&one.key, &self.insider.at("/keys"))) }
                                td data-label="Status" { (Standing::of(&one.key, one.now).chip()) }
                                td data-label="Last used" { (row::last_use(one)) }
                                td data-label="24 hours" { @if total == Sum::default() { span.quiet { "none" } } @else { (row::numbers(total)) } }
                                td data-label="Expires" { (row::end(one)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn confirm(&self, keys: &str, faults: &[Wrong]) -> Markup {
        let back_to = back(self.insider, self.form);
        html! {
            form.narrow method="post" action=(self.insider.at("/keys/bulk")) data-swap {
                (token(&self.insider.token()))
                input type="hidden" name="step" value="do";
                input type="hidden" name="act" value=(self.act.name());
                input type="hidden" name="back" value=(self.form.text("back"));
                @for (id, version) in self.chosen { input type="hidden" name={ "key:" (id) } value=(version); }
                (self.fields(faults))
                div.actions {
                    @match self.act {
                        Act::Disable => button { "Disable " (keys) },
                        Act::Revoke => button.danger { "Revoke " (keys) },
                        Act::End => button { "Set expiry" },
                    }
                    a.button.second href=(back_to) { "Leave them as they are" }
                }
            }
        }
    }

    fn fields(&self, faults: &[Wrong]) -> Markup {
        let fault = |name: &str| faults.iter().find(|(known, _)| *known == name).map(|(_, words)| words.as_str());
        let field = |name: &'static str, label, hint| {
            let text = self.form.shown(name);
            Field::new(name, label).with_text(text).with_hint(hint).with_fault(fault(name)).filled_by("off")
        };
        let org = self.insider.proof.org_slug();
        match self.act {
            Act::Disable => html! {},
            Act::Revoke => html! {
                (field("reason", "Why (optional)", "It is written down in the audit.").markup())
                (field("typed", &format!("Type {org} to revoke them"), "It cannot be undone.").markup())
            },
            Act::End => field("day", "Expires", "The last day on which they work, in UTC.").of_kind("date").markup(),
        }
    }
}
