//! The keys that a key issued.

use maud::{Markup, html};

use crate::{
    dashboard::parts::chips::{Standing, capabilities},
    db::{keys::Dated, list::Filter},
    domain::{KeyId, audit::ActorId, page::Limit},
    service::{Admitted, House, Refusal, keys},
};

/// How many are named.
const MOST: u32 = 10;

/// Those that it issued itself and that the person may see, the newest first, and whether there are more.
pub(super) async fn of(house: &House, by: &Admitted, id: KeyId) -> Result<(Vec<Dated>, bool), Refusal> {
    let filter = Filter { issuer: Some(ActorId::Key(id)), ..Filter::default() };
    let limit = Limit::try_from(MOST).unwrap_or_default();
    let page = keys::list(house, by, &keys::Wanted { filter, limit, ..keys::Wanted::default() }).await?;
    Ok((page.items, page.next.is_some()))
}

/// The list; nothing where there are none.
pub(super) fn list((children, is_more): &(Vec<Dated>, bool), id: KeyId, keys: &str) -> Markup {
    html! {
        @if !children.is_empty() {
            section {
                h2 { "Keys that it issued" }
                ul.rows {
                    @for Dated { key, now } in children {
                        li {
                            div { a href={ (keys) "/" (key.id) } { (key.label) } " " (capabilities(&key.terms.grant.capabilities)) }
                            (Standing::of(key, *now).chip())
                        }
                    }
                }
                p { a href={ (keys) "?issued_by=" (id) } { @if *is_more { "All that it issued" } @else { "See them in the list" } } }
            }
        }
    }
}
