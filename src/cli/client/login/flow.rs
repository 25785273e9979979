//! The way of RFC 8628: what is shown, and the waiting.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use zeroize::Zeroizing;

use super::{
    super::{super::Failure, answer::Answer, ask::Ask, connection::Client, kept::Credential, logout, print::text},
    browser,
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long an answer that is under way is waited for by who has interrupted.
const LAST: Duration = Duration::from_secs(5);
/// By how much longer a terminal waits that came too early (RFC 8628, 3.5).
const LONGER: Duration = Duration::from_secs(5);

/// Shows where to go.
pub(super) fn show(client: &Client, begun: &Value, no_browser: bool) {
    let (page, link) = (text(begun, "verification_uri"), text(begun, "verification_uri_complete"));
    // Also for who wants quiet: without it nothing goes on.
    eprintln!("Open  {page}\nType  {}\n\nOr open  {link}", text(begun, "user_code"));
    if !no_browser && browser::open(&link) {
        client.say("\nYour browser was asked to open it.");
    }
    client.say("\nWaiting for you to decide there. Ctrl-C gives up.");
}

/// Waits until somebody has decided.
pub(super) async fn wait(client: &Client, begun: &Value) -> Result<Credential, Failure> {
    let number = |member: &str| begun[member].as_u64().map(Duration::from_secs);
    let unknown = || Failure::Other("the answer is none of Meshkey's; is the URL right?".to_owned());
    let code = Zeroizing::new(begun["device_code"].as_str().ok_or_else(unknown)?.to_owned());
    let until = Instant::now() + number("expires_in").unwrap_or(Duration::from_mins(10));
    let mut pause = number("interval").unwrap_or(LONGER);
    let pairs = [("grant_type", GRANT), ("client_id", "meshkey-cli"), ("device_code", code.as_str())];
    let ask = Ask::form(&["v1", "token"], &pairs);
    while Instant::now() < until {
        tokio::select! {
            () = sleep(pause) => {}
            _ = tokio::signal::ctrl_c() => return Err(Failure::Interrupted),
        }
        match poll(client, &ask).await {
            Ok(answer) => match said(client, answer)? {
                Said::Key(credential) => return Ok(credential),
                Said::NotYet => {}
                Said::SlowDown => pause += LONGER,
            },
            // Out of reach for now: it may come back while there is time.
            Err(Failure::Unavailable(_)) => pause += LONGER,
            Err(failure) => return Err(failure),
        }
    }
    Err(over())
}

/// Asks once. Who interrupts meanwhile leaves no key behind that nobody has.
async fn poll(client: &Client, ask: &Ask) -> Result<Answer, Failure> {
    let asking = client.raw(ask);
    tokio::pin!(asking);
    tokio::select! {
        answer = &mut asking => answer,
        _ = tokio::signal::ctrl_c() => {
            if let Ok(Ok(answer)) = timeout(LAST, asking).await
                && let Ok(Said::Key(credential)) = said(client, answer)
            {
                let _ = logout::revoke(&client.flags, &credential).await;
            }
            Err(Failure::Interrupted)
        }
    }
}

enum Said {
    Key(Credential),
    NotYet,
    SlowDown,
}

fn said(client: &Client, answer: Answer) -> Result<Said, Failure> {
    let value = answer.value()?;
    if !answer.is_problem() {
        return Ok(Said::Key(credential(client, &value)?));
    }
    match value["error"].as_str().unwrap_or_default() {
        "authorization_pending" => Ok(Said::NotYet),
        "slow_down" => Ok(Said::SlowDown),
        "access_denied" => {
            let words = "it was denied, or may not be given any more; no key was kept".to_owned();
            Err(Failure::Refused { code: 4, words, is_json: false })
        }
        "expired_token" => Err(over()),
        _ if answer.status >= 500 => Ok(Said::SlowDown),
        _ => Err(client.refused(answer)),
    }
}

fn over() -> Failure {
    Failure::NotSignedIn("nobody has decided within ten minutes: run `meshkey login` again".to_owned())
}

fn credential(client: &Client, value: &Value) -> Result<Credential, Failure> {
    let unknown = || Failure::Other("the answer is none of Meshkey's; is the URL right?".to_owned());
    let secret = Zeroizing::new(value["access_token"].as_str().ok_or_else(unknown)?.to_owned());
    let optional = |path: &str| Some(text(value, path)).filter(|text| !text.is_empty());
    Ok(Credential {
        url: client.base().to_string(),
        token: secret,
        key: text(value, "key"),
        user: optional("user"),
        org: text(value, "org"),
        expires_at: optional("expires_at"),
        is_own: true,
    })
}
