//! A key in words: what it may do, and what a change gives it and takes from it.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::{
    dashboard::{keys::words::Told, parts::times::plain},
    db::keys::Dated,
    domain::{AddressList, KeyId, Moment, Slug, TopicName, UserId, audit::Actor, impact::Difference, key::Status},
    service::names::Names,
};

pub(super) use crate::dashboard::keys::words::labelled;

/// What a key was issued for and what it can not do, of these topics; or could do, where it is refused.
pub(super) fn sentence(Dated { key, now }: &Dated, mesh: Option<&Slug>, known: &[TopicName]) -> Markup {
    let is_accepted = matches!(key.status(*now), Status::Active | Status::Rotating);
    let told = Told { is_refused: !is_accepted, ..Told::of(key, mesh, known) };
    html! { div.sentence { (told.markup()) } }
}

/// What a change gives and takes, as two lists; nothing where it does neither.
pub(super) fn difference(difference: &Difference) -> Markup {
    let Difference { gains, loses } = difference;
    html! {
        @for (title, items) in [("It gains", gains), ("It loses", loses)] {
            @if !items.is_empty() {
                p.listed { strong { (title) } ":" }
                ul { @for item in items { li { (worded(item)) } } }
            }
        }
    }
}

/// One thing that is gained or lost. What it is was said by [`crate::domain::impact`].
fn worded(item: &str) -> String {
    let (kind, what) = item.split_once(':').unwrap_or((item, ""));
    match (kind, what) {
        ("use", _) => "its use altogether".to_owned(),
        ("capability", name) => name.parse().map_or_else(|_| name.to_owned(), |capability| labelled(&capability)),
        ("topic", pattern) => format!("#{pattern}"),
        ("topics", _) => "all topics, now and later".to_owned(),
        ("address", "any") => "use from any address".to_owned(),
        ("address", range) => format!("use from {range}"),
        ("time", "forever") => "a life without an end".to_owned(),
        ("time", until) => {
            let end = until.strip_prefix("until ").and_then(|end| end.parse::<Moment>().ok());
            end.map_or_else(|| until.to_owned(), |end| format!("its time until {}", plain(end.get())))
        }
        ("rate", "unlimited") => "use as often as it likes".to_owned(),
        ("rate", rate) => rate
            .parse::<crate::domain::Rate>()
            .map_or_else(|_| rate.to_owned(), |rate| format!("use {}", rate.in_words())),
        ("secret", number) => format!("secret {number}"),
        _ => item.to_owned(),
    }
}

/// Who did something, by name where that is known.
pub(super) fn actor(actor: Actor, names: &Names, keys: &str) -> Markup {
    match actor {
        Actor::Local => html! { "somebody with a shell on the host" },
        Actor::System => html! { "the service itself" },
        Actor::User(user) => person(user, names),
        Actor::Key(id) => key_named(id, names, keys),
    }
}

/// A person by name, or by id where the name is not known.
pub(super) fn person(user: UserId, names: &Names) -> Markup {
    html! { @match names.person(user) { Some(name) => (name), None => code { (user) } } }
}

fn key_named(id: KeyId, names: &Names, keys: &str) -> Markup {
    html! {
        "the key "
        @match names.key(id) { Some(label) => a href={ (keys) "/" (id) } { (label) }, None => code { (id) } }
    }
}

/// So many of something.
pub(super) fn counted(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Several, as one says them.
pub(super) fn listed(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    match all.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => all.concat(),
    }
}

/// Addresses, as one reads them.
pub(super) fn addresses(list: &AddressList) -> String {
    let joined =
        |ranges: &[crate::domain::Network]| ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    list.ranges().map_or_else(|| "any address".to_owned(), joined)
}

/// An end, as one reads it.
pub(super) fn end(at: Option<OffsetDateTime>) -> String {
    at.map_or_else(|| "never".to_owned(), plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_can_be_gained_or_lost_has_words() {
        for (item, words) in [
            ("use", "its use altogether"),
            ("capability:send", "send: post"),
            ("capability:issue_view", "issue_view: use issue_view"),
            ("topic:ci.*", "#ci.*"),
            ("topics:all", "all topics, now and later"),
            ("address:any", "use from any address"),
            ("address:10.0.0.0/8", "use from 10.0.0.0/8"),
            ("time:forever", "a life without an end"),
            ("time:until 1970-01-01T01:00:00Z", "its time until 1 Jan 1970, 01:00 UTC"),
            ("rate:unlimited", "use as often as it likes"),
            ("rate:60/m:10", "use 60 times a minute, 10 at once"),
            ("secret:2", "secret 2"),
        ] {
            assert_eq!(worded(item), words);
        }
    }
}
