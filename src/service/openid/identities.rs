//! Whom a person is known by: connected and disconnected by the person itself, and never by an address.

use serde_json::json;
use tracing::info;

use super::Proven;
use crate::{
    db::{self, identities, ways},
    domain::{
        IdentityId, UserId,
        audit::Action,
        openid::{Identity, MOST, Purpose},
    },
    service::{
        House, Refusal, own_record,
        patience::in_time,
        sessions::{Browser, SignedIn},
        ways::is_left,
    },
};

/// Why one was not connected.
#[derive(Debug)]
pub enum NotConnected {
    /// Another is signed in now than the one who began it.
    OtherSession,
    /// Somebody else is known by it.
    OfAnother,
    /// There are as many as there may be.
    TooMany,
    /// What can happen to every verb.
    Refused(Refusal),
}

/// Why one was not disconnected.
#[derive(Debug)]
pub enum NotDisconnected {
    /// The person could not sign in any more.
    LastWay,
    /// What can happen to every verb.
    Refused(Refusal),
}

macro_rules! refused {
    ($($why:ident)+) => {$(
        impl From<db::Error> for $why {
            fn from(error: db::Error) -> Self {
                Self::Refused(error.into())
            }
        }
        impl From<Refusal> for $why {
            fn from(refusal: Refusal) -> Self {
                Self::Refused(refusal)
            }
        }
        impl db::store::CastsDoubt for $why {
            fn casts_doubt(&self) -> bool {
                matches!(self, Self::Refused(refusal) if refusal.casts_doubt())
            }
        }
    )+};
}
refused! { NotConnected NotDisconnected }

/// Whom this person is known by.
pub async fn list(house: &House, user: UserId) -> Result<Vec<Identity>, Refusal> {
    Ok(in_time(house.store.ask(async |client| identities::list(client, user).await)).await?)
}

/// Connects whom a provider has named with who is signed in, and was when it began.
pub async fn connect(house: &House, by: &SignedIn, proven: &Proven, browser: &Browser) -> Result<(), NotConnected> {
    if proven.purpose() != Purpose::Connect(by.session()) {
        return Err(NotConnected::OtherSession);
    }
    let claims = proven.claims();
    let connect = house.store.ask(async |client| {
        let transaction = client.transaction().await.map_err(db::Error::from)?;
        // Whoever resets the account removes what was added before, and signs out who would add more.
        if !ways::hold(&transaction, by.user(), by.session()).await? {
            return Err(NotConnected::OtherSession);
        }
        match identities::find(&transaction, claims).await? {
            Some(found) if found.user == by.user() => {
                identities::used(&transaction, found.id, claims).await?;
            }
            Some(_) => return Err(NotConnected::OfAnother),
            None => {
                if identities::count(&transaction, by.user()).await? >= MOST {
                    return Err(NotConnected::TooMany);
                }
                identities::insert(&transaction, IdentityId::new(), by.user(), claims).await.map_err(taken)?;
                let after = Some(json!({ "issuer": claims.issuer }));
                own_record::write(&transaction, by, browser, Action::UserIdentityAdded, after).await?;
            }
        }
        transaction.commit().await.map_err(db::Error::from)?;
        Ok(())
    });
    in_time(connect).await?;
    info!(user = %by.user(), issuer = claims.issuer, "an identity was connected");
    Ok(())
}

fn taken(error: db::Error) -> NotConnected {
    if matches!(error, db::Error::Taken(_)) { NotConnected::OfAnother } else { error.into() }
}

/// Disconnects one of the person's own, unless it is the last way in. There need not be one.
pub async fn disconnect(
    house: &House,
    by: &SignedIn,
    id: IdentityId,
    browser: &Browser,
) -> Result<(), NotDisconnected> {
    let disconnect = house.store.ask(async |client| {
        let transaction = client.transaction().await.map_err(db::Error::from)?;
        ways::hold(&transaction, by.user(), by.session()).await?;
        if let Some(issuer) = identities::remove(&transaction, by.user(), id).await? {
            if !is_left(house, &transaction, by.user()).await? {
                return Err(NotDisconnected::LastWay);
            }
            let after = Some(json!({ "issuer": issuer }));
            own_record::write(&transaction, by, browser, Action::UserIdentityRemoved, after).await?;
        }
        transaction.commit().await.map_err(db::Error::from)?;
        Ok(())
    });
    in_time(disconnect).await?;
    info!(user = %by.user(), "an identity was disconnected");
    Ok(())
}
