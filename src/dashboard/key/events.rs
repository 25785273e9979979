//! What was changed of a key: its latest events of the audit.

use maud::{Markup, html};

use super::{facts::Around, words::actor};
use crate::{
    dashboard::parts::times::ago,
    db::audit::Filter,
    domain::{
        Key,
        audit::{Actor, Event},
        page::Limit,
    },
    service::{Admitted, House, Refusal, audit},
};

/// How many are shown.
const MOST: u32 = 10;

/// The latest, and whether there are more; none for who may not see the audit.
pub(super) async fn of(house: &House, by: &Admitted, key: &Key) -> Result<Option<(Vec<Event>, bool)>, Refusal> {
    let filter = Filter { subject: Some(key.id.to_string()), ..Filter::default() };
    let mesh = key.terms.grant.owner.mesh().map(|mesh| mesh.to_string());
    let limit = Limit::try_from(MOST).unwrap_or_default();
    match audit::list(house, by, &filter, mesh.as_deref(), limit, None).await {
        Ok(page) => Ok(Some((page.items, page.next.is_some()))),
        Err(Refusal::Denied(_) | Refusal::Invalid(_)) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// Who did it, where this version knows such.
pub(super) fn actor_of(event: &Event) -> Option<Actor> {
    Actor::new(&event.actor.kind, event.actor.id)
}

impl Around<'_> {
    /// The list.
    pub(super) fn events(&self, events: Option<&(Vec<Event>, bool)>) -> Markup {
        let Some((events, is_more)) = events else { return html! {} };
        let all = format!("{}/audit?subject={}", self.keys.trim_end_matches("/keys"), self.key.key.id);
        html! {
            section {
                h2 { "Audit" }
                ul.rows {
                    @for event in events {
                        li {
                            div {
                                code { (event.action) } " by "
                                @match actor_of(event) {
                                    // To link it would lead to where one is.
                                    Some(Actor::Key(id)) if id == self.key.key.id => "the key itself",
                                    Some(by) => (actor(by, self.names, self.keys)),
                                    None => (event.actor.kind),
                                }
                            }
                            (ago(event.at, self.key.now))
                        }
                    }
                }
                p { a href=(all) { @if *is_more { "All events of this key" } @else { "See them in the audit" } } }
            }
        }
    }
}
