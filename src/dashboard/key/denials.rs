//! What was denied to a key lately, with the reason in words and the way to a key that may.

use maud::{Markup, html};

use super::facts::Around;
use crate::{
    dashboard::{
        parts::times::{ago, plain},
        query::Query,
    },
    db::counts::read::Refused,
    domain::{Capability, rule::Rule},
    service::usage::Freshness,
};

impl Around<'_> {
    /// The list.
    pub(super) fn denials(&self, (denials, fresh): &(Vec<Refused>, Freshness)) -> Markup {
        html! {
            section {
                h2 { "Recent denials" }
                @if denials.is_empty() {
                    p { "Nothing was denied to it lately." }
                } @else {
                    ul.rows.denials { @for refused in denials { (self.denial(refused, fresh)) } }
                }
            }
        }
    }

    fn denial(&self, refused: &Refused, fresh: &Freshness) -> Markup {
        let detail = refused.detail.as_deref().unwrap_or("another version of the service has denied this");
        html! {
            li {
                div {
                    (wanted(refused)) ": " (detail) "."
                    p.quiet {
                        (door(&refused.door))
                        @if let Some(address) = refused.address { ", from " code { (address) } }
                        " · " (ago(refused.at, fresh.as_of))
                        @if refused.count > 1 { " · " (refused.count) " times since " (plain(refused.first_at)) }
                    }
                }
                @if let Some(wider) = self.wider(refused) { a.button.second.small href=(wider) { "Issue a wider key" } }
            }
        }
    }

    /// Where a key is issued that has what was missing beside what this one has. Never one with `admin`.
    fn wider(&self, refused: &Refused) -> Option<String> {
        if !self.is_manager {
            return None;
        }
        let is = |rule: Rule| refused.code == rule.code();
        let (name, value) = match (&refused.capability, &refused.topic) {
            (Some(missing), _) if is(Rule::CapabilityMissing) && *missing != Capability::Admin => {
                ("cap", missing.to_string())
            }
            (_, Some(topic)) if is(Rule::TopicOutOfScope) => ("topic", topic.to_string()),
            _ => return None,
        };
        // What it has already, and what was missing.
        let grant = &self.key.key.terms.grant;
        let has: Vec<String> = match name {
            "cap" => grant.capabilities.iter().map(ToString::to_string).collect(),
            _ => grant.topics.patterns().unwrap_or_default().iter().map(ToString::to_string).collect(),
        };
        let query = Query::default().with("from", &self.key.key.id.to_string());
        let query = has.iter().chain([&value]).fold(query, |query, one| query.and(name, one));
        Some(query.at(&format!("{}/new", self.keys)))
    }
}

fn wanted(refused: &Refused) -> Markup {
    html! {
        "Wanted "
        @match &refused.capability { Some(capability) => strong { (capability) }, None => "to be let in" }
        @if let Some(topic) = &refused.topic { " on " strong { "#" (topic) } }
    }
}

/// A door in words. One of a newer version keeps its name.
fn door(name: &str) -> String {
    match name {
        "guard" => "At Meshkey's own API".to_owned(),
        "verify" => "A service asked, by verify".to_owned(),
        "introspect" => "A service asked, by introspection".to_owned(),
        "forward_auth" => "A gateway asked".to_owned(),
        other => format!("At the door {other}"),
    }
}
