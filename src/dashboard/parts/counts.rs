//! Counts of uses: over which time they are wanted, and tables of them by topic, address, outcome and the like.

use maud::{Markup, html};
use time::{Duration, OffsetDateTime};

use super::{chart::Bars, times::when};
use crate::{
    dashboard::{Fault, query::Query},
    db::counts::read::Sum,
    domain::{
        page::Limit,
        suggest,
        usage::{By, OK, hour_begun},
    },
    service::{
        Refusal,
        usage::{Usage, Wanted},
        uses::INTERVAL,
    },
};

/// The parameter that names the time.
pub const RANGE: &str = "range";
/// How many lines a table has.
const MOST: u32 = 20;

/// Over which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// A day, by the hour.
    Day,
    /// A week, by the day.
    Week,
    /// Thirty days.
    Month,
}

impl Range {
    const ALL: [(Self, &'static str); 3] = [(Self::Day, "24h"), (Self::Week, "7d"), (Self::Month, "30d")];

    /// That which a query names; a day where it names none. A query that says anything else than these is a slip.
    pub fn of(query: &Query, known: &[&str]) -> Result<Self, Fault> {
        if let Some(name) = query.stranger(known) {
            let detail = format!("there is no such filter{}", suggest::hint(name, known.iter().copied()));
            return Err(Refusal::invalid(name, detail).into());
        }
        let Some(named) = query.text(RANGE) else { return Ok(Self::Day) };
        let found = Self::ALL.into_iter().find(|(_, name)| *name == named);
        let unknown = || Refusal::invalid(RANGE, "a range is 24h, 7d or 30d").into();
        found.map(|(range, _)| range).ok_or_else(unknown)
    }

    /// The one spelling in a query.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(range, _)| *range == self).map_or("24h", |(_, name)| name)
    }

    /// What is wanted over this time: whole hours or days, with that in which `now` is.
    #[must_use]
    pub fn over_time(self, now: OffsetDateTime) -> Wanted {
        let by = if self == Self::Day { By::Hour } else { By::Day };
        Wanted { since: Some(self.since(now)), until: None, by, limit: Limit::MOST }
    }

    /// The same, told apart by something else.
    #[must_use]
    pub fn by(self, by: By, now: OffsetDateTime) -> Wanted {
        Wanted { by, limit: Limit::try_from(MOST).unwrap_or_default(), ..self.over_time(now) }
    }

    fn since(self, now: OffsetDateTime) -> OffsetDateTime {
        let midnight = now.replace_time(time::Time::MIDNIGHT);
        match self {
            Self::Day => hour_begun(now) - Duration::hours(23),
            Self::Week => midnight - Duration::days(6),
            Self::Month => midnight - Duration::days(29),
        }
    }

    /// The links from one to another.
    #[must_use]
    pub fn choice(self, path: &str, query: &Query) -> Markup {
        html! {
            nav.ranges aria-label="Over which time" {
                @for (range, name) in Self::ALL {
                    a href={ (query.with(RANGE, name).at(path)) "#usage" } aria-current=[(range == self).then_some("true")] {
                        (match range { Self::Day => "24 hours", Self::Week => "7 days", Self::Month => "30 days" })
                    }
                }
            }
        }
    }
}

/// How fresh counts are.
#[must_use]
pub fn fresh(usage: &Usage) -> Markup {
    html! {
        p.quiet {
            "Complete up to " (when(usage.fresh.complete_to, usage.fresh.as_of))
            "; what came later follows within " (INTERVAL.as_secs()) " seconds."
        }
    }
}

/// The chart, or that there is nothing to draw.
#[must_use]
pub fn over_time(usage: &Usage, nothing: &str) -> Markup {
    let bars = Bars::of(usage);
    html! {
        @if usage.sums.total == Sum::default() { p.nothing { (nothing) } } @else { (bars.chart()) (bars.table()) }
    }
}

/// A table of counts by something else than time. `name` shows what a line is of.
#[must_use]
pub fn table(usage: &Usage, name: &dyn Fn(&str) -> Markup) -> Markup {
    let (title, all) = (title(usage.range.by), &usage.sums);
    let rest = all.items.iter().fold(all.total, |rest, (_, one)| Sum {
        allowed: rest.allowed - one.allowed,
        denied: rest.denied - one.denied,
    });
    html! {
        @if !all.items.is_empty() {
            table.counts {
                caption { "By " (title) }
                thead {
                    tr {
                        th scope="col" { (crate::dashboard::page::sentence(title)) }
                        th.number scope="col" { "Allowed" }
                        th.number scope="col" { "Denied" }
                    }
                }
                tbody {
                    @for (line, sum) in &all.items { (row(&name(line), *sum)) }
                    @if rest != Sum::default() { (row(&html! { "all others" }, rest)) }
                }
            }
        }
    }
}

fn row(name: &Markup, sum: Sum) -> Markup {
    html! { tr { th scope="row" { (name) } td.number { (sum.allowed) } td.number { (sum.denied) } } }
}

const fn title(by: By) -> &'static str {
    match by {
        By::Hour => "hour",
        By::Day => "day",
        By::Key => "key",
        By::Capability => "capability",
        By::Topic => "topic",
        By::Outcome => "outcome",
        By::Address => "address",
    }
}

/// What a line is of, where it is no key.
#[must_use]
pub fn named(by: By, line: &str) -> Markup {
    html! {
        @match (by, line) {
            (_, "*") => "others",
            (By::Topic, "") => "no topic",
            (By::Address, "") => "not known",
            (_, "") => "nothing named",
            (By::Topic, topic) => { "#" (topic) },
            (By::Outcome, OK) => "allowed",
            (By::Outcome, code) => (code.replace('_', " ")),
            (_, line) => (line),
        }
    }
}
