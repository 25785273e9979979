//! Personal keys: bound to a person, within what that person may do.

use super::{Admitted, Conflict, Fault, House, Kept, Once, Refusal, house::Mode, issue, issue::Issued, issue::Wish};
use crate::{
    db::{Transaction, idempotency::Request, members, signed_in},
    domain::{OrgId, Rights, Terms, UserId, rights::grants_of},
};

/// How many keys that are not revoked a person may have in one org.
const MOST: usize = 100;

/// Issues a key that is bound to the person who is signed in: within what that person may do, whatever that is.
pub async fn issue_own(
    house: &House,
    by: &Admitted,
    wish: &Wish,
    mode: Mode,
    request: Option<&Request>,
    keep: &dyn Fn(&Issued) -> Kept,
) -> Result<Once<Issued>, Refusal> {
    let person = by.person().ok_or(Refusal::NoPerson)?;
    if wish.user.is_some_and(|user| user != person.user) {
        return Err(Refusal::invalid("/user", "a key of your own is bound to you, and to nobody else"));
    }
    let own = Wish { user: Some(person.user), ..wish.clone() };
    issue::issue(house, by, &own, mode, request, keep).await
}

/// Refuses a key that its person could not use, from the first moment on. The person is held.
///
/// Who may not see the members of the org gets one answer, whatever is in the way: it is not told who is one.
pub(super) async fn ensure_may(
    transaction: &Transaction<'_>,
    (org, rights): (OrgId, Rights<'_>),
    (user, is_own): (UserId, bool),
    given: &Terms,
) -> Result<(), Refusal> {
    let judged = judge(transaction, org, user, given).await;
    match judged {
        Err(Refusal::Invalid(_) | Refusal::Conflict(_)) if !is_own && !rights.is_whole(org) => {
            Err(Refusal::invalid("/user", "there is no member here who could use this key"))
        }
        judged => judged,
    }
}

async fn judge(transaction: &Transaction<'_>, org: OrgId, user: UserId, given: &Terms) -> Result<(), Refusal> {
    let unknown = || Refusal::invalid("/user", "there is no such member in this org");
    let member = signed_in::member(transaction, org, user).await?.ok_or_else(unknown)?;
    if members::personal(transaction, org, user).await?.len() >= MOST {
        return Err(Conflict::KeyLimitReached.into());
    }
    if member.is_suspended {
        return Err(Refusal::invalid("/user", "this person is suspended"));
    }
    let grants = grants_of(&member.memberships);
    if Rights::new(&grants, None).covers(&given.grant) {
        return Ok(());
    }
    let allows = |capability| {
        grants.iter().any(|grant| grant.owner.covers(given.grant.owner) && grant.capabilities.allows(capability))
    };
    let beyond = given.grant.capabilities.iter().filter(|capability| !allows(capability));
    let words =
        |capability| Fault::at("/capabilities", format!("'{capability}' is more than this person may do there"));
    Err(Refusal::Invalid(beyond.map(words).collect()))
}
