//! What a person may know of itself.

use time::OffsetDateTime;

use super::{House, Refusal, patience::in_time};
use crate::{
    db::{
        sessions,
        signed_in::{self, Part},
        users,
    },
    domain::{OrgId, SessionHash, SessionId, User, UserId},
};

/// By what a person shows who it is.
#[derive(Debug, Clone, Copy)]
pub enum Shown {
    /// A session.
    Session(SessionHash),
    /// A key that is bound to the person: it tells of its own org alone.
    Key(UserId, OrgId),
}

/// A person, and what it is where.
#[derive(Debug)]
pub struct Known {
    /// Who.
    pub user: User,
    /// In which orgs and meshes, and as what.
    pub parts: Vec<Part>,
}

/// Where a person is signed in, and when it last showed there who it is.
type Session = (SessionId, OffsetDateTime);

/// Tells a person who it is, and as what it is in which orgs.
pub async fn show(house: &House, shown: Shown) -> Result<(Known, Option<Session>), Refusal> {
    in_time(house.store.ask(async |client| {
        let (user, session) = match shown {
            Shown::Key(user, _) => (user, None),
            Shown::Session(hash) => {
                let found = sessions::find(client, hash).await?;
                let found = found.filter(|found| !found.is_half && found.is_live(house.lifetimes));
                let found = found.ok_or(Refusal::SignedOut)?;
                (found.user, Some((found.id, found.confirmed_at)))
            }
        };
        let known = users::show(client, user).await?.ok_or(Refusal::NotFound)?;
        let mut parts = signed_in::parts(client, user).await?;
        if let Shown::Key(_, org) = shown {
            parts.retain(|part| part.org == org);
        }
        Ok((Known { user: known, parts }, session))
    }))
    .await
}
