//! What people change of their own, written down in the chain of each org that they are in: who manages an org sees it there.

use serde_json::Value;

use super::{
    Refusal,
    people::{Author, write_everywhere},
    sessions::{Browser, SignedIn},
};
use crate::{
    db::Transaction,
    domain::audit::{Action, Actor},
};

/// Writes it down, as the last act of its transaction.
pub(super) async fn write(
    transaction: &Transaction<'_>,
    by: &SignedIn,
    browser: &Browser,
    action: Action,
    after: Option<Value>,
) -> Result<(), Refusal> {
    let author = Author { actor: Actor::User(by.user()), trail: &browser.trail };
    write_everywhere(transaction, &author, by.user(), action, after).await
}
