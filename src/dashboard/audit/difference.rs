//! What a change changed, field by field.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{dashboard::parts::times::moment, domain::audit::Event};

/// A field, as it was and as it is.
type Changed<'a> = (&'a str, Option<&'a Value>, Option<&'a Value>);

/// The fields that differ, by name. Of what was made or is no more, those that said something.
pub(super) fn changed(event: &Event) -> Vec<Changed<'_>> {
    let (before, after) = (object(event.before.as_ref()), object(event.after.as_ref()));
    let names: BTreeSet<&str> =
        before.iter().chain(&after).flat_map(|fields| fields.keys()).map(String::as_str).collect();
    let both = names.into_iter().map(|name| {
        let was = before.and_then(|fields| fields.get(name)).filter(|value| !is_nothing(value));
        let is = after.and_then(|fields| fields.get(name)).filter(|value| !is_nothing(value));
        (name, was, is)
    });
    both.filter(|(_, was, is)| was != is).collect()
}

fn object(value: Option<&Value>) -> Option<&Map<String, Value>> {
    value.and_then(Value::as_object)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) => false,
    }
}

/// The name of a field as people say it.
pub(super) fn field(name: &str) -> String {
    name.replace('_', " ")
}

/// The table, where anything differs.
pub(super) fn table(event: &Event) -> Markup {
    let changed = changed(event);
    let (has_before, has_after) = (event.before.is_some(), event.after.is_some());
    html! {
        @if !changed.is_empty() {
            div.scroll tabindex="0" role="region" aria-label={ "What event " (event.seq) " changed" } {
                table {
                    caption { @if has_before && has_after { "What changed" } @else if has_after { "As it was made" } @else { "As it was" } }
                    thead { tr {
                        th scope="col" { "Field" }
                        @if has_before { th scope="col" { "Before" } }
                        @if has_after { th scope="col" { "After" } }
                    } }
                    tbody {
                        @for (name, was, is) in changed {
                            tr {
                                th scope="row" { (field(name)) }
                                @if has_before { td { (shown(was)) } }
                                @if has_after { td { (shown(is)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn shown(value: Option<&Value>) -> Markup {
    match value {
        None | Some(Value::Null) => html! { span.quiet { "nothing" } },
        Some(Value::Bool(flag)) => html! { @if *flag { "yes" } @else { "no" } },
        Some(Value::String(text)) => {
            OffsetDateTime::parse(text, &Rfc3339).map_or_else(|_| html! { bdi { (text) } }, moment)
        }
        Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
            html! { @for item in items.iter().filter_map(Value::as_str) { bdi.chip { (item) } " " } }
        }
        Some(other) => html! { code { (other) } },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(before: &Value, after: &Value) -> Event {
        let event = json!({
            "id": "evt_01m7xpx2j0efct6h2vpcbkhxys", "seq": 7, "org": "org_01m80bgr93ezxbnvpwbrdt5g2k",
            "at": "2026-11-21T23:31:00Z", "actor": { "kind": "local", "id": null }, "action": "key.edited",
            "subject": { "kind": "key", "id": "x" }, "mesh": null, "before": before, "after": after,
            "request_id": null, "address": null, "hash": "0".repeat(64),
        });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn only_what_differs_is_told() {
        let event = event(&json!({ "a": 1, "b": null, "c": [] }), &json!({ "a": 1, "b": "x", "c": null }));
        let names: Vec<_> = changed(&event).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["b"]);
    }

    #[test]
    fn what_stands_in_a_field_is_text_and_nothing_else() {
        let event = event(&Value::Null, &json!({ "label": "<img src=x onerror=alert(1)>", "topics": ["\"><script>"] }));
        let told = table(&event).into_string();
        assert!(told.contains("&lt;img") && !told.contains("<img") && !told.contains("<script"), "{told}");
    }
}
