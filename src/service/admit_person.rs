//! Admission of a person who is signed in: from the secret of a session and what the route demands to a proof, or to the reason
//! for a no. A person acts for one of its orgs at a time: the one that the request names, or its only one.

use std::sync::Arc;

use deadpool_postgres::Object as Client;

use super::{
    Admitted, Demand, House, Refusal, Rejection, Why,
    admit::read_place,
    admitted::{Needs, Place, Shown, Who},
    patience::in_time,
    sessions::TOUCH_EVERY,
};
use crate::{
    db::{
        self, sessions,
        signed_in::{self, Found},
    },
    domain::{
        Denial, Owner, SessionHash, SessionSecret, TopicName,
        audit::{ActorId, Trail},
        person::SignedIn,
    },
};

/// Judges whether the person who is signed in by this session may do what the route demands.
pub async fn admit_person(
    house: &House,
    session: &SessionSecret,
    demand: &Demand<'_>,
    trail: Trail,
) -> Result<Admitted, Rejection> {
    admit_session(house, session.hash(), demand, trail).await
}

/// The same by the hash of the session: for what a person has approved in it a moment ago.
pub(super) async fn admit_session(
    house: &House,
    hash: SessionHash,
    demand: &Demand<'_>,
    trail: Trail,
) -> Result<Admitted, Rejection> {
    let nobody = |why| Rejection { who: None, why };
    let shown = Shown { hash, lifetimes: house.lifetimes };
    let look = house.store.ask(async |client| find(client, shown, demand.org).await);
    let person = match in_time(look).await.map_err(|error| nobody(Why::Undecided(error)))? {
        Ok(person) => Arc::<SignedIn>::from(person),
        Err(why) => return Err(nobody(why)),
    };
    let who = Some((ActorId::User(person.user), person.org));
    judge_found(house, &person, Who::Person(Arc::clone(&person), shown), demand, trail)
        .await
        .map_err(|why| Rejection { who, why })
}

/// The person, and what it may do in the org that is named, or in its only one.
async fn find(client: &mut Client, shown: Shown, named: Option<&str>) -> Result<Result<Box<SignedIn>, Why>, db::Error> {
    match signed_in::find(client, shown.hash, named.unwrap_or_default(), shown.lifetimes).await? {
        Found::Nobody => Ok(Err(Why::SignedOut)),
        Found::Member(person) => {
            if person.now >= person.seen_at + TOUCH_EVERY {
                sessions::touch(client, person.session).await?;
            }
            Ok(Ok(person))
        }
        Found::Stranger(_) if named.is_some() => Ok(Err(Why::NotFound)),
        Found::Stranger(user) => {
            let orgs = signed_in::orgs(client, user).await?;
            let [only] = orgs.as_slice() else { return Ok(Err(Why::WhichOrg(orgs))) };
            match signed_in::find(client, shown.hash, only.as_str(), shown.lifetimes).await? {
                Found::Member(person) => Ok(Ok(person)),
                Found::Nobody | Found::Stranger(_) => Ok(Err(Why::SignedOut)),
            }
        }
    }
}

async fn judge_found(
    house: &House,
    person: &SignedIn,
    who: Who,
    demand: &Demand<'_>,
    trail: Trail,
) -> Result<Admitted, Why> {
    if person.is_org_suspended {
        return Err(Why::Denied(Denial::OrgSuspended));
    }
    let place = match demand.mesh {
        Some(named) => Some(place(house, person, named).await?),
        None => None,
    };
    // Whose the key is that the path names is not known yet: the verb shows it to who covers it, and to its own person.
    let is_oneself = demand.own_user.is_some_and(|named| named.parse() == Ok(person.user));
    let is_own = demand.own_key.is_some() || is_oneself;
    let acts_in_mesh = demand.acts_in_mesh;
    let needs = Needs { capability: demand.capability.clone(), reach: demand.reach, is_own, acts_in_mesh };
    let topic: Option<TopicName> = demand.topic.and_then(|named| named.parse().ok());
    Admitted { who, needs, place, topic, trail }.judged(demand.topic.is_some())
}

/// The mesh that is named. One in which the person is nothing is as unknown as one that does not exist.
async fn place(house: &House, person: &SignedIn, named: &str) -> Result<Place, Why> {
    let found = match read_place(house, person.org, named).await {
        Ok(found) => found,
        Err(Refusal::Store(error)) => return Err(Why::Undecided(error)),
        Err(_) => None,
    };
    let is_seen = |place: &Place| person.rights().reach_into(Owner::Mesh(person.org, place.id()));
    found.filter(is_seen).ok_or(Why::NotFound)
}
