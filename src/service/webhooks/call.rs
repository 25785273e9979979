//! Calls of webhooks: taken from where they wait, and made. A call that fails is made again, with growing pauses, for a day; it has the
//! same id each time, so that who hears it twice knows it.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use reqwest::{
    Client,
    header::{CONTENT_TYPE, USER_AGENT},
    redirect::Policy,
};
use tracing::{info, warn};

use super::target::Address;
use crate::{
    db::{
        Error,
        webhooks::calls::{self, Call, Target},
    },
    domain::webhook::Callable,
    service::{
        House,
        mail::{GIVEN_UP, in_words},
        patience::in_time,
    },
};

/// How long the calls that wait are left alone where nobody says that there is one: another process may have put it there.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long one call may take. With the look-up before it, it is over before it is due again.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many calls are made at once. A receiver who is slow takes one place, and the others go on.
const AT_ONCE: usize = 8;
/// What is said where the store fails.
const UNREADABLE: &str = "the calls that wait cannot be read; they will be, the next time";

/// Makes the calls that are due, for ever. To be spawned and aborted.
pub async fn keep_calling(house: Arc<House>) {
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < AT_ONCE {
            match in_time(take(&house)).await {
                Ok(Some((call, target))) => under_way.push(make(&house, call, target)),
                Ok(None) => break,
                Err(error) => {
                    warn!(%error, "{UNREADABLE}");
                    break;
                }
            }
        }
        let is_room = under_way.len() < AT_ONCE;
        tokio::select! {
            Some(made) = under_way.next() => if let Err(error) = made { warn!(%error, "{UNREADABLE}") },
            _ = tokio::time::timeout(INTERVAL, house.webhooks.wake.notified()), if is_room => {}
        }
    }
}

async fn take(house: &House) -> Result<Option<(Call, Option<Target>)>, Error> {
    house
        .store
        .operate(async |operator| {
            let Some(call) = calls::take(operator).await? else { return Ok(None) };
            let target = calls::target(operator, call.org).await?;
            Ok::<_, Error>(Some((call, target)))
        })
        .await
}

/// Makes one, and writes down how that ended. Without a target nobody wants to hear of it any more.
async fn make(house: &House, call: Call, target: Option<Target>) -> Result<(), Error> {
    let Some(target) = target else {
        return in_time(house.store.operate(async |operator| calls::done(operator, &call).await)).await;
    };
    let answer = post(&call, &target, house.webhooks.callable).await;
    // What only tries it out is not made again: somebody looks.
    let after = if call.is_test { time::Duration::ZERO } else { GIVEN_UP };
    let conclude = house.store.operate(async |operator| {
        let (status, reason) = match &answer {
            Ok(status) => (Some(i32::from(*status)), None),
            Err((status, reason)) => (status.map(i32::from), Some(reason.as_str())),
        };
        let is_given_up = match reason {
            None => calls::done(operator, &call).await.map(|()| false),
            Some(reason) => calls::failed(operator, &call, reason, after).await,
        }?;
        // Only then: who sees how it ended, and tries it out again, finds no call that waits.
        calls::answered(operator, call.org, status, reason).await?;
        Ok::<_, Error>(is_given_up)
    });
    let is_given_up = in_time(conclude).await?;
    let org = call.org;
    // No warning: who manages an org says what is called, and could fill the log with them.
    match &answer {
        Ok(status) => info!(%org, status, "a webhook was called"),
        Err((status, reason)) => info!(%org, ?status, reason, is_given_up, "a webhook could not be called"),
    }
    Ok(())
}

/// The status, or the status and what is wrong. Nothing is read of the answer but its head, and no redirect is followed.
async fn post(call: &Call, Target { url, secret }: &Target, callable: Callable) -> Result<u16, (Option<u16>, String)> {
    let failed = |why: String| (None, why);
    let address = Address::read(url, callable).map_err(|unfit| failed(unfit.to_string()))?;
    let found = address.look_up(callable).await.map_err(|why| failed(why.to_owned()))?;
    let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE);
    let client = client.resolve_to_addrs(address.host(), &found).build();
    let client = client.map_err(|error| failed(in_words(&error.without_url())))?;
    let (id, timestamp) = (format!("msg_{}", call.id.simple()), call.now.unix_timestamp());
    let request = client
        .post(address.url())
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("meshkey/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", secret.sign(&id, timestamp, &call.body))
        .body(call.body.clone());
    let answer = request.send().await.map_err(|error| failed(in_words(&error.without_url())))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(status.as_u16());
    }
    let why = if status.is_redirection() { "it leads elsewhere, where nobody follows" } else { "it says no" };
    Err((Some(status.as_u16()), format!("{why}: {}", status.as_u16())))
}
