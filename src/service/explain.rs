//! Explain: why a key may do something or not, and what would have to be changed.

use std::net::IpAddr;

use time::OffsetDateTime;

use super::{
    Admitted, House, Refusal,
    authority::{again, is_covered},
    issue::default_end,
    verify::{Place, named_place},
};
use crate::{
    db::{
        Transaction,
        lookup::{self, Found},
    },
    domain::{
        Capability, Credential, KeyId, OrgId, Owner, Requirement, TopicName,
        credential::Circumstances,
        explain::{self, Explanation},
    },
};

/// Why may this key do that, or why not?
#[derive(Debug)]
pub struct Question {
    /// Which key; the caller's own where none is said.
    pub key: Option<KeyId>,
    /// What it is to do.
    pub capability: Capability,
    /// In which mesh, by id or slug; if none is said, for the owner of the key.
    pub mesh: Option<String>,
    /// On which topic.
    pub topic: Option<TopicName>,
    /// From where.
    pub address: Option<IpAddr>,
}

/// The answer.
#[derive(Debug)]
pub struct Explained {
    /// Why, and what would have to be changed.
    pub explanation: Explanation,
    /// The key, as its newest secret would find it.
    pub credential: Credential,
    /// When it was read, by the clock of the database.
    pub as_of: OffsetDateTime,
}

/// Explains. A caller is told of its own key, and as an admin of the keys that it covers. This is no use of the key.
pub async fn explain(house: &House, by: &Admitted, question: &Question) -> Result<Explained, Refusal> {
    house.ensure_known(by.org(), &question.capability, || "/capability".to_owned()).await?;
    house
        .look(by.org(), async |transaction| {
            again(transaction, by).await?;
            let caller = found(transaction, by.org(), by.credential().key).await?;
            let own = &caller.credential.terms;
            let Found { credential, now, as_of } = subject(transaction, &caller, question.key).await?;
            let (within, is_place_archived) = place(transaction, own.grant.owner, &credential, question).await?;
            let wanted = Requirement { within, capability: question.capability.clone(), topic: question.topic.clone() };
            let at = Circumstances { now, from: question.address, is_place_archived };
            let explanation = explain::explain(&credential, &wanted, &at, default_end(own, now));
            Ok(Explained { explanation, credential, as_of })
        })
        .await
}

async fn found(transaction: &Transaction<'_>, org: OrgId, id: KeyId) -> Result<Found, Refusal> {
    lookup::newest(transaction, org, id).await?.ok_or(Refusal::NotFound)
}

/// The key in question. One that the caller does not cover is as unknown as one that does not exist.
async fn subject(transaction: &Transaction<'_>, caller: &Found, id: Option<KeyId>) -> Result<Found, Refusal> {
    let own = &caller.credential;
    let Some(id) = id.filter(|id| *id != own.key) else { return Ok(caller.clone()) };
    let subject = found(transaction, own.terms.grant.owner.org(), id).await?;
    let is_told = is_covered(&own.terms.grant, &subject.credential.terms.grant);
    if is_told { Ok(subject) } else { Err(Refusal::NotFound) }
}

/// Where it would happen: in a mesh that the caller may know of, or for the owner of the key.
async fn place(
    transaction: &Transaction<'_>,
    own: Owner,
    subject: &Credential,
    question: &Question,
) -> Result<Place, Refusal> {
    let Some(named) = &question.mesh else { return Ok((subject.terms.grant.owner, false)) };
    let unknown = || Refusal::invalid("/mesh", "there is no such mesh in this org");
    named_place(transaction, own, named).await?.ok_or_else(unknown)
}
