//! What is told of a key wherever several are shown.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::{
    dashboard::{
        parts::{chips, times::ago},
        policy::broken,
    },
    db::{counts::read::Sum, keys::Dated},
    domain::{Key, audit::Actor, key::Status},
    service::listing::{HOURS, Listing, sum},
};

/// How high a bar may be, in the units of its drawing.
const HEIGHT: i64 = 20;
/// How many characters of an id are enough to tell keys apart, and for the command line to know which is meant.
const SHORT: usize = 14;

/// The name, which leads to the key, and by what else one knows it.
pub(super) fn name(key: &Key, path: &str) -> Markup {
    html! {
        a href={ (path) "/" (key.id) } { bdi { (key.label) } }
        div.quiet.ids { code { (key.hint()) "…" } " " code { (short(key)) } }
    }
}

/// The beginning of its id. The first half of an id is the time at which it was made, which no two keys made by people share.
fn short(key: &Key) -> String {
    key.id.to_string().chars().take(SHORT).collect()
}

/// Where it works.
pub(super) fn place(key: &Key, listing: &Listing) -> Markup {
    let grant = &key.terms.grant;
    let mesh = grant.owner.mesh().map(|mesh| listing.names.mesh(mesh).cloned());
    match mesh {
        // A mesh that has just been made is not yet known by its name.
        Some(None) => html! { "a mesh " (chips::place(None, &grant.topics)) },
        Some(named) => chips::place(named.as_ref(), &grant.topics),
        None => chips::place(None, &grant.topics),
    }
}

/// Whose it is, where it is a person's, and who has issued it.
pub(super) fn issued(key: &Key, listing: &Listing, path: &str) -> Markup {
    let names = &listing.names;
    html! {
        @if let Some(user) = key.user {
            div { @match names.person(user) { Some(name) => { bdi { (name) } }, None => "somebody" } }
        }
        div.quiet {
            "by "
            @match key.issued_by {
                Actor::User(user) => @match names.person(user) {
                    Some(name) => a href={ (path) "?issued_by=" (user) } { bdi { (name) } },
                    None => "somebody",
                },
                Actor::Key(issuer) => @match names.key(issuer) {
                    Some(label) => { "key " a href={ (path) "/" (issuer) } { bdi { (label) } } },
                    None => "a key that you do not manage",
                },
                Actor::Local => "the command line",
                Actor::System => "the service itself",
            }
        }
    }
}

/// When it was used last.
pub(super) fn last_use(Dated { key, now }: &Dated) -> Markup {
    html! { @match key.last_use { Some(used) => (ago(used.at, *now)), None => span.quiet { "never" } } }
}

/// When it ends.
pub(super) fn end(Dated { key, now }: &Dated) -> Markup {
    html! { @match key.terms.expires_at { Some(end) => (ago(end, *now)), None => span.warn-text { "never" } } }
}

/// What it was used for in the last day: bars for who sees them, and the numbers as text.
pub(super) fn day(key: &Key, listing: &Listing) -> Markup {
    let hours = listing.day.get(&key.id);
    html! {
        @if let Some(hours) = hours { (bars(hours)) " " (numbers(sum(hours))) }
        @else { span.quiet { "none" } }
    }
}

/// How often it was let in, and how often it was not.
pub(super) fn numbers(Sum { allowed, denied }: Sum) -> Markup {
    html! {
        span.day {
            (grouped(allowed)) " used"
            @if denied > 0 { ", " span.warn-text { (grouped(denied)) " denied" } }
        }
    }
}

/// How often, in words.
pub(super) fn often(count: i64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", grouped(count)) }
}

/// What is done by the page on which a key gets a new secret, if anything can be: who is replacing one already has to end that first.
pub(super) fn turn(key: &Key, now: OffsetDateTime) -> Option<&'static str> {
    match key.status(now) {
        Status::Revoked | Status::Expired => None,
        _ if key.is_rotating(now) => Some("End the overlap"),
        _ => Some("Rotate"),
    }
}

/// That it does not comply with a policy, and why.
pub(super) fn breaches(key: &Key, listing: &Listing) -> Markup {
    let rules = listing.breaches.get(&key.id).map(Vec::as_slice).unwrap_or_default();
    html! {
        @if !rules.is_empty() {
            " " span.when tabindex="0" {
                span.chip.warn { span aria-hidden="true" { "⚑" } " policy" }
                span.tip {
                    "It does not comply with the policy: it "
                    (rules.iter().map(|rule| broken(*rule)).collect::<Vec<_>>().join(", and it ")) "."
                }
            }
        }
    }
}

/// A bar for each hour: what was denied stands upon what was allowed.
fn bars(hours: &[Sum; HOURS]) -> Markup {
    let most = hours.iter().map(|hour| hour.allowed + hour.denied).max().unwrap_or_default().max(1);
    // What there is at all is seen.
    let high = |count: i64| if count == 0 { 0 } else { (count * HEIGHT / most).max(1) };
    html! {
        svg.bars viewBox="0 0 96 20" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            @for (at, hour) in hours.iter().enumerate() {
                @let (allowed, denied) = (high(hour.allowed), high(hour.denied));
                @if allowed > 0 { rect.allowed x=(at * 4) y=(HEIGHT - allowed) width="3" height=(allowed) {} }
                @if denied > 0 { rect.denied x=(at * 4) y=((HEIGHT - allowed - denied).max(0)) width="3" height=(denied) {} }
            }
        }
    }
}

/// A number with a thin space between its thousands.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_bar_is_as_high_as_its_hour_and_what_there_is_at_all_is_seen() {
        let mut hours = [Sum::default(); HOURS];
        hours[0] = Sum { allowed: 1000, denied: 0 };
        hours[23] = Sum { allowed: 1, denied: 500 };
        let drawn = bars(&hours).into_string();
        assert!(drawn.contains(r#"<rect class="allowed" x="0" y="0" width="3" height="20">"#), "{drawn}");
        assert!(drawn.contains(r#"<rect class="allowed" x="92" y="19" width="3" height="1">"#), "{drawn}");
        assert!(drawn.contains(r#"<rect class="denied" x="92" y="9" width="3" height="10">"#), "{drawn}");
        assert_eq!(drawn.matches("<rect").count(), 3);
    }
}
