//! Looking up who holds a secret: in what is remembered, else in the database.

use std::sync::Arc;

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;

use super::{
    Fresh, boot,
    changes::Ticket,
    hooks::Point,
    known::{Known, KnownPlace},
    memory::{Memory, Recalled},
};
use crate::{
    db::{Error, lookup, store::Asker},
    domain::{
        Gate, MeshId, OrgId, SecretHash,
        capability::DeclaredName,
        fresh::{Change, Tick},
    },
    service::{meters::Source, patience::in_time},
};

/// The holder of a secret, and by what it is judged.
#[derive(Clone)]
pub struct Held {
    /// The holder.
    pub known: Arc<Known>,
    /// The clock of the database.
    pub now: OffsetDateTime,
    /// Every change that was committed before this is in it.
    pub as_of: OffsetDateTime,
}

/// What is known of a secret.
#[derive(Clone)]
pub(super) struct Answer {
    held: Option<Held>,
    as_of: OffsetDateTime,
}

/// Who holds it, or since when it is known that nobody does.
pub(in crate::service) type Found = Result<Held, OffsetDateTime>;

impl From<Recalled<Arc<Known>>> for Held {
    fn from(recalled: Recalled<Arc<Known>>) -> Self {
        Self { known: recalled.what, now: recalled.now, as_of: recalled.as_of }
    }
}

impl From<Answer> for Found {
    fn from(answer: Answer) -> Self {
        answer.held.ok_or(answer.as_of)
    }
}

impl Fresh {
    /// Who holds this secret.
    pub(in crate::service) async fn holder(&self, asker: &Asker, hash: SecretHash) -> Result<Found, Error> {
        if let Some(recalled) = self.memory.holder(&hash, None) {
            return Ok(Ok(recalled.into()));
        }
        let answer = self.ask_one(asker, hash).await?;
        self.memory.meters().looked_up(Source::Database, 1);
        Ok(answer.into())
    }

    /// Who holds these secrets, in their order; each at least as fresh as that change, if one is named with it.
    pub(in crate::service) async fn holders(
        &self,
        asker: &Asker,
        wanted: &[(SecretHash, Option<&Change>)],
    ) -> Result<Vec<Found>, Error> {
        let mut found: Vec<Option<Found>> = Vec::with_capacity(wanted.len());
        found.extend(wanted.iter().map(|(hash, at_least)| Some(Ok(self.memory.holder(hash, *at_least)?.into()))));
        let missing: Vec<SecretHash> =
            wanted.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|((hash, _), _)| *hash).collect();
        let mut answers = match missing.as_slice() {
            [] => Vec::new(),
            [one] => vec![self.ask_one(asker, *one).await?],
            many => ask(&self.memory, asker, many).await?,
        }
        .into_iter();
        self.memory.meters().looked_up(Source::Database, answers.len());
        let of = |found: Option<Found>| found.or_else(|| answers.next().map(Found::from));
        let lost = || Error::Unavailable("a look-up lacks an answer".to_owned());
        found.into_iter().map(of).map(|found| found.ok_or_else(lost)).collect()
    }

    async fn ask_one(&self, asker: &Asker, hash: SecretHash) -> Result<Answer, Error> {
        let (memory, asker) = (Arc::clone(&self.memory), asker.clone());
        let fly = move || {
            let (memory, asker) = (Arc::clone(&memory), asker.clone());
            async move {
                let answer = ask(&memory, &asker, &[hash]).await?.pop();
                answer.ok_or_else(|| Error::Unavailable("a look-up lacks an answer".to_owned()))
            }
        };
        self.flights.join(hash, fly).await
    }

    /// What is remembered of the holder of this secret, for who could not ask the database.
    pub(in crate::service) fn holder_in_grace(&self, hash: &SecretHash) -> Option<Held> {
        self.memory.holder_in_grace(hash).map(Held::from)
    }

    /// The mesh of that name, if it is remembered.
    pub(in crate::service) fn place(&self, org: OrgId, named: &str) -> Option<KnownPlace> {
        self.memory.place(org, named)
    }

    /// The same while the database is out of reach, for as long as the grace lasts.
    pub(in crate::service) fn place_in_grace(&self, org: OrgId, named: &str) -> Option<KnownPlace> {
        self.memory.place_in_grace(org, named)
    }

    /// Begins to look up a mesh.
    pub(in crate::service) fn look_at_place(&self) -> Looking<'_> {
        Looking { memory: &self.memory, ticket: self.memory.ticket() }
    }
}

/// A look-up of a mesh, of a gate, or of what an org has declared, that is under way.
pub(in crate::service) struct Looking<'a> {
    memory: &'a Memory,
    ticket: Ticket,
}

impl Looking<'_> {
    /// Refuses what is read on a server that may have been replaced.
    pub(in crate::service) async fn ensure_relied_on(&self, db: &impl GenericClient) -> Result<(), Error> {
        let standing = lookup::standing(db).await?;
        if self.memory.relies_on(&standing) { Ok(()) } else { Err(not_relied_on()) }
    }

    /// Remembers that the org has declared this.
    pub(in crate::service) fn remember_declared(&self, org: OrgId, name: &DeclaredName) {
        self.memory.remember_declared(org, name, self.ticket);
    }

    /// Remembers a gate.
    pub(in crate::service) fn remember_gate(&self, gate: &Arc<Gate>) {
        self.memory.remember_gate(gate, self.ticket);
    }

    /// Remembers what was found.
    pub(in crate::service) fn remember(&self, org: OrgId, named: &str, mesh: MeshId, is_archived: bool) {
        self.memory.remember_place(org, named, (mesh, is_archived), self.ticket);
    }
}

/// Asks the database; once more if what it said was overtaken, or is too old to be used.
async fn ask(memory: &Memory, asker: &Asker, hashes: &[SecretHash]) -> Result<Vec<Answer>, Error> {
    for _ in 0..2 {
        let (ticket, sent) = (memory.ticket(), boot());
        memory.hooks().at(Point::TicketTaken).await;
        let asking = asker.ask(async |client| {
            let looked = lookup::lookup(client, hashes).await?;
            // A connection to another server than that of the beats is not used again.
            if memory.relies_on(&looked.standing) { Ok(looked) } else { Err(not_relied_on()) }
        });
        let looked = in_time(asking).await?;
        memory.hooks().at(Point::LookedUp).await;
        if let Some(answers) = take_in(memory, ticket, sent, hashes, looked) {
            return Ok(answers);
        }
    }
    Err(Error::Unavailable("what it says is out of date when it arrives".to_owned()))
}

/// The database may have been replaced by another that this process does not know of.
fn not_relied_on() -> Error {
    Error::Unavailable("it is not known to be the primary any more".to_owned())
}

/// What was looked up, if it may be used.
fn take_in(
    memory: &Memory,
    ticket: Ticket,
    sent: Tick,
    hashes: &[SecretHash],
    looked: lookup::Looked,
) -> Option<Vec<Answer>> {
    let (now, as_of) = (memory.no_earlier(looked.now), looked.as_of);
    let made = |credential| {
        let limit = memory.limits.of(&credential);
        Arc::new(Known::new(credential, ticket, limit))
    };
    let known: Vec<Option<Arc<Known>>> = looked.found.into_iter().map(|found| found.map(made)).collect();
    let is_current = known.iter().flatten().all(|known| memory.is_current(known));
    if !is_current || boot() >= sent.after(memory.bound().trust()) || !memory.relies_on(&looked.standing) {
        return None;
    }
    memory.hooks().pass(Point::Current);
    for (hash, known) in hashes.iter().zip(&known) {
        if let Some(known) = known {
            memory.remember(*hash, known);
        }
    }
    Some(known.into_iter().map(|known| Answer { held: known.map(|known| Held { known, now, as_of }), as_of }).collect())
}
