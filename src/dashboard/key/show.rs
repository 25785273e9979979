//! The page of a key.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};

use super::{children, events, facts::Around, named, now, told::Told, usage};
use crate::{
    dashboard::{
        Fault,
        done::{AFTER, DONE, SEAL, note},
        keys::reveal,
        org::{Insider, Section},
        parts::counts::{RANGE, Range},
        query::Query,
    },
    db::keys::Dated,
    domain::{
        KeyId, Moment, Slug,
        audit::{Actor, ActorId},
    },
    http::guard::{Need, OwnKeyOr, may},
    service::{House, Refusal, keys, names, surroundings, usage::denials},
};

/// What the query of the page may say.
const KNOWN: [&str; 6] = [RANGE, "new", "tested", DONE, AFTER, SEAL];
/// What may have been done on the way here.
const DONES: [(&str, &str); 1] = [("finished", "The overlap is over: the old secret is refused.")];

/// The page.
pub async fn show(house: Data<House>, insider: Insider<OwnKeyOr<may::Admin>>) -> Result<HttpResponse, Fault> {
    let id = named(&insider.person.request)?;
    answer(&house, &insider, id, Told::nothing()).await
}

/// The page with what became of something that was done with the key.
pub(super) async fn answer<N: Need>(
    house: &House,
    insider: &Insider<N>,
    id: KeyId,
    told: Told,
) -> Result<HttpResponse, Fault> {
    let by = &insider.proof;
    let query = Query::of(&insider.person.request);
    let range = Range::of(&query, &KNOWN)?;
    let key = keys::show(house, by, id).await?;
    let counted = usage::read(house, by, &key, range).await?;
    let denials = denials(house, by, id).await?;
    let events = events::of(house, by, &key.key).await?;
    let issued = children::of(house, by, id).await?;
    let actors = events.iter().flat_map(|(events, _)| events.iter().filter_map(events::actor_of));
    let names = named_around(house, insider, &key, actors).await?;
    let now = now::read(house, by, &key).await?;
    let (is_manager, people) = authority(house, insider, &key).await?;
    let (keys, token) = (insider.at("/keys"), insider.token());
    let around =
        Around { key: &key, names: &names, now: &now, is_manager, people: &people, keys: &keys, token: &token };
    let main = html! {
        (told.markup)
        (note(insider, &DONES))
        (waiting(&query, insider.proof.org_slug(), &key))
        (around.head())
        (now.sentence(&key, around.mesh()))
        (around.banner())
        (around.rotating())
        div.columns {
            div { (counted.section(&key, &around.path(), &query)) (around.denials(&denials)) (around.events(events.as_ref())) }
            div { (around.facts()) (children::list(&issued, id, &keys)) }
        }
    };
    insider.show_as(house, told.status, Section::Keys, key.key.label.as_str(), main).await
}

/// What is shown of a key that was issued just now and that nobody has used yet.
fn waiting(query: &Query, org: &Slug, Dated { key, now }: &Dated) -> Markup {
    if query.text("new").is_none() {
        return html! {};
    }
    let tested = query.text("tested").and_then(|at| at.parse::<Moment>().ok()).map(Moment::get);
    reveal::waiting(org, key.id, (key.last_use, tested), *now)
}

/// Whether the person manages the key, and whom to ask where it does not.
pub(super) async fn authority<N: Need>(
    house: &House,
    insider: &Insider<N>,
    key: &Dated,
) -> Result<(bool, Vec<crate::domain::Title>), Refusal> {
    let is_manager = insider.proof.rights().manages(&key.key.terms.grant);
    let people = if is_manager { Vec::new() } else { surroundings::who_to_ask(house, &insider.proof).await? };
    Ok((is_manager, people))
}

/// What those are called who have to do with a key, and these.
pub(super) async fn named_around<N: Need>(
    house: &House,
    insider: &Insider<N>,
    Dated { key, .. }: &Dated,
    others: impl Iterator<Item = Actor>,
) -> Result<names::Names, Refusal> {
    let own = [Some(key.issued_by), key.revoked.as_ref().map(|revoked| revoked.by), key.user.map(Actor::User)];
    let of: Vec<ActorId> = own.into_iter().flatten().chain(others).filter_map(Actor::id).collect();
    names::look(house, &insider.proof, &of, key.terms.grant.owner.mesh()).await
}
