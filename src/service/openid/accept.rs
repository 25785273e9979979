//! Accepting an invitation by a provider: it must vouch for the address that was invited.

use super::Proven;
use crate::{
    domain::{Email, audit::Trail, openid::Purpose},
    service::{
        House,
        invitations::{Accepted, NotAccepted, Taker, accept_by},
        people::name_of,
    },
};

/// Makes a person of who was named, who is a member then.
pub async fn accept(house: &House, proven: &Proven, trail: &Trail) -> Result<Accepted, NotAccepted> {
    let Purpose::Invitation(token) = proven.purpose() else { return Err(NotAccepted::Unknown) };
    let claims = proven.claims();
    let named = |email: &Email| claims.name.clone().map_or_else(|| name_of(email), Ok);
    let name = claims.email.as_ref().map(named).transpose()?.ok_or(NotAccepted::NotVouchedFor)?;
    accept_by(house, token, &Taker::Named { name, claims: claims.clone() }, trail).await
}
