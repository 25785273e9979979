//! What a key was used for: over time, and by topic, address and outcome.

use maud::{Markup, html};

use crate::{
    dashboard::{
        parts::counts::{Range, fresh, named, over_time, table},
        query::Query,
    },
    db::keys::Dated,
    domain::usage::By,
    service::{
        Admitted, House, Refusal,
        usage::{Usage, of_key},
    },
};

/// By what it is told apart.
const PARTS: [By; 3] = [By::Topic, By::Address, By::Outcome];

/// What was counted of a key.
pub(super) struct Counted {
    pub(super) range: Range,
    over_time: Usage,
    parts: Vec<Usage>,
}

/// Reads it.
pub(super) async fn read(house: &House, by: &Admitted, key: &Dated, range: Range) -> Result<Counted, Refusal> {
    let over_time = of_key(house, by, key.key.id, &range.over_time(key.now)).await?;
    let mut parts = Vec::with_capacity(PARTS.len());
    for one in PARTS {
        parts.push(of_key(house, by, key.key.id, &range.by(one, key.now)).await?);
    }
    Ok(Counted { range, over_time, parts })
}

impl Counted {
    /// The section.
    pub(super) fn section(&self, key: &Dated, path: &str, query: &Query) -> Markup {
        let nothing = match key.key.last_use {
            None => "Nobody has used it yet.",
            Some(_) => "Nobody has used it in this time.",
        };
        html! {
            section id="usage" {
                div.head { h2 { "Usage" } (self.range.choice(path, query)) }
                (over_time(&self.over_time, nothing))
                div.tables { @for part in &self.parts { (table(part, &|line| named(part.range.by, line))) } }
                (fresh(&self.over_time))
            }
        }
    }
}
