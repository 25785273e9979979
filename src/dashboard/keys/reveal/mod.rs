//! The one time that a secret is seen: a state of the page, which neither Escape nor a click elsewhere ends. The secret stands in this
//! answer and nowhere else; what holds it is marked, and wiped when the page is left.

mod formats;

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use self::formats::{Format, file_of, formats};
use crate::{
    dashboard::{
        Fault,
        org::{Insider, Section},
        parts::times::{apart, wire},
    },
    domain::{Key, KeyId, Slug, key::Use},
    http::oauth::PublicUrl,
    service::{House, Kept, Refusal, issue::Issued},
};

/// The page with the secret.
pub async fn show<N>(house: &House, insider: &Insider<N>, issued: &Issued, title: &str) -> Result<HttpResponse, Fault> {
    let request = &insider.person.request;
    let base = request.app_data::<Data<PublicUrl>>().map(|url| url.origin().to_owned());
    let base = base.unwrap_or_else(|| format!("http://{}", request.connection_info().host()));
    let key = &issued.key.key;
    let done = insider.at(&format!("/keys/{}", key.id));
    let main = markup(key, issued.secret.reveal(), &base, &done);
    insider.show(house, Section::Keys, title, main).await
}

/// What is there of the first answer.
#[derive(Deserialize)]
struct Before {
    id: KeyId,
    label: String,
}

/// The form was sent again: the key is there, and its secret is not shown a second time.
pub async fn again<N>(house: &House, insider: &Insider<N>, kept: &Kept) -> Result<HttpResponse, Fault> {
    let before: Before =
        serde_json::from_str(kept.body.get()).map_err(|_| Refusal::Impossible("a kept answer that cannot be read"))?;
    let path = insider.at(&format!("/keys/{}", before.id));
    let main = html! {
        section.narrow {
            p { "This form was sent before: " strong { (before.label) } " has its secret, and that was shown once. Nothing was done a second time." }
            p { "If nobody has saved it, give the key a new secret." }
            div.actions { a.button href={ (path) "/rotate" } { "Rotate it" } a href=(path) { "See the key" } }
        }
    };
    insider.show(house, Section::Keys, "Shown once already", main).await
}

/// The secret with all that one does with it. `done` is the page of the key.
#[must_use]
pub fn markup(key: &Key, secret: &str, base: &str, done: &str) -> Markup {
    let file = file_of(key.label.as_str());
    html! {
        section.reveal data-reveal {
            h2 data-first { "Save this key now. It cannot be shown again." }
            div.field {
                label for="secret" { "The key " (key.label) }
                input.mono id="secret" type="text" value=(secret) readonly data-secret autocomplete="off" autocapitalize="none"
                    spellcheck="false" aria-describedby="secret-hint";
                span.hint id="secret-hint" { "Whoever has it can do all that the key may. Keep it where secrets are kept, and never in code." }
            }
            div.actions {
                button type="button" data-copy="secret" data-told="secret-told" data-done="The key is copied." hidden { "Copy" }
                button.second type="button" data-show="secret" aria-pressed="false" hidden { "Show" }
                button.second type="button" data-download=(file) hidden { "Download " (file) }
                button.second type="button" data-try hidden { "Test it now" }
            }
            p role="status" id="secret-told" {}
            p.quiet data-scripted hidden { "A browser cannot set who may read a file: after a download, run " code { "chmod 600 " (file) } ". A test is counted as a use of the key; what waits for its first use goes on waiting." }
            (as_written(&formats(key.label.as_str(), secret, base)))
            form.saved method="get" action=(done) {
                input type="hidden" name="new" value="1";
                input type="hidden" name="tested" disabled;
                label.choice for="saved" data-scripted hidden {
                    input type="checkbox" id="saved";
                    span { "I saved it" }
                }
                div.actions { button { "Done" } }
            }
        }
    }
}

fn as_written(formats: &[Format]) -> Markup {
    html! {
        h3 { "As it is used" }
        @for Format { id, title, words, text, is_secret } in formats {
            details {
                summary { (title) }
                p.quiet { (words) }
                pre.recipe id=(id) tabindex="0" data-secret[*is_secret] { (text) }
                button.second type="button" data-copy=(id) data-told="secret-told" hidden { "Copy" }
            }
        }
    }
}

/// How long after a test its use may seem to have been: clocks differ.
const AFTER_TEST: Duration = Duration::seconds(5);

/// What a page of a key says of its first use: that it is waited for, or when and from where it was. A script looks every few seconds,
/// for some minutes. To have tried the key here is no use that anybody waits for.
#[must_use]
pub fn waiting(
    org: &Slug,
    key: KeyId,
    (last, tested): (Option<Use>, Option<OffsetDateTime>),
    now: OffsetDateTime,
) -> Markup {
    let until = tested.map(|at| at.saturating_add(AFTER_TEST));
    let used = last.filter(|used| until.is_none_or(|until| used.at > until));
    html! {
        p.waiting role="status" data-waiting=[used.is_none().then(|| format!("/v1/orgs/{org}/keys/{key}"))] data-tested=[until.map(wire)] {
            @match (used, tested) {
                (None, None) => "Waiting for first use…",
                (None, Some(_)) => "Your test was seen. Waiting for the first use elsewhere…",
                (Some(Use { at, from }), _) => {
                    "First used " (apart(at, now)) @if let Some(from) = from { " from " (from) } "."
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_never_used_is_waited_for() {
        let (org, key, now) = ("acme".parse().unwrap(), KeyId::new(), OffsetDateTime::UNIX_EPOCH);
        let page = waiting(&org, key, (None, None), now).into_string();
        assert!(
            page.contains(&format!("data-waiting=\"/v1/orgs/acme/keys/{key}\""))
                && page.contains("Waiting for first use")
        );
        let first = Use { at: now - Duration::MINUTE, from: Some("10.0.4.7".parse().unwrap()) };
        let page = waiting(&org, key, (Some(first), None), now).into_string();
        assert!(page.contains("First used 60 seconds ago from 10.0.4.7.") && !page.contains("data-waiting"), "{page}");
        // A test is none that is waited for; what comes behind it is.
        let page = waiting(&org, key, (Some(first), Some(first.at - Duration::SECOND)), now).into_string();
        assert!(page.contains("Waiting for the first use elsewhere") && page.contains("data-waiting"), "{page}");
        let page = waiting(&org, key, (Some(first), Some(first.at - Duration::MINUTE)), now).into_string();
        assert!(page.contains("First used 60 seconds ago"), "{page}");
    }
}
