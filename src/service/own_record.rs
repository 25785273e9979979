//! What people change of their own, written down in the chain of each org that they are in: who manages an org sees it there.

use serde_json::Value;

use super::{
    Refusal,
    house::record,
    sessions::{Browser, SignedIn},
};
use crate::{
    db::{Transaction, store::act_for, users},
    domain::audit::{Action, Actor, Change, Subject},
};

/// Writes it down, as the last act of its transaction.
pub(super) async fn write(
    transaction: &Transaction<'_>,
    by: &SignedIn,
    browser: &Browser,
    action: Action,
    after: Option<Value>,
) -> Result<(), Refusal> {
    let user = by.user();
    // In their order, so that nobody waits for who waits.
    for org in users::orgs(transaction, user).await? {
        act_for(transaction, org).await?;
        let subject = Subject { kind: "member", id: user.to_string() };
        let change = Change { action, subject, mesh: None, before: None, after: after.clone() };
        record(transaction, org, Actor::User(user), &browser.trail, change).await?;
    }
    Ok(())
}
