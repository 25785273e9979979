//! Explain: why a key may do something or not, and what would have to be changed.

use std::net::IpAddr;

use time::OffsetDateTime;

use super::{
    Admitted, House, Refusal,
    authority::again_with_rights,
    issue::default_end,
    policies::InForce,
    verify::{Place, named_place},
};
use crate::{
    db::{
        Transaction,
        lookup::{self, Found},
    },
    domain::{
        Capability, Credential, KeyId, OrgId, Requirement, Rights, TopicName,
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
            let caller = again_with_rights(transaction, by).await?;
            let Found { credential, now, as_of } = subject(transaction, by, caller.rights(), question.key).await?;
            let (within, is_place_archived) = place(transaction, caller.rights(), &credential, question).await?;
            let wanted = Requirement { within, capability: question.capability.clone(), topic: question.topic.clone() };
            let at = Circumstances { now, from: question.address, is_place_archived };
            let policy = InForce::read(transaction, credential.terms.grant.owner).await?;
            let end = default_end(own_end(by), &policy, now);
            let explanation = explain::explain(&credential, &wanted, &at, end);
            Ok(Explained { explanation, credential, as_of })
        })
        .await
}

async fn found(transaction: &Transaction<'_>, org: OrgId, id: KeyId) -> Result<Found, Refusal> {
    lookup::newest(transaction, org, id).await?.ok_or(Refusal::NotFound)
}

/// The key in question. One that the caller does not cover is as unknown as one that does not exist.
async fn subject(
    transaction: &Transaction<'_>,
    by: &Admitted,
    rights: Rights<'_>,
    id: Option<KeyId>,
) -> Result<Found, Refusal> {
    let own = by.credential().ok().map(|own| own.key);
    let Some(id) = id.or(own) else { return Err(Refusal::invalid("/key", "say which key: you are no key yourself")) };
    let subject = found(transaction, by.org(), id).await?;
    let is_own = own == Some(id) || by.person().is_some_and(|person| subject.credential.is_bound_to(person.user));
    let is_told = is_own || rights.manages(&subject.credential.terms.grant);
    if is_told { Ok(subject) } else { Err(Refusal::NotFound) }
}

/// The end of the caller's key, behind which it proposes none.
fn own_end(by: &Admitted) -> Option<OffsetDateTime> {
    by.credential().ok().and_then(|own| own.terms.expires_at)
}

/// Where it would happen: in a mesh that the caller may know of, or for the owner of the key.
async fn place(
    transaction: &Transaction<'_>,
    own: Rights<'_>,
    subject: &Credential,
    question: &Question,
) -> Result<Place, Refusal> {
    let Some(named) = &question.mesh else { return Ok((subject.terms.grant.owner, false)) };
    let unknown = || Refusal::invalid("/mesh", "there is no such mesh in this org");
    named_place(transaction, (subject.terms.grant.owner.org(), own), named).await?.ok_or_else(unknown)
}
