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
        Capability, Denial, KeyId, MeshId, OrgId, Owner, Requirement, SecretHash, Slug, TopicName,
        capability::undeclared, credential::Circumstances, fresh::Bound,
    },
};

/// What is asked of an outpost.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// What the key wants to do.
    pub capability: &'a Capability,
    /// In which mesh, by id or slug; if none is said, for the owner of the outpost.
    pub mesh: Option<&'a str>,
    /// On which topic, if on any.
    pub topic: &'a Result<Option<TopicName>, NoTopic>,
    /// From where.
    pub address: Option<IpAddr>,
}

/// What was named cannot be a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTopic;

/// Why a key may not.
#[derive(Debug)]
pub enum No {
    /// It was judged: which key, if the owner of the outpost may know of it, and why.
    Denied(Option<KeyId>, Denial),
    /// The question makes no sense: the org has no such mesh, or has not declared the capability.
    Senseless(String),
    /// It could not be decided.
    Undecided(db::Error),
}

impl From<Denial> for No {
    fn from(denial: Denial) -> Self {
        Self::Denied(None, denial)
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
        let wanted = question.capability;
        let held = self.find(hash, wanted).await?;
        let credential = &held.known.credential;
        if !credential.is_known_to(self.own) {
            return Err(Denial::UnknownKey.into());
        }
        let denied = |denial| No::Denied(Some(credential.key), denial);
        // Whose key is not accepted learns nothing of what there is.
        credential.ensure_live(held.now).map_err(denied)?;
        self.ensure_declared(wanted).await?;
        let (within, is_place_archived) = self.place(question.mesh).await?;
        let topic = question.topic.as_ref().ok().cloned().flatten();
        let at = Circumstances { now: held.now, from: question.address, is_place_archived };
        credential.decide(&Requirement { within, capability: wanted.clone(), topic }, &at).map_err(denied)?;
        // What cannot be a topic's name no grant reaches, whatever it holds.
        question.topic.as_ref().map_err(|NoTopic| denied(Denial::TopicOutOfScope(None)))?;
        held.known.take().map_err(|exceeded| denied(Denial::RateLimited(exceeded)))?;
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
        let org = self.own.org();
        // That its own mesh is archived an outpost has to find out too: nobody has admitted it as an asker.
        let own = self.own.mesh().map(|mesh| mesh.to_string());
        let Some(named) = named.or(own.as_deref()) else { return Ok((self.own, false)) };
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
        if named.parse::<MeshId>().is_err() && named.parse::<Slug>().is_err() {
            return Ok(None);
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
