//! Verify: another service asks what a key may do. The requirement is part of the question (P-9).

use std::net::IpAddr;

use time::OffsetDateTime;

use super::{Admitted, House, Refusal, conclude::Case, fresh::Held};
use crate::{
    db::{Transaction, meshes},
    domain::{
        Capability, Denial, OrgId, Owner, Requirement, Rights, Secret, TopicName, credential::Circumstances,
        fresh::Change, rate::Left, usage::Door,
    },
};

/// The most questions in one batch.
pub const MOST_QUESTIONS: usize = 100;

/// May this key do that?
pub struct Question {
    /// The key; none where the text is not that of a key.
    pub secret: Option<Secret>,
    /// What it wants to do; nothing, where one asks only whether it lives and may be used at all.
    pub capability: Option<Capability>,
    /// In which mesh, by id or slug; if none is said, for the asker's owner.
    pub mesh: Option<String>,
    /// On which topic.
    pub topic: Option<TopicName>,
    /// From where.
    pub address: Option<IpAddr>,
    /// The change that the answer must have in it.
    pub at_least: Option<Change>,
}

/// The answer.
pub struct Verdict {
    /// Why not; none if it may.
    pub denial: Option<Denial>,
    /// The key, and when it was judged, unless it is unknown to the asker.
    pub held: Option<Held>,
    /// Every change that was committed before this was taken into account, by the clock of the database.
    pub as_of: OffsetDateTime,
    /// What is left of the rate of the key, if it has one.
    pub left: Option<Left>,
}

/// Answers all questions, in their order. `pointer` says where the question of a number stands in the input.
pub async fn verify(
    house: &House,
    by: &Admitted,
    door: Door,
    questions: &[Question],
    pointer: impl Fn(usize) -> String,
) -> Result<Vec<Verdict>, Refusal> {
    for question in questions {
        ensure_may_ask(by.rights(), by.credential()?.terms.grant.owner, question)?;
    }
    let places = places(house, by, questions, &pointer).await?;
    let found = match look_up(house, by, questions).await {
        Err(Refusal::Store(error)) => {
            let recalled = recall_in_grace(house, by, questions).ok_or(error)?;
            house.meters.answered_in_grace(recalled.len());
            recalled
        }
        found => found?,
    };
    let (asked, own) = (questions.iter().zip(places).zip(found), by.credential()?.terms.grant.owner);
    Ok(asked.map(|((question, place), found)| judge(house, own, door, question, place, found)).collect())
}

/// An asker confined to topics may ask about these.
fn ensure_may_ask(rights: Rights<'_>, within: Owner, question: &Question) -> Result<(), Refusal> {
    let topic = question.topic.clone();
    Ok(rights.permits(&Requirement { within, capability: Capability::Verify, topic })?)
}

/// Where it would happen, and whether that mesh is archived.
pub(super) type Place = (Owner, bool);

async fn places(
    house: &House,
    by: &Admitted,
    questions: &[Question],
    pointer: &impl Fn(usize) -> String,
) -> Result<Vec<Place>, Refusal> {
    let own = by.credential()?.terms.grant.owner;
    for (number, question) in questions.iter().enumerate() {
        if let Some(capability) = &question.capability {
            house.ensure_known(own.org(), capability, || pointer(number) + "/capability").await?;
        }
    }
    let mut places = Vec::with_capacity(questions.len());
    for (number, question) in questions.iter().enumerate() {
        let place = match &question.mesh {
            None => Some((own, false)),
            Some(named) => {
                let place = house.place(own.org(), named).await?;
                place.map(|(mesh, is_archived)| (Owner::Mesh(own.org(), mesh), is_archived))
            }
        };
        let place = place.filter(|(owner, _)| own.covers(*owner));
        let unknown = || Refusal::invalid(pointer(number) + "/mesh", "there is no such mesh in this org");
        places.push(place.ok_or_else(unknown)?);
    }
    Ok(places)
}

/// The mesh that a question names, if the asker's rights reach into it, and whether it is archived.
pub(super) async fn named_place(
    transaction: &Transaction<'_>,
    (org, rights): (OrgId, Rights<'_>),
    named: &str,
) -> Result<Option<Place>, Refusal> {
    let mesh = meshes::resolve(transaction, org, named).await?;
    let place = mesh.map(|mesh| (Owner::Mesh(mesh.org, mesh.id), mesh.archived_at.is_some()));
    Ok(place.filter(|(owner, _)| rights.reach_into(*owner)))
}

/// Who is asked about: the holder, or since when it is known that there is none.
type Asked = Result<Held, OffsetDateTime>;

/// The asker, who is judged again, and all holders: remembered, or asked for by one statement.
async fn look_up(house: &House, by: &Admitted, questions: &[Question]) -> Result<Vec<Asked>, Refusal> {
    let theirs =
        questions.iter().filter_map(|question| Some((question.secret.as_ref()?.hash(), question.at_least.as_ref())));
    let wanted: Vec<_> = std::iter::once((by.hash()?, None)).chain(theirs).collect();
    let mut found = house.fresh.holders(house.store.asker(), &wanted).await?.into_iter();
    let asker = found.next().ok_or(Refusal::Dead)?.map_err(|_| Refusal::Dead)?;
    by.ensure_still(Some(&asker.known.credential), asker.now, false)?;
    for question in questions {
        let asker = &asker.known.credential;
        ensure_may_ask(asker.rights(), asker.terms.grant.owner, question)?;
    }
    let nobody = Err(asker.as_of);
    let of =
        |question: &Question| question.secret.as_ref().and_then(|_| found.next()).unwrap_or_else(|| nobody.clone());
    Ok(questions.iter().map(of).collect())
}

/// The same while the database is out of reach, for as long as the grace lasts: of keys that are remembered, and for `send`
/// and `read`. Every answer of that kind is counted.
fn recall_in_grace(house: &House, by: &Admitted, questions: &[Question]) -> Option<Vec<Asked>> {
    let asker = house.fresh.holder_in_grace(&by.hash().ok()?)?;
    by.ensure_still(Some(&asker.known.credential), asker.now, false).ok()?;
    let recalled = |question: &Question| {
        let may_be_graced = matches!(question.capability, Some(Capability::Send | Capability::Read));
        let secret = question.secret.as_ref().filter(|_| may_be_graced && question.at_least.is_none())?;
        house.fresh.holder_in_grace(&secret.hash()).map(Ok)
    };
    questions.iter().map(recalled).collect()
}

fn judge(
    house: &House,
    own: Owner,
    door: Door,
    question: &Question,
    (within, is_place_archived): Place,
    asked: Asked,
) -> Verdict {
    let (capability, topic, from) = (question.capability.as_ref(), question.topic.as_ref(), question.address);
    let case = Case { door, held: None, capability, topic, from, counts: true };
    let held = match asked {
        Ok(held) if held.known.credential.is_known_to(own) => held,
        Ok(Held { as_of, .. }) | Err(as_of) => {
            let unknown = house.conclude(case, Err(Denial::UnknownKey));
            return Verdict { denial: unknown.err(), held: None, as_of, left: None };
        }
    };
    let (credential, as_of) = (&held.known.credential, held.as_of);
    let at = Circumstances { now: held.now, from, is_place_archived };
    let judged = match question.capability.clone() {
        Some(capability) => credential.decide(&Requirement { within, capability, topic: question.topic.clone() }, &at),
        None => credential.ensure_live(at.now).and_then(|()| credential.ensure_usable(&at)),
    };
    let denial = house.conclude(case.about(&held), judged).err();
    let left = held.known.left();
    Verdict { denial, held: Some(held), as_of, left }
}
