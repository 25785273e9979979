//! What a list of keys is asked for, read from its address.

use maud::{Markup, html};
use time::{Date, OffsetDateTime, Time, macros::format_description};

use crate::{
    dashboard::{Fault, query::Query},
    db::list::{Filter, Sort},
    domain::{
        Capability, Mesh, Moment, Span, Status, UserId,
        audit::{Actor, ActorId},
        suggest,
    },
    service::{self, Refusal, keys::Wanted, listing::Listing},
};

/// What an address may say.
const KNOWN: [&str; 13] = [
    "status",
    "mesh",
    "topic",
    "capability",
    "issued_by",
    "user",
    "ends",
    "expires_before",
    "unused_for",
    "text",
    "sort",
    "cursor",
    "as_of",
];
/// What narrows a list: each can be taken away.
const NARROWING: [&str; 10] =
    ["status", "mesh", "topic", "capability", "issued_by", "user", "ends", "expires_before", "unused_for", "text"];
/// What stands for "of no mesh, but of the org itself": no mesh can be called so.
pub(super) const NO_MESH: &str = "-";

/// What is asked for.
pub(super) struct Filters {
    /// In the words of the service; or what means nothing, each under the name of its field.
    pub(super) wanted: Result<Wanted, Vec<service::Fault>>,
    /// Since when "within 14 days" is counted: for a further page, since the first was shown.
    pub(super) as_of: OffsetDateTime,
}

impl Filters {
    /// Reads it. A name that is not known is an error: who mistypes a filter would see all keys, and think that they match.
    pub(super) fn read(query: &Query, own: UserId, now: OffsetDateTime) -> Result<Self, Fault> {
        if let Some(stranger) = query.stranger(&KNOWN) {
            let hint = suggest::hint(stranger, NARROWING);
            let detail = format!("a list of keys has no filter '{stranger}'{hint}; known: {}", NARROWING.join(", "));
            return Err(Refusal::invalid(stranger, detail).into());
        }
        let as_of = query.text("as_of").filter(|_| query.text("cursor").is_some());
        let as_of = as_of.and_then(|text| text.parse().ok()).map_or(now, Moment::get);
        Ok(Self { wanted: Reader { query, faults: Vec::new() }.wanted(own, as_of), as_of })
    }
}

/// What narrows the list, each with a way to take it away.
pub(super) fn chips(query: &Query, path: &str, meshes: &[Mesh], listing: Option<&Listing>) -> Markup {
    let said: Vec<_> = query.pairs().filter(|(name, _)| NARROWING.contains(name)).collect();
    let first = first_page(query);
    html! {
        @if !said.is_empty() {
            div.asked role="group" aria-label="Filters" {
                @for (name, value) in &said {
                    @let words = words(name, value, meshes, listing);
                    a.chip href=(first.without_one(name, value).at(path)) {
                        (words) " " span aria-hidden="true" { "✕" } span.unseen { "(take this filter away)" }
                    }
                }
                a.clear href=(cleared(query).at(path)) { "Clear all" }
            }
        }
    }
}

/// The same from its first page on.
pub(super) fn first_page(query: &Query) -> Query {
    query.without("cursor").without("as_of")
}

/// The same with all that narrows it taken away.
pub(super) fn cleared(query: &Query) -> Query {
    NARROWING.iter().fold(first_page(query), |query, name| query.without(name))
}

/// Whether anything narrows it.
pub(super) fn narrows(query: &Query) -> bool {
    query.pairs().any(|(name, _)| NARROWING.contains(&name))
}

/// All that narrows a list, as a person says it.
pub(super) fn all_words(query: &Query, meshes: &[Mesh]) -> Vec<String> {
    let said = query.pairs().filter(|(name, _)| NARROWING.contains(name));
    said.map(|(name, value)| words(name, value, meshes, None)).collect()
}

/// A filter as a person says it.
fn words(name: &str, value: &str, meshes: &[Mesh], listing: Option<&Listing>) -> String {
    match name {
        "mesh" if value == NO_MESH => "whole org".to_owned(),
        "mesh" => {
            let known = meshes.iter().find(|mesh| mesh.id.to_string() == value);
            format!("mesh {}", known.map_or(value, |mesh| mesh.slug.as_str()))
        }
        "topic" => format!("#{value}"),
        "capability" => format!("can {}", value.replace('_', " ")),
        "issued_by" => {
            format!("issued by {}", listing.and_then(|listing| issuer(value, listing)).as_deref().unwrap_or(value))
        }
        "user" if value == "me" => "yours".to_owned(),
        "user" => format!("of {}", listing.and_then(|listing| issuer(value, listing)).as_deref().unwrap_or(value)),
        "ends" if value == "never" => "never ends".to_owned(),
        "ends" => format!("ends within {value}"),
        "expires_before" => format!("ends before {value}"),
        "unused_for" => format!("unused for {value}"),
        "text" => format!("“{value}”"),
        _ => value.replace('_', " "),
    }
}

/// What who issued a key is called, if this page names it.
fn issuer(value: &str, listing: &Listing) -> Option<String> {
    match value.parse().ok()? {
        ActorId::User(user) => listing.names.people.get(&user).map(ToString::to_string),
        ActorId::Key(key) => listing.names.keys.get(&key).map(ToString::to_string),
    }
}

/// Reads one filter after the other, and remembers what means nothing.
struct Reader<'a> {
    query: &'a Query,
    faults: Vec<service::Fault>,
}

impl Reader<'_> {
    fn wanted(mut self, own: UserId, now: OffsetDateTime) -> Result<Wanted, Vec<service::Fault>> {
        let text = |name: &str| self.query.text(name).map(str::to_owned);
        let (mesh, words, cursor) = (text("mesh"), text("text"), text("cursor"));
        if words.as_ref().is_some_and(|words| words.contains('\0')) {
            self.faults.push(service::Fault::at("text", "a NUL character is no part of any text"));
        }
        let status = self.statuses();
        let capability: Option<Capability> = self.parsed("capability");
        let topic = self.parsed("topic");
        let sort: Option<Sort> = self.parsed("sort");
        let (issuer, issuer_kind) = self.issuer();
        let user = if self.query.says("user", "me") { Some(own) } else { self.parsed("user") };
        let never_ends = self.query.says("ends", "never");
        let within = if never_ends { None } else { self.parsed::<Span>("ends") };
        let before = self.date("expires_before");
        let expires_before = within.map(|span| span.after(now)).into_iter().chain(before).min();
        let unused_for: Option<Span> = self.parsed("unused_for");
        let unused_since =
            unused_for.map(|span| now.checked_sub(span.duration()).unwrap_or(OffsetDateTime::UNIX_EPOCH));
        let org_wide = mesh.as_deref() == Some(NO_MESH);
        let filter = Filter {
            mesh: None,
            org_wide,
            status: Some(status),
            issuer,
            issuer_kind,
            never_ends,
            expires_before,
            unused_since,
            user,
            ids: None,
            text: words,
        };
        let mesh = mesh.filter(|_| !org_wide);
        let wanted =
            Wanted { filter, mesh, capability, topic, sort: sort.unwrap_or_default(), cursor, ..Wanted::default() };
        if self.faults.is_empty() { Ok(wanted) } else { Err(self.faults) }
    }

    /// Where nothing is said, all but the revoked ones: what has expired stays in sight.
    fn statuses(&mut self) -> Vec<Status> {
        let said: Vec<Result<Status, _>> = self.query.all("status").map(str::parse).collect();
        let all = || Status::ALL.into_iter().filter(|status| *status != Status::Revoked).collect();
        let wrong: Vec<_> = said.iter().filter_map(|one| one.as_ref().err().map(ToString::to_string)).collect();
        self.faults.extend(wrong.into_iter().map(|detail| service::Fault::at("status", detail)));
        let known: Vec<Status> = said.into_iter().flatten().collect();
        if known.is_empty() { all() } else { known }
    }

    fn parsed<T>(&mut self, name: &str) -> Option<T>
    where
        T: std::str::FromStr<Err: ToString>,
    {
        let read = self.query.text(name)?.parse::<T>();
        read.map_err(|error| self.faults.push(service::Fault::at(name, error.to_string()))).ok()
    }

    fn date(&mut self, name: &str) -> Option<OffsetDateTime> {
        let text = self.query.text(name)?;
        let read = day(text).or_else(|| text.parse().ok().map(Moment::get));
        if read.is_none() {
            self.faults.push(service::Fault::at(name, "expected a day such as 2027-02-19"));
        }
        read
    }

    fn issuer(&mut self) -> (Option<ActorId>, Option<&'static str>) {
        match self.query.text("issued_by") {
            Some("local") => (None, Some(Actor::Local.kind())),
            Some("system") => (None, Some(Actor::System.kind())),
            _ => (self.parsed("issued_by"), None),
        }
    }
}

/// The beginning of a day, in UTC.
pub(in crate::dashboard::keys) fn day(text: &str) -> Option<OffsetDateTime> {
    let date = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
    (1..=9998).contains(&date.year()).then(|| date.with_time(Time::MIDNIGHT).assume_utc())
}
