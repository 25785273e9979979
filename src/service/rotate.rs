//! Rotate a key: a new secret under the same id, and an end for the old one.

use time::Duration;

use super::{
    Admitted, Conflict, Done, Fault, House, Kept, Once, Refusal,
    authority::{self, Managed},
    edit::{Changed, finish as write_down},
    effect::Takes,
    house::Mode,
    issue::{self, Issued},
    policies::{Handed, InForce},
};
use crate::{
    db::{
        idempotency::Request,
        keys::{self, Dated},
        secrets,
    },
    domain::{Credential, KeyId, Secret, audit::Action, key::end_of_overlap},
};

/// Gives the key a new secret; the old one dies after `overlap`, or after what the policy says, and never after the key.
///
/// A rotation hands the key out anew, so who is not its holder must hold all that the key can do, for as long.
pub async fn rotate(
    house: &House,
    by: &Admitted,
    id: KeyId,
    overlap: Option<Duration>,
    mode: Mode,
    request: Option<&Request>,
    keep: &dyn Fn(&Issued) -> Kept,
) -> Result<Done<Once<Issued>>, Refusal> {
    house
        .change_once(by, id, mode, request, keep, async |transaction| {
            let managed = authority::manage(transaction, by, id).await?;
            let Dated { key, now } = &managed.subject;
            ensure_may_rotate(by, &managed)?;
            ensure_rotatable(&managed.subject)?;
            let policy = InForce::hold(transaction, key.terms.grant.owner).await?;
            let (terms, note, is_own) = (&key.terms, key.note.as_ref(), managed.is_own);
            policy.ensure_hands_out(&managed.caller, &Handed { terms, note, is_own, is_said: false, now: *now })?;
            let overlap = policy.overlap(overlap)?;
            let secret = Secret::generate(&house.prefix)?;
            let dies_at = end_of_overlap(*now, overlap, key.terms.expires_at);
            secrets::replace(transaction, by.org(), id, dies_at).await?;
            secrets::insert(transaction, by.org(), id, key.newest_secret() + 1, &secret).await?;
            keys::touch(transaction, by.org(), id).await?;
            let Changed { before, after } = write_down(transaction, by, key, Action::KeyRotated).await?;
            let takes = if dies_at > after.now { Takes::Nothing } else { Takes::Away };
            Ok((Issued { key: after, secret, before: Some(before) }, takes))
        })
        .await
}

/// Ends the overlap now: only the newest secret lives on.
pub async fn finish(house: &House, by: &Admitted, id: KeyId, mode: Mode) -> Result<Done<Changed>, Refusal> {
    house
        .change(by.org(), id, mode, async |transaction| {
            let managed = authority::manage(transaction, by, id).await?;
            ensure_newest(by, &managed)?;
            if managed.subject.key.revoked.is_some() {
                return Err(Conflict::AlreadyRevoked.into());
            }
            if !secrets::finish(transaction, by.org(), id).await? {
                return Err(Conflict::NotRotating.into());
            }
            keys::touch(transaction, by.org(), id).await?;
            let finished = write_down(transaction, by, &managed.subject.key, Action::KeyRotationFinished).await?;
            Ok((finished, Takes::Away))
        })
        .await
}

fn ensure_may_rotate(by: &Admitted, managed: &Managed) -> Result<(), Refusal> {
    // What is one's own is handed out to nobody else.
    if !managed.is_own {
        let (own, given) = (&managed.terms()?, &managed.subject.key.terms);
        issue::ensure_handed_out_within(own, given)?;
        issue::ensure_person_holds(managed.caller.rights(), given)?;
        issue::ensure_life_within(own, given)?;
    }
    issue::ensure_fresh(&managed.caller, &managed.subject.key.terms)?;
    ensure_newest(by, managed)
}

/// Of a key that rotates itself, only the newest secret may: who holds the old one must not lock out who holds the new.
fn ensure_newest(by: &Admitted, managed: &Managed) -> Result<(), Refusal> {
    let key = &managed.subject.key;
    let is_old = |own: &Credential| own.key == key.id && own.secret != key.newest_secret();
    if by.credential().is_ok_and(is_old) {
        return Err(Refusal::Exceeds(vec![Fault::at("", "only the newest secret of a key may rotate it")]));
    }
    Ok(())
}

fn ensure_rotatable(subject: &Dated) -> Result<(), Refusal> {
    let Dated { key, now } = subject;
    if key.revoked.is_some() {
        return Err(Conflict::AlreadyRevoked.into());
    }
    if key.terms.is_expired(*now) {
        return Err(Conflict::KeyExpired.into());
    }
    if key.is_rotating(*now) {
        return Err(Conflict::AlreadyRotating.into());
    }
    Ok(())
}
