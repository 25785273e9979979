//! Disable a key and enable it again: a stop for the time being, beside the final one.

use super::{
    Admitted, Conflict, Done, House, Refusal,
    authority::{self, Managed},
    edit::{Changed, finish},
    effect::Takes,
    house::Mode,
    issue,
    policies::{Handed, InForce},
};
use crate::{
    db::keys,
    domain::{KeyId, audit::Action},
};

/// Stops a key for the time being.
pub async fn disable(house: &House, by: &Admitted, id: KeyId, mode: Mode) -> Result<Done<Changed>, Refusal> {
    house
        .change(by.org(), id, mode, async |transaction| {
            let Managed { subject, .. } = authority::manage(transaction, by, id).await?;
            if subject.key.revoked.is_some() {
                return Err(Conflict::AlreadyRevoked.into());
            }
            if subject.key.disabled_at.is_some() {
                return Err(Conflict::AlreadyDisabled.into());
            }
            keys::disable(transaction, by.org(), id, true).await?;
            Ok((finish(transaction, by, &subject.key, Action::KeyDisabled).await?, Takes::Away))
        })
        .await
}

/// Lets a disabled key work again. That hands it out anew, and is judged so.
pub async fn enable(house: &House, by: &Admitted, id: KeyId, mode: Mode) -> Result<Done<Changed>, Refusal> {
    house
        .change(by.org(), id, mode, async |transaction| {
            let managed = authority::manage(transaction, by, id).await?;
            let own = managed.terms()?;
            let Managed { caller, subject, .. } = managed;
            issue::ensure_handed_out_within(&own, &subject.key.terms)?;
            issue::ensure_person_holds(caller.rights(), &subject.key.terms)?;
            issue::ensure_life_within(&own, &subject.key.terms)?;
            issue::ensure_fresh(&caller, &subject.key.terms)?;
            if subject.key.revoked.is_some() {
                return Err(Conflict::AlreadyRevoked.into());
            }
            if subject.key.disabled_at.is_none() {
                return Err(Conflict::NotDisabled.into());
            }
            let policy = InForce::hold(transaction, subject.key.terms.grant.owner).await?;
            let (terms, note, now) = (&subject.key.terms, subject.key.note.as_ref(), subject.now);
            policy.ensure_hands_out(&caller, &Handed { terms, note, is_own: false, is_said: false, now })?;
            keys::disable(transaction, by.org(), id, false).await?;
            Ok((finish(transaction, by, &subject.key, Action::KeyEnabled).await?, Takes::Nothing))
        })
        .await
}
