//! What a list of keys is asked for, read from its address.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::{
    dashboard::{
        Fault,
        parts::times::{read_day, span_words},
        query::Query,
    },
    db::list::{Filter, Sort},
    domain::{
        Capability, Mesh, Moment, Span, Status, UserId,
        audit::{Actor, ActorId},
        id::IdPrefix,
        key::UnknownStatus,
        standing::Standing,
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

/// In which order keys stand where none is chosen: what wants attention first, and of that the newest.
pub(super) const ORDER: Sort = Sort::StatusDown;

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

/// The same of the keys of the whole org that work, where it is asked for those of a mesh that is not archived.
pub(super) fn of_the_org(query: &Query, meshes: &[Mesh]) -> Option<Query> {
    let named = query.text("mesh").filter(|mesh| *mesh != NO_MESH)?;
    let is_named = |mesh: &&Mesh| mesh.slug.as_str() == named || mesh.id.to_string() == named;
    meshes.iter().find(is_named).filter(|mesh| mesh.archived_at.is_none())?;
    let works = |said: &&str| !["revoked", "expired", "disabled"].contains(said);
    let said: Vec<&str> = query.all("status").collect();
    let asked = if said.is_empty() { vec!["active", "rotating"] } else { said.into_iter().filter(works).collect() };
    let rest = first_page(query).without("status").with("mesh", NO_MESH);
    (!asked.is_empty()).then(|| asked.into_iter().fold(rest, |query, status| query.and("status", status)))
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
        "status" => own(value).map_or_else(|| value.to_owned(), |one| one.word().to_owned()),
        "user" if value == "me" => "yours".to_owned(),
        "user" => format!("of {}", listing.and_then(|listing| issuer(value, listing)).as_deref().unwrap_or(value)),
        "ends" if value == "never" => "never expires".to_owned(),
        "ends" => format!("expires within {}", lasting(value)),
        "expires_before" => format!("expires before {value}"),
        "unused_for" => format!("unused for {}", lasting(value)),
        "text" => format!("“{value}”"),
        _ => value.to_owned(),
    }
}

/// How long something lasts, in words: "45 days".
pub(super) fn lasting(value: &str) -> String {
    value.parse().map_or_else(|_| value.to_owned(), |span: Span| span_words(span.duration()))
}

/// The word that stands for a key that wants attention, and is no status at other doors.
fn own(name: &str) -> Option<Standing> {
    Standing::OWN.into_iter().find(|one| one.name() == name)
}

/// What who issued a key is called, if this page names it.
fn issuer(value: &str, listing: &Listing) -> Option<String> {
    match value.parse().ok()? {
        ActorId::User(user) => listing.names.person(user).map(ToString::to_string),
        ActorId::Key(key) => listing.names.key(key).map(ToString::to_string),
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
        let (status, standing) = self.statuses();
        let ids = words.as_deref().and_then(IdPrefix::shown);
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
            within: None,
            status: Some(status),
            standing,
            issuer,
            issuer_kind,
            never_ends,
            expires_before,
            unused_since,
            user,
            text: words.filter(|_| ids.is_none()),
            ids,
        };
        let mesh = mesh.filter(|_| !org_wide);
        let sort = sort.unwrap_or(ORDER);
        let wanted = Wanted { filter, mesh, capability, topic, sort, cursor, ..Wanted::default() };
        if self.faults.is_empty() { Ok(wanted) } else { Err(self.faults) }
    }

    /// Where nothing is said, all but the revoked ones: what has expired stays in sight.
    fn statuses(&mut self) -> (Vec<Status>, Vec<Standing>) {
        let (mut status, mut standing) = (Vec::new(), Vec::new());
        for said in self.query.all("status") {
            match (own(said), said.parse()) {
                (Some(known), _) => standing.push(known),
                (None, Ok(known)) => status.push(known),
                (None, Err(error)) => {
                    let error: UnknownStatus = error;
                    let own = Standing::OWN.map(Standing::name).join(", ");
                    self.faults.push(service::Fault::at("status", format!("{error}, {own}")));
                }
            }
        }
        if status.is_empty() && standing.is_empty() {
            status = Status::ALL.into_iter().filter(|status| *status != Status::Revoked).collect();
        }
        (status, standing)
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
        let read = read_day(text).map(|day| day.midnight().assume_utc()).or_else(|| text.parse().ok().map(Moment::get));
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
