//! What a change of a policy would mean, before it is saved.

use maud::{Markup, html};

use super::{filled::Filled, place::Place, words};
use crate::{
    dashboard::page::token,
    db::policies::Broken,
    domain::{Policy, policy::Rule},
    service::policies::{Changed, Preview},
};

/// How many keys are named at most.
const MOST: usize = 20;

/// The rules by which keys want an end.
const OF_ENDS: [Rule; 2] = [Rule::LongestLife, Rule::ExpiryRequired];

/// What would change, which keys do not comply with it, and what is to be done with those.
pub(super) fn preview(
    place: &Place,
    form_token: &str,
    filled: &Filled,
    before: (&Policy, i64),
    changed: &Changed,
) -> Markup {
    let (before, version) = before;
    let Changed { after, preview } = changed;
    let rules: Vec<Rule> = Rule::ALL
        .iter()
        .copied()
        .filter(|rule| words::value(before, *rule) != words::value(&after.own.policy, *rule))
        .collect();
    html! {
        section data-first {
            h2 { "What would change" }
            @if rules.is_empty() { p { "Nothing: the policy says all of this already." } }
            @else { (table(&rules, before, &after.own.policy)) }
        }
        (keys(place, preview))
        form method="post" action=(place.path) {
            (token(form_token))
            input type="hidden" name="version" value=(version);
            (filled.hidden())
            @if preview.first.iter().any(|key| key.rules.iter().any(|rule| OF_ENDS.contains(rule))) { (choice()) }
            div.actions {
                @if !rules.is_empty() { button name="do" value="save" { "Save the policy" } }
                button.second name="do" value="edit" { "Back to the form" }
                a href=(place.path) { "Leave it as it is" }
            }
        }
    }
}

fn table(rules: &[Rule], before: &Policy, after: &Policy) -> Markup {
    html! {
        div.scroll {
            table.cards {
                caption { "Rules that would be others" }
                thead { tr { th scope="col" { "Rule" } th scope="col" { "Now" } th scope="col" { "Then" } } }
                tbody {
                    @for rule in rules {
                        tr {
                            th scope="row" { (words::about(*rule).0) }
                            td data-label="Now" { (words::said(before, *rule)) }
                            td data-label="Then" { strong { (words::said(after, *rule)) } }
                        }
                    }
                }
            }
        }
    }
}

fn keys(place: &Place, Preview { count, first }: &Preview) -> Markup {
    html! {
        section {
            @match count {
                0 => { h2 { "Every live key complies" } p { "Nothing else is to be done." } },
                count => {
                    h2 { (live(*count)) }
                    p { "They go on working as they are. Each has to be edited before it is rotated, widened or enabled." }
                    ul.rows { @for key in first.iter().take(MOST) { (row(place, key)) } }
                    @let more = usize::try_from(*count).unwrap_or_default().saturating_sub(MOST);
                    @if more > 0 { p.quiet { "And " (more) " more." } }
                },
            }
        }
    }
}

/// How many keys do not comply.
pub(super) fn live(count: i64) -> String {
    if count == 1 { "1 live key does not comply".to_owned() } else { format!("{count} live keys do not comply") }
}

fn row(place: &Place, key: &Broken) -> Markup {
    let org = place.path.split('/').nth(2).unwrap_or_default();
    html! {
        li {
            div { a href={ "/orgs/" (org) "/keys/" (key.id) } { bdi { (key.label) } } }
            span { (key.rules.iter().map(|rule| words::broken(*rule)).collect::<Vec<_>>().join("; ")) }
        }
    }
}

fn choice() -> Markup {
    html! {
        fieldset {
            legend { "Keys that end too late, or never" }
            label.choice for="then-leave" {
                input type="radio" id="then-leave" name="then" value="leave" checked;
                span { "Leave them as they are. They are listed as keys that do not comply." }
            }
            label.choice for="then-spread" {
                input type="radio" id="then-spread" name="then" value="spread";
                span { "Give them an end, spread over the days below, so that they do not all end on the same day. No life becomes longer by that." }
            }
            (days("30"))
        }
    }
}

/// Over how many days ends are spread.
pub(super) fn days(text: &str) -> Markup {
    html! {
        div.field.narrow {
            label for="over_days" { "Over how many days" }
            input type="number" id="over_days" name="over_days" value=(text) min="1" max="365" aria-describedby="over_days-hint";
            span.hint id="over_days-hint" { "From 1 to 365. At most 200 keys at a time." }
        }
    }
}
