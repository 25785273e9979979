//! When a key ends: one of some spans with the day beside it, a day, or never. What the policy does not let be is there, cannot be
//! chosen, and says why.

use maud::{Markup, html};
use time::OffsetDateTime;

use super::sheet::Sheet;
use crate::{
    dashboard::parts::times::{day, last_day_within, moment, plain},
    domain::{Policy, Span, policy::Rule},
    service::issue::Ends,
};

/// The usual ones.
const USUAL: [(u32, &str); 5] = [(7, "7 days"), (30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "1 year")];

/// The choice.
pub(super) fn ends(sheet: &Sheet<'_>) -> Markup {
    let (now, policy, chosen) = (sheet.ground.now, &sheet.ground.policy, sheet.filled.expires.as_str());
    let last = policy.latest_end(now);
    let last_day = last.and_then(last_day_within);
    let is_endless = last.is_none() && !policy.expiry_required;
    let is_usual =
        USUAL.iter().any(|(days, _)| Span::days(*days).to_string() == chosen) || ["on", "never"].contains(&chosen);
    let other: Option<Span> = chosen.parse().ok().filter(|_| !is_usual);
    html! {
        fieldset id="ends" tabindex="-1" aria-describedby="ends-hint" {
            legend { "Expires" }
            div.ends {
                @if let Some(span) = other { (choice(span, &span.to_string(), chosen, policy, now)) }
                @for (days, words) in USUAL { (choice(Span::days(days), words, chosen, policy, now)) }
                label.choice for="expires-on" {
                    input type="radio" id="expires-on" name="expires" value="on" checked[chosen == "on"];
                    span { "On a day" }
                }
                label.choice for="expires-never" {
                    input type="radio" id="expires-never" name="expires" value="never" checked[chosen == "never"] disabled[!is_endless];
                    span { "Never" @if !is_endless { span.hint { (reason(policy)) } } }
                }
            }
            label.unseen for="until" { "The last day on which it works, in UTC" }
            input type="date" id="until" name="until" value=(sheet.filled.until) min=(now.date()) max=[last_day]
                aria-describedby="ends-hint" aria-invalid=[sheet.is_wrong("ends")];
            p.hint id="ends-hint" data-part {
                @match sheet.filled.ends(now) {
                    Ok(Ends::At(end)) if end > now => { "Stops working on " strong { (moment(end)) } " (" span data-utc { (plain(end)) } ")." },
                    Ok(Ends::At(_)) => strong.warn-text { "That day is over already." },
                    Ok(Ends::Never) => strong.warn-text { "It works until somebody stops it." },
                    _ => "",
                }
                " On the day that you choose it works to the end of it, in UTC."
                @if sheet.ground.owner.is_none() { " Choose a mesh first: its policy may ask for an earlier end." }
                @else if let Some(last) = last { " The policy lets it end by " (moment(last)) "." }
            }
            (sheet.told("ends", "/expires_at"))
        }
    }
}

fn choice(span: Span, words: &str, chosen: &str, policy: &Policy, now: OffsetDateTime) -> Markup {
    let (end, text) = (span.after(now), span.to_string());
    let is_beyond = policy.latest_end(now).is_some_and(|last| end > last);
    let id = format!("expires-{text}");
    html! {
        label.choice for=(id) {
            input type="radio" id=(id) name="expires" value=(text) checked[text == chosen && !is_beyond] disabled[is_beyond];
            span {
                (words) " " span.quiet { (day(end)) }
                @if is_beyond { span.hint { (reason(policy)) } }
            }
        }
    }
}

/// Why something cannot be chosen.
fn reason(policy: &Policy) -> String {
    let rule = if policy.longest_life.is_some() { Rule::LongestLife } else { Rule::ExpiryRequired };
    format!("Not here: {}.", policy.in_words(rule))
}
