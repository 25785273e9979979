//! What a key may do at this moment, in words: less than it was issued for where its person may do less, or where topics are archived.

use maud::{Markup, html};

use super::words::listed;
use crate::{
    dashboard::{keys::words::Told, keys::words::may, parts::chips::capabilities},
    db::keys::Dated,
    domain::{CapabilitySet, Slug, TopicName, key::Status},
    service::{
        Admitted, House, Refusal,
        bound::{self, Cut},
        ground,
        places::{self, Archived},
    },
};

/// How many archived topics are named.
const MOST_NAMED: usize = 5;

/// What stands between a key and what it was issued for.
pub(super) struct Now {
    known: Vec<TopicName>,
    cut: Option<Cut>,
    archived: Archived,
}

/// Reads it.
pub(super) async fn read(house: &House, by: &Admitted, Dated { key, .. }: &Dated) -> Result<Now, Refusal> {
    let known = ground::topics_at(house, by, key.terms.grant.owner).await?;
    let archived = places::archived_of(house, by, key, &known).await?;
    Ok(Now { cut: bound::cut(house, by, key).await?, known, archived })
}

impl Now {
    /// What the key may do and what it can not, of these topics; or could do, where it is refused; and why it is less than it was.
    pub(super) fn sentence(&self, Dated { key, now }: &Dated, mesh: Option<&Slug>) -> Markup {
        let is_accepted = matches!(key.status(*now), Status::Active | Status::Rotating);
        let all = Told::of(key, mesh, &self.known);
        let told = match self.cut.as_ref().map(|cut| cut.left.as_ref()) {
            None => Told { is_refused: !is_accepted, ..all },
            Some(None) => Told { is_refused: true, ..all },
            Some(left) => Told { is_refused: !is_accepted, capabilities: left, ..all },
        };
        html! {
            div.sentence {
                (told.markup())
                @if let Some(cut) = &self.cut { p.warn-text { (why(cut, &key.terms.grant.capabilities)) } }
                (self.archived())
            }
        }
    }

    /// Whether its person leaves nothing of it, anywhere.
    pub(super) fn is_nothing(&self) -> bool {
        self.cut.as_ref().is_some_and(|cut| cut.left.is_none() && cut.more.is_empty())
    }

    /// What it can do, as chips: of what its person takes from it, that it is taken.
    pub(super) fn chips(&self, set: &CapabilitySet) -> Markup {
        html! {
            (capabilities(set))
            @if let Some(cut) = &self.cut {
                " " span.warn-text {
                    "now "
                    @match &cut.left { Some(left) => { "only " (capabilities(left)) }, None => { "nothing" @if !cut.more.is_empty() { ", but in some meshes" } } }
                }
            }
        }
    }

    fn archived(&self) -> Markup {
        let Archived { topics, is_all } = &self.archived;
        let named = topics.iter().take(MOST_NAMED).map(|name| format!("#{name}"));
        let more = topics.len().saturating_sub(MOST_NAMED);
        let named = listed(named.chain((more > 0).then(|| format!("{more} more"))));
        html! {
            @if !topics.is_empty() {
                p.warn-text {
                    (named) (if topics.len() == 1 { " is" } else { " are" }) " archived: nothing can be sent there, and no state changes."
                    @if *is_all { " It reaches no live topic." }
                }
            }
        }
    }
}

/// Why a personal key may do less than it was issued for.
fn why(cut: &Cut, issued: &CapabilitySet) -> Markup {
    let Some(name) = &cut.name else {
        return html! { "Its person is in this org no more: every use of it is refused." };
    };
    if cut.is_suspended {
        return html! { bdi { (name) } " is suspended: every use of it is refused meanwhile." };
    }
    let roles = cut.roles.iter().map(|(role, mesh)| match mesh {
        Some(mesh) => format!("{} of mesh {mesh}", role.name()),
        None => format!("{} of the org", role.name()),
    });
    let roles = listed(roles);
    html! {
        "It was issued to " (may(issued)) ", but "
        @if roles.is_empty() { bdi { (name) } " may do less than that here now" }
        @else { bdi { (name) } " is " (roles) " now" }
        ", and a personal key may do no more than its person"
        @match (&cut.left, cut.more.is_empty()) {
            (None, true) => ": every use of it is refused.",
            (Some(left), true) => { ": it can only " (may(left)) "." },
            (left, false) => {
                @if left.is_none() { ": elsewhere it is refused" }
                @for (mesh, set) in &cut.more { "; in mesh " (mesh) " it can " (may(set)) }
                "."
            },
        }
    }
}
