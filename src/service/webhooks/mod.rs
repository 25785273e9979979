//! The webhook of an org: where it wants to hear by HTTP that keys end soon. Who manages the whole org says where.

mod call;
mod target;

pub use call::keep_calling;

use serde_json::json;
use tokio::sync::Notify;

use self::target::Address;
use super::{
    Admitted, House, Refusal, authority,
    house::{Mode, record},
    record::{changed, ended, made},
};
pub use crate::db::webhooks::Webhook;
use crate::{
    db::webhooks,
    domain::{
        audit::Action,
        webhook::{Callable, HookSecret},
    },
};

/// What calling webhooks stands on.
#[derive(Debug, Default)]
pub struct Webhooks {
    /// Who may be called.
    pub callable: Callable,
    wake: Notify,
}

impl Webhooks {
    /// Those that may call these.
    #[must_use]
    pub fn new(callable: Callable) -> Self {
        Self { callable, ..Self::default() }
    }

    /// Says that a call may wait.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }
}

/// A webhook as it was set, with what signs its calls where that is new.
pub struct Set {
    /// The webhook.
    pub webhook: Webhook,
    /// Shown this one time.
    pub secret: Option<HookSecret>,
}

/// Where a URL leads, without what may be secret in it.
pub(super) fn place_of(url: &str) -> String {
    reqwest::Url::parse(url).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
}

/// Shows the webhook of the org.
pub async fn show(house: &House, by: &Admitted) -> Result<Webhook, Refusal> {
    let org = by.org();
    house.look(org, async |transaction| webhooks::show(transaction, org).await?.ok_or(Refusal::NotFound)).await
}

/// Has the org hear there, in place of where it did before. What signs is made where there was none, or where a new one is wanted.
pub async fn set(house: &House, by: &Admitted, url: &str, is_new_wanted: bool) -> Result<Set, Refusal> {
    let org = by.org();
    let address = Address::read(url, house.webhooks.callable);
    let url = address.map_err(|why| Refusal::invalid("/url", why.to_string()))?.to_string();
    house
        .within(org, Mode::Real, async |transaction| {
            authority::hold(transaction, by).await?;
            let is_there = webhooks::lock(transaction, org).await?;
            let before = if is_there { webhooks::show(transaction, org).await? } else { None };
            let mut secret = Some(HookSecret::generate()?);
            match &secret {
                Some(new) if before.is_none() => {
                    webhooks::insert(transaction, org, &url, new).await?;
                }
                _ => {
                    secret = secret.filter(|_| is_new_wanted);
                    webhooks::edit(transaction, org, &url, secret.as_ref()).await?;
                }
            }
            let webhook = webhooks::show(transaction, org).await?.ok_or(Refusal::NotFound)?;
            let change = match &before {
                None => made(Action::WebhookCreated, &webhook),
                Some(before) => changed(Action::WebhookEdited, before, &webhook),
            };
            record(transaction, org, by.actor(), by.trail(), change).await?;
            Ok(Set { webhook, secret })
        })
        .await
}

/// Takes the webhook away, with all that waits.
pub async fn remove(house: &House, by: &Admitted) -> Result<Webhook, Refusal> {
    let org = by.org();
    house
        .within(org, Mode::Real, async |transaction| {
            authority::hold(transaction, by).await?;
            webhooks::lock(transaction, org).await?;
            let webhook = webhooks::show(transaction, org).await?.ok_or(Refusal::NotFound)?;
            webhooks::remove(transaction, org).await?;
            record(transaction, org, by.actor(), by.trail(), ended(Action::WebhookRemoved, &webhook)).await?;
            Ok(webhook)
        })
        .await
}

/// Has the webhook called to try it out, soon: how that ends is told by [`show`].
pub async fn try_out(house: &House, by: &Admitted) -> Result<Webhook, Refusal> {
    let org = by.org();
    let body = json!({ "type": "test", "org": org, "keys": [] }).to_string();
    let webhook = house
        .within(org, Mode::Real, async |transaction| {
            authority::hold(transaction, by).await?;
            if !webhooks::lock(transaction, org).await? {
                return Err(Refusal::NotFound);
            }
            webhooks::try_out(transaction, org, &body).await?;
            webhooks::show(transaction, org).await?.ok_or(Refusal::NotFound)
        })
        .await?;
    house.webhooks.wake();
    Ok(webhook)
}
