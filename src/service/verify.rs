//! Verify: another service asks what a key may do. The requirement is part of the question (P-9).

use std::net::IpAddr;

use time::OffsetDateTime;

use super::{Admitted, Fault, House, Refusal, house::in_time, issue::ensure_declared};
use crate::{
    db::{
        Transaction,
        lookup::{self, Found},
        meshes,
    },
    domain::{
        Capability, CapabilitySet, Credential, Denial, Grant, Owner, Requirement, Secret, TopicName,
        credential::Circumstances, key::Use,
    },
};

/// The most questions in one batch.
pub const MOST_QUESTIONS: usize = 100;

/// May this key do that?
pub struct Question {
    /// The key; none where the text is not that of a key.
    pub secret: Option<Secret>,
    /// What it wants to do.
    pub capability: Capability,
    /// In which mesh, by id or slug; if none is said, for the asker's owner.
    pub mesh: Option<String>,
    /// On which topic.
    pub topic: Option<TopicName>,
    /// From where.
    pub address: Option<IpAddr>,
}

/// The answer.
#[derive(Debug)]
pub struct Verdict {
    /// Why not; none if it may.
    pub denial: Option<Denial>,
    /// The key, unless it is unknown to the asker.
    pub credential: Option<Credential>,
    /// Until when everything that decided was read, by the clock of the database.
    pub as_of: OffsetDateTime,
}

/// Answers all questions, in their order. `pointer` says where the question of a number stands in the input.
pub async fn verify(
    house: &House,
    by: &Admitted,
    questions: &[Question],
    pointer: impl Fn(usize) -> String,
) -> Result<Vec<Verdict>, Refusal> {
    for question in questions {
        ensure_may_ask(&by.credential().terms.grant, question)?;
    }
    let places = places(house, by, questions, &pointer).await?;
    let found = look_up(house, by, questions).await?;
    let verdicts = questions.iter().zip(places).zip(found);
    Ok(verdicts.map(|((question, place), found)| judge(house, by, question, place, found)).collect())
}

/// An asker confined to topics may ask about these.
fn ensure_may_ask(grant: &Grant, question: &Question) -> Result<(), Refusal> {
    let (within, topic) = (grant.owner, question.topic.clone());
    Ok(grant.permits(&Requirement { within, capability: Capability::Verify, topic })?)
}

/// Where it would happen, and whether that mesh is archived.
pub(super) type Place = (Owner, bool);

async fn places(
    house: &House,
    by: &Admitted,
    questions: &[Question],
    pointer: &impl Fn(usize) -> String,
) -> Result<Vec<Place>, Refusal> {
    for (number, question) in questions.iter().enumerate() {
        ensure_known(&question.capability, &format!("{}/capability", pointer(number)))?;
    }
    let own = by.credential().terms.grant.owner;
    if questions.iter().all(|question| question.mesh.is_none()) {
        return Ok(vec![(own, false); questions.len()]);
    }
    house
        .look(by.org(), async |transaction| {
            let mut places = Vec::with_capacity(questions.len());
            for (number, question) in questions.iter().enumerate() {
                let place = match &question.mesh {
                    None => Some((own, false)),
                    Some(named) => named_place(transaction, own, named).await?,
                };
                let unknown = || Refusal::invalid(pointer(number) + "/mesh", "there is no such mesh in this org");
                places.push(place.ok_or_else(unknown)?);
            }
            Ok(places)
        })
        .await
}

/// The mesh that a question names, if the asker's owner covers it, and whether it is archived.
pub(super) async fn named_place(
    transaction: &Transaction<'_>,
    own: Owner,
    named: &str,
) -> Result<Option<Place>, Refusal> {
    let mesh = meshes::resolve(transaction, own.org(), named).await?;
    let place = mesh.map(|mesh| (Owner::Mesh(mesh.org, mesh.id), mesh.archived_at.is_some()));
    Ok(place.filter(|(owner, _)| own.covers(*owner)))
}

/// Refuses to ask for a capability that nobody declared. `place` is where the input names it.
pub(super) fn ensure_known(capability: &Capability, place: &str) -> Result<(), Refusal> {
    let set = CapabilitySet::new([capability.clone()]).map_err(|_| Refusal::Impossible("an empty set"))?;
    ensure_declared(&set).map_err(|refusal| match refusal {
        Refusal::Invalid(faults) => {
            Refusal::Invalid(faults.into_iter().map(|fault| Fault::at(place, fault.detail)).collect())
        }
        other => other,
    })
}

/// The asker and all holders by one statement; the asker is judged again by it, and its reading dates all answers.
async fn look_up(
    house: &House,
    by: &Admitted,
    questions: &[Question],
) -> Result<Vec<(Option<Credential>, OffsetDateTime)>, Refusal> {
    let theirs = questions.iter().filter_map(|question| question.secret.as_ref().map(Secret::hash));
    let hashes: Vec<_> = std::iter::once(by.hash()).chain(theirs).collect();
    let ask = house.store.ask(async |client| lookup::lookup(client, &hashes).await);
    let mut found = in_time(ask).await?.into_iter();
    let asker = found.next().flatten().ok_or(Refusal::Dead)?;
    by.ensure_still(Some(&asker), None)?;
    for question in questions {
        ensure_may_ask(&asker.credential.terms.grant, question)?;
    }
    let mut of = |question: &Question| question.secret.as_ref().and_then(|_| found.next().flatten());
    let dated = |found: Option<Found>| found.map_or((None, asker.now), |found| (Some(found.credential), found.now));
    Ok(questions.iter().map(|question| dated(of(question))).collect())
}

fn judge(
    house: &House,
    by: &Admitted,
    question: &Question,
    (within, is_place_archived): Place,
    (credential, as_of): (Option<Credential>, OffsetDateTime),
) -> Verdict {
    let own = by.credential().terms.grant.owner;
    let Some(credential) = credential.filter(|one| may_know(own, one)) else {
        return Verdict { denial: Some(Denial::UnknownKey), credential: None, as_of };
    };
    let wanted = Requirement { within, capability: question.capability.clone(), topic: question.topic.clone() };
    let at = Circumstances { now: as_of, from: question.address, is_place_archived };
    let denial = credential.decide(&wanted, &at).err();
    if denial.is_none() {
        house.uses.note(&credential, Use { at: as_of, from: question.address });
    }
    Verdict { denial, credential: Some(credential), as_of }
}

/// An asker may know the keys that its owner covers; and a mesh's asker the org-wide keys, which act in its mesh too.
fn may_know(own: Owner, credential: &Credential) -> bool {
    let theirs = credential.terms.grant.owner;
    own.covers(theirs) || theirs == Owner::Org(own.org())
}
