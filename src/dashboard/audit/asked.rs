//! What events a page asks for: its query, with the same names and words as that of the API.

use time::OffsetDateTime;

use crate::{
    dashboard::{parts::times::wire, query::Query},
    db::audit::Filter,
    domain::{Moment, Network, Span, suggest},
    http::audit::filter::{actions, actor, period},
    service::{Fault, Refusal},
};

/// Every name that a query can have. `within` is a period that ends now, and `after` what is on the page already.
const KNOWN: [&str; 11] =
    ["actor", "action", "subject", "mesh", "address", "request_id", "within", "since", "until", "cursor", "after"];
/// Those that leave something out.
pub(super) const FILTERS: [&str; 9] =
    ["actor", "action", "subject", "mesh", "address", "request_id", "within", "since", "until"];

/// What is asked for.
pub(super) struct Asked {
    /// As it was said.
    pub(super) query: Query,
    /// What that means, but for the mesh.
    pub(super) filter: Filter,
    /// What of it means nothing.
    pub(super) faults: Vec<Fault>,
    /// Only events behind this place.
    pub(super) after: Option<i64>,
}

impl Asked {
    /// Reads a query. Nothing of it is passed over: what is not understood is a fault.
    pub(super) fn read(query: Query, now: OffsetDateTime) -> Self {
        let mut faults = strange(&query);
        let mut take = |fault| faults.push(fault);
        let mut filter = Filter::default();
        match actor(query.text("actor")) {
            Ok((id, kind)) => (filter.actor_id, filter.actor_kind) = (id, kind),
            Err(refused) => faults_of(refused).into_iter().for_each(&mut take),
        }
        match actions(query.text("action")) {
            Ok(meant) => filter.actions = meant,
            Err(refused) => faults_of(refused).into_iter().for_each(&mut take),
        }
        match query.text("address").map(str::parse::<Network>).transpose() {
            Ok(network) => filter.addresses = network.map(Network::bounds),
            Err(error) => take(Fault::at("address", error.to_string())),
        }
        match times(&query, now) {
            Ok((since, until)) => (filter.since, filter.until) = (since, until),
            Err(fault) => take(fault),
        }
        let after = query.text("after").map(str::parse).transpose();
        let after = after.unwrap_or_else(|_| {
            take(Fault::at("after", "expected the number of an event"));
            None
        });
        filter.subject = query.text("subject").map(str::to_owned);
        filter.request_id = query.text("request_id").map(str::to_owned);
        Self { query, filter, faults, after }
    }

    /// What is wrong with this filter.
    pub(super) fn fault(&self, name: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.pointer == name).map(|fault| fault.detail.as_str())
    }

    /// Whether anything is left out.
    pub(super) fn is_filtered(&self) -> bool {
        FILTERS.iter().any(|name| self.query.text(name).is_some())
    }

    /// The same query, which means the same at any time: for what goes on from here, and for the API.
    pub(super) fn fixed(&self) -> Query {
        let mut query = ["within", "since", "until", "cursor", "after"]
            .iter()
            .fold(self.query.clone(), |query, name| query.without(name));
        for (name, at) in [("since", self.filter.since), ("until", self.filter.until)] {
            if let Some(at) = at {
                query = query.with(name, &wire(at));
            }
        }
        query
    }
}

/// Names that are none, and what is said twice or cannot be said at all.
fn strange(query: &Query) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, value) in query.pairs() {
        if !KNOWN.contains(&name) {
            let name: String = name.chars().take(64).collect();
            faults.push(Fault::at(&name, format!("there is no filter '{name}'{}", suggest::hint(&name, FILTERS))));
        } else if query.all(name).count() > 1 {
            faults.push(Fault::at(name, "this filter can be given once"));
        } else if value.contains('\0') {
            faults.push(Fault::at(name, "a NUL character is no part of any text"));
        }
    }
    faults.dedup();
    faults
}

type Period = (Option<OffsetDateTime>, Option<OffsetDateTime>);

fn times(query: &Query, now: OffsetDateTime) -> Result<Period, Fault> {
    let read = |name: &str| {
        let said = query.text(name).map(|text| moment(text).map_err(|wrong| Fault::at(name, wrong)));
        said.transpose()
    };
    let (since, until) = (read("since")?, read("until")?);
    let Some(within) = query.text("within") else {
        return period(since, until).map_err(|_| Fault::at("until", "it is before the beginning: say a later one"));
    };
    if since.is_some() {
        return Err(Fault::at("since", "say from when on, or for how long: not both"));
    }
    let span: Span = within.parse().map_err(|_| Fault::at("within", "expected a period, such as 24h or 30d"))?;
    let end = until.map_or(now, Moment::get);
    let since = end.checked_sub(span.duration()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    Ok((Some(since.max(OffsetDateTime::UNIX_EPOCH)), until.map(Moment::get)))
}

/// A time as the API has it, or as a field of a browser has it, which means UTC.
fn moment(text: &str) -> Result<Moment, String> {
    let zoned = if text.len() == "2027-02-19T13:05".len() { format!("{text}:00Z") } else { format!("{text}Z") };
    text.parse().or_else(|error: crate::domain::moment::MalformedMoment| zoned.parse().map_err(|_| error.to_string()))
}

/// What is wrong with it; of what is no fault of the query, nothing.
pub(super) fn faults_of(refused: Refusal) -> Vec<Fault> {
    if let Refusal::Invalid(faults) = refused { faults } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn faults(query: Query) -> Vec<String> {
        Asked::read(query, NOW).faults.into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).collect()
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let says = |name: &str, value: &str| faults(Query::default().with(name, value));
        assert_eq!(says("acter", "local"), ["acter: there is no filter 'acter' (did you mean 'actor'?)"]);
        assert_eq!(says("action", "key.isued"), ["action: unknown action 'key.isued' (did you mean 'key.issued'?)"]);
        for (name, value) in [
            ("actor", "me"),
            ("address", "here"),
            ("within", "soon"),
            ("since", "soon"),
            ("until", "x"),
            ("after", "x"),
            ("subject", "\0"),
        ] {
            assert_eq!(says(name, value).len(), 1, "{name}={value}");
        }
        assert_eq!(faults(Query::default().and("mesh", "a").and("mesh", "b")).len(), 1);
        let backwards = Query::default().with("since", "2026-02-01T00:00").with("until", "2026-01-01T00:00");
        assert_eq!(faults(backwards).len(), 1);
        assert_eq!(faults(Query::default().with("within", "1h").with("since", "2026-01-01T00:00Z")).len(), 1);
    }

    #[test]
    fn a_period_that_ends_now_is_fixed_for_what_goes_on_from_it() {
        let asked = Asked::read(Query::default().with("within", "24h").with("actor", "local"), NOW);
        assert_eq!(asked.filter.since, Some(datetime!(2026-11-21 12:00 UTC)));
        assert_eq!(asked.fixed().at("/a"), "/a?actor=local&since=2026-11-21T12%3A00%3A00Z");
        let said =
            Asked::read(Query::default().with("since", "2026-01-01T10:30").with("until", "2026-01-02T00:00:05"), NOW);
        let (since, until) = (datetime!(2026-01-01 10:30 UTC), datetime!(2026-01-02 00:00:05 UTC));
        assert_eq!((said.filter.since, said.filter.until), (Some(since), Some(until)));
        assert!(said.faults.is_empty());
    }
}
