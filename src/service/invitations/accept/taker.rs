//! Who accepts an invitation: somebody who is known, or a newcomer, with a password or by a provider.

use serde_json::json;
use zeroize::Zeroizing;

use super::{NotAccepted, look_by};
use crate::{
    db::{self, Transaction, identities, passwords, users},
    domain::{
        IdentityId, Title, User, UserId,
        audit::{Action, Change, Subject},
        invitation::{Invitation, TokenHash},
        openid::Claims,
        password::{Password, PasswordHash},
    },
    service::House,
};

/// Who accepts.
pub enum Taker {
    /// A person who is signed in.
    Known(UserId),
    /// Somebody who is nobody here yet.
    Newcomer {
        /// What it wants to be called.
        name: Title,
        /// Its password, as it was typed.
        password: Zeroizing<String>,
    },
    /// The same, who signs in by a provider that has named it so.
    Named {
        /// What it is to be called.
        name: Title,
        /// What the provider says.
        claims: Claims,
    },
}

/// The same, when what is slow was done.
pub(super) enum Ready<'a> {
    Known(UserId),
    Newcomer(UserId, &'a Title, PasswordHash),
    Named(UserId, &'a Title, &'a Claims),
}

/// Hashes a newcomer's password: slow on purpose, and nothing is held meanwhile.
pub(super) async fn ready<'a>(house: &House, token: TokenHash, taker: &'a Taker) -> Result<Ready<'a>, NotAccepted> {
    let (name, text) = match taker {
        Taker::Known(user) => return Ok(Ready::Known(*user)),
        Taker::Named { name, claims } => return Ok(Ready::Named(UserId::new(), name, claims)),
        Taker::Newcomer { name, password } => (name, password),
    };
    let offer = look_by(house, token).await?;
    if offer.has_account {
        return Err(NotAccepted::HasAccount);
    }
    let password = Password::new(text.clone(), &offer.invitation.email, name)?;
    Ok(Ready::Newcomer(UserId::new(), name, house.passwords.hash(&password).await?))
}

/// The person who accepts: the one who is signed in, if it is the one who was invited, or a new one.
pub(super) async fn person(
    transaction: &Transaction<'_>,
    invitation: &Invitation,
    taker: &Ready<'_>,
) -> Result<User, NotAccepted> {
    match taker {
        Ready::Known(user) => {
            let user = users::show(transaction, *user).await?.filter(|user| user.suspended_at.is_none());
            user.filter(|user| user.email == invitation.email).ok_or(NotAccepted::OtherPerson)
        }
        Ready::Newcomer(id, name, password) => {
            if users::find(transaction, &invitation.email).await?.is_some() {
                return Err(NotAccepted::HasAccount);
            }
            let user = users::insert(transaction, *id, (&invitation.email, false), name).await.map_err(taken)?;
            passwords::set(transaction, *id, password).await?;
            Ok(user)
        }
        Ready::Named(id, name, claims) => {
            if !claims.vouches_for(&invitation.email) {
                return Err(NotAccepted::NotVouchedFor);
            }
            let is_known = identities::find(transaction, claims).await?.is_some();
            if is_known || users::find(transaction, &invitation.email).await?.is_some() {
                return Err(NotAccepted::HasAccount);
            }
            // The provider has vouched for the address.
            let user = users::insert(transaction, *id, (&invitation.email, true), name).await.map_err(taken)?;
            identities::insert(transaction, IdentityId::new(), *id, claims).await.map_err(taken)?;
            Ok(user)
        }
    }
}

/// Another org's invitation has made the person meanwhile.
fn taken(error: db::Error) -> NotAccepted {
    if matches!(error, db::Error::Taken(_)) { NotAccepted::HasAccount } else { error.into() }
}

/// That the person is known by a provider from now on.
pub(super) fn named(taker: &Ready<'_>, person: &User) -> Option<Change> {
    let Ready::Named(_, _, claims) = taker else { return None };
    let subject = Subject { kind: "member", id: person.id.to_string() };
    let after = Some(json!({ "issuer": claims.issuer }));
    Some(Change { action: Action::UserIdentityAdded, subject, mesh: None, before: None, after })
}
