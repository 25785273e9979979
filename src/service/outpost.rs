//! An outpost: the judgement of every door, in a process of somebody else's. It remembers keys as a replica does, and changes
//! wait for it; it can look keys up, and change nothing.

use std::{net::IpAddr, time::Duration};

use super::{
    fresh::{Duty, Fresh, Held, Wishes},
    patience::within,
};
use crate::{
    db::{self, connect::Target, guard, store::Asker},
    domain::{
        Capability, Denial, MeshId, OrgId, Owner, Requirement, SecretHash, TopicName, capability::undeclared,
        credential::Circumstances, fresh::Bound,
    },
};

/// What is asked of an outpost.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// What the key wants to do.
    pub capability: &'a Capability,
    /// In which mesh, by id or slug; if none is said, for the owner of the outpost.
    pub mesh: Option<&'a str>,
    /// On which topic.
    pub topic: Option<&'a TopicName>,
    /// From where.
    pub address: Option<IpAddr>,
}

/// Why a key may not.
#[derive(Debug)]
pub enum No {
    /// It was judged.
    Denied(Denial),
    /// The question makes no sense: the org has no such mesh, or has not declared the capability.
    Senseless(String),
    /// It could not be decided.
    Undecided(db::Error),
}

impl From<Denial> for No {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<db::Error> for No {
    fn from(error: db::Error) -> Self {
        Self::Undecided(error)
    }
}

/// How an outpost is set up.
pub struct Orders {
    /// What people call it.
    pub name: String,
    /// By which it trusts.
    pub bound: Bound,
    /// How many keys it may remember.
    pub most_keys: usize,
    /// How long a decision may take.
    pub patience: Duration,
}

/// The judgement, elsewhere.
pub struct Outpost {
    fresh: Fresh,
    asker: Asker,
    own: Owner,
    patience: Duration,
}

impl Outpost {
    /// For the keys of this owner, and where it is a mesh for those of its org that act in it. It begins to beat at once.
    #[must_use]
    pub fn new(target: &Target, asker: Asker, own: Owner, orders: Orders) -> Self {
        let Orders { name, bound, most_keys, patience } = orders;
        let fresh = Fresh::new(target, Wishes { duty: Duty::Guard, bound, most_keys, name });
        fresh.begin();
        Self { fresh, asker, own, patience }
    }

    /// What it remembers.
    #[must_use]
    pub const fn fresh(&self) -> &Fresh {
        &self.fresh
    }

    /// Trusts nothing any more, and takes its row away, so that nobody has to wait for it.
    pub async fn stop(&self) {
        self.fresh.stop().await;
        self.asker.close();
    }

    /// Judges, as `verify` does for an asker of the same owner.
    pub async fn decide(&self, hash: SecretHash, question: &Question<'_>) -> Result<Held, No> {
        within(self.patience, self.decided(hash, question)).await
    }

    async fn decided(&self, hash: SecretHash, question: &Question<'_>) -> Result<Held, No> {
        self.ensure_declared(question.capability).await?;
        let (place, is_place_archived) = self.place(question.mesh).await?;
        let held = self.find(hash, question.capability).await?;
        let credential = &held.known.credential;
        if !credential.is_known_to(self.own) {
            return Err(Denial::UnknownKey.into());
        }
        let (capability, topic) = (question.capability.clone(), question.topic.cloned());
        let at = Circumstances { now: held.now, from: question.address, is_place_archived };
        credential.decide(&Requirement { within: place, capability, topic }, &at)?;
        held.known.take().map_err(Denial::RateLimited)?;
        Ok(held)
    }

    /// Who holds it. While the database is out of reach, and for as long as the grace lasts, `send` and `read` go on with what
    /// is remembered.
    async fn find(&self, hash: SecretHash, wanted: &Capability) -> Result<Held, No> {
        match self.fresh.holder(&self.asker, hash).await {
            Ok(found) => found.map_err(|_| Denial::UnknownKey.into()),
            Err(error) => {
                let may_be_graced = matches!(wanted, Capability::Send | Capability::Read);
                self.fresh.holder_in_grace(&hash).filter(|_| may_be_graced).ok_or(No::Undecided(error))
            }
        }
    }

    async fn place(&self, named: Option<&str>) -> Result<(Owner, bool), No> {
        let Some(named) = named else { return Ok((self.own, false)) };
        let org = self.own.org();
        let found = self.mesh(org, named).await?;
        let place = found.map(|(mesh, is_archived)| (Owner::Mesh(org, mesh), is_archived));
        let place = place.filter(|(owner, _)| self.own.covers(*owner));
        place.ok_or_else(|| No::Senseless(format!("there is no mesh '{named}' in this org")))
    }

    /// The mesh of that name, and whether it is archived: remembered, or asked for.
    async fn mesh(&self, org: OrgId, named: &str) -> Result<Option<(MeshId, bool)>, db::Error> {
        if let Some(known) = self.fresh.place(org, named) {
            return Ok(Some((known.mesh, known.is_archived)));
        }
        let looking = self.fresh.look_at_place();
        let look = self.asker.ask(async |client| {
            let found = guard::mesh(client, org, named).await?;
            looking.ensure_relied_on(client).await?;
            Ok(found)
        });
        let looked: Result<_, db::Error> = look.await;
        if let (Err(_), Some(known)) = (&looked, self.fresh.place_in_grace(org, named)) {
            return Ok(Some((known.mesh, known.is_archived)));
        }
        let found = looked?;
        if let Some((mesh, is_archived)) = found {
            looking.remember(org, named, mesh, is_archived);
        }
        Ok(found)
    }

    /// Refuses to judge by a name that the org has not declared; that it has is remembered.
    async fn ensure_declared(&self, capability: &Capability) -> Result<(), No> {
        let Capability::Declared(name) = capability else { return Ok(()) };
        let org = self.own.org();
        if self.fresh.memory.declares(org, name) {
            return Ok(());
        }
        let looking = self.fresh.look_at_place();
        let look = self.asker.ask(async |client| {
            let known = guard::capabilities(client, org).await?;
            looking.ensure_relied_on(client).await?;
            Ok(known)
        });
        let looked: Result<Vec<String>, db::Error> = look.await;
        match looked {
            Ok(known) if known.iter().any(|known| known == name.as_str()) => {
                looking.remember_declared(org, name);
                Ok(())
            }
            Ok(known) => Err(No::Senseless(undeclared(name.as_str(), &known))),
            Err(_) if self.fresh.memory.declares_in_grace(org, name) => Ok(()),
            Err(error) => Err(No::Undecided(error)),
        }
    }
}
