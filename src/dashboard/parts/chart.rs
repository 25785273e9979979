//! The chart of uses over time: bars of what was allowed and what was denied, the same in words, and the numbers as a table.
//!
//! The bars are stretched to the width that there is, and so all text stands beside them. Times are in UTC, as they are counted.

use maud::{Markup, html};
use time::{Duration, OffsetDateTime, UtcOffset, format_description::FormatItem, macros::format_description};

use super::times::wire;
use crate::{db::counts::read::Sum, domain::usage::By, service::usage::Usage};

/// How high the drawing is, in its own units.
const HEIGHT: i64 = 1000;
/// What is there at all is seen.
const LEAST: i64 = 12;
const HOUR: &[FormatItem<'_>] = format_description!("[day padding:none] [month repr:short], [hour]:[minute]");
const DAY: &[FormatItem<'_>] = format_description!("[day padding:none] [month repr:short] [year]");
const DATE: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Uses over time, an hour or a day a bar; also those of which nothing was counted.
pub struct Bars {
    by: By,
    each: Vec<(OffsetDateTime, Sum)>,
    total: Sum,
}

impl Bars {
    /// Those of what was counted by the hour or the day.
    #[must_use]
    pub fn of(usage: &Usage) -> Self {
        let (by, until) = (usage.range.by, usage.range.until);
        let step = if by == By::Day { Duration::DAY } else { Duration::HOUR };
        let from = usage.range.since.to_offset(UtcOffset::UTC);
        let first = if by == By::Day { from.replace_time(time::Time::MIDNIGHT) } else { from };
        let times = std::iter::successors(Some(first), |at| at.checked_add(step)).take_while(|at| *at < until);
        let name = |at: OffsetDateTime| if by == By::Day { said(at, DATE) } else { wire(at) };
        let sum = |name: &str| usage.sums.items.iter().find(|(known, _)| known == name).map(|(_, sum)| *sum);
        let each = times.map(|at| (at, sum(&name(at)).unwrap_or_default())).collect();
        Self { by, each, total: usage.sums.total }
    }

    fn label(&self, at: OffsetDateTime) -> String {
        said(at, if self.by == By::Day { DAY } else { HOUR })
    }

    const fn unit(&self) -> &'static str {
        if matches!(self.by, By::Day) { "day" } else { "hour" }
    }

    fn busiest(&self) -> Option<(OffsetDateTime, i64)> {
        let all = self.each.iter().map(|(at, sum)| (*at, sum.allowed + sum.denied));
        all.rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0)
    }

    /// The chart in words.
    #[must_use]
    pub fn words(&self) -> String {
        let Some((at, most)) = self.busiest() else { return "Nothing was counted in this time.".to_owned() };
        let Sum { allowed, denied } = self.total;
        let (unit, label) = (self.unit(), self.label(at));
        format!("{allowed} allowed and {denied} denied. The busiest {unit} was {label} UTC, with {most}.")
    }

    /// The chart, with its words.
    #[must_use]
    pub fn chart(&self) -> Markup {
        let most = self.busiest().map_or(0, |(_, most)| most);
        let width = self.each.len() * 10;
        let ends = [self.each.first(), self.each.get(self.each.len() / 2), self.each.last()];
        html! {
            figure.uses {
                p.legend {
                    span { span.swatch.allowed {} " " (self.total.allowed) " allowed" }
                    span { span.swatch.denied {} " " (self.total.denied) " denied" }
                    span.quiet { "at most " (most) " " (if self.unit() == "day" { "a day" } else { "an hour" }) }
                    span.quiet { (self.unit()) "s in UTC" }
                }
                svg.chart viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(self.words()) {
                    @for (place, bar) in self.each.iter().enumerate() { (self.bar(place, bar, most)) }
                }
                p.axis.quiet aria-hidden="true" {
                    @for (at, _) in ends.into_iter().flatten() { span { (self.label(*at)) } }
                }
                figcaption.quiet { (self.words()) }
            }
        }
    }

    fn bar(&self, place: usize, (at, sum): &(OffsetDateTime, Sum), most: i64) -> Markup {
        let height = |count: i64| if count > 0 { (count * (HEIGHT - LEAST) / most.max(1)).max(LEAST) } else { 0 };
        let (allowed, denied) = (height(sum.allowed), height(sum.denied));
        let (left, foot) = (place * 10 + 1, HEIGHT - allowed);
        html! {
            g {
                title { (self.label(*at)) " UTC: " (sum.allowed) " allowed, " (sum.denied) " denied" }
                @if allowed > 0 { rect.allowed x=(left) y=(foot) width="8" height=(allowed) {} }
                @if denied > 0 {
                    rect.denied x=(left) y=((foot - denied).max(0)) width="8" height=(denied) {}
                }
            }
        }
    }

    /// The same numbers as a table, to be opened: each time of which anything was counted.
    #[must_use]
    pub fn table(&self) -> Markup {
        let counted = self.each.iter().filter(|(_, sum)| sum.allowed + sum.denied > 0);
        html! {
            details {
                summary { "The numbers as a table" }
                div.scroll tabindex="0" role="region" aria-label={ "Uses by the " (self.unit()) } {
                    table {
                        caption { "Uses by the " (self.unit()) ", in UTC. Of what is not named here nothing was counted." }
                        thead {
                            tr {
                                th scope="col" { (if self.unit() == "day" { "Day" } else { "Hour" }) }
                                th.number scope="col" { "Allowed" }
                                th.number scope="col" { "Denied" }
                            }
                        }
                        tbody {
                            @for (at, sum) in counted {
                                tr {
                                    th scope="row" { (self.label(*at)) }
                                    td.number { (sum.allowed) }
                                    td.number { (sum.denied) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn said(at: OffsetDateTime, form: &[FormatItem<'_>]) -> String {
    at.to_offset(UtcOffset::UTC).format(form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::{
        db::counts::read::{Range, Sums},
        service::usage::Freshness,
    };

    fn counted(by: By, items: &[(&str, i64, i64)]) -> Bars {
        let (since, until) = (datetime!(2026-11-20 22:00 UTC), datetime!(2026-11-22 1:00 UTC));
        let sum = |allowed, denied| Sum { allowed, denied };
        let total =
            items.iter().fold(Sum::default(), |all, (_, one, other)| sum(all.allowed + one, all.denied + other));
        let items = items.iter().map(|(name, one, other)| ((*name).to_owned(), sum(*one, *other))).collect();
        let fresh = Freshness { as_of: until, complete_to: until };
        let range = Range { since, until, by, limit: 1000 };
        Bars::of(&Usage { range, sums: Sums { items, total }, labels: Vec::new(), fresh })
    }

    #[test]
    fn every_hour_and_every_day_has_a_bar() {
        let hours = counted(By::Hour, &[("2026-11-20T22:00:00Z", 3, 1), ("2026-11-22T00:00:00Z", 9, 0)]);
        assert_eq!(hours.each.len(), 27);
        assert_eq!((hours.each[0].1.allowed, hours.each[26].1.allowed), (3, 9));
        assert_eq!(hours.words(), "12 allowed and 1 denied. The busiest hour was 22 Nov, 00:00 UTC, with 9.");
        let days = counted(By::Day, &[("2026-11-20", 3, 1), ("2026-11-21", 2, 2)]);
        assert_eq!(days.each.iter().map(|(_, sum)| sum.allowed).collect::<Vec<_>>(), [3, 2, 0]);
        // Of two that are as busy, the earlier.
        assert_eq!(days.words(), "5 allowed and 3 denied. The busiest day was 20 Nov 2026 UTC, with 4.");
    }

    #[test]
    fn bars_stand_on_each_other_and_within_the_drawing() {
        let one = counted(By::Day, &[("2026-11-20", 999, 1)]).chart().into_string();
        assert!(one.contains(r#"y="13" width="8" height="987""#), "{one}");
        assert!(one.contains(r#"y="1" width="8" height="12""#), "{one}");
        assert_eq!(counted(By::Day, &[]).words(), "Nothing was counted in this time.");
    }
}
