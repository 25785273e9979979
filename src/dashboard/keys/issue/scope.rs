//! The topics of a key: some, or all of them, but never all of them by accident. Each is explained, and what is not there is said
//! before the form is sent.

use maud::{Markup, html};

use super::sheet::Sheet;
use crate::{
    dashboard::keys::words::explained,
    domain::{Capability, TopicName, TopicPattern, scope::MOST_PATTERNS, suggest},
};

/// The choice.
pub(super) fn topics(sheet: &Sheet<'_>) -> Markup {
    let filled = sheet.filled;
    let is_all = filled.topics == "all";
    let is_forbidden = sheet.ground.policy.topics_required;
    html! {
        fieldset id="topics" tabindex="-1" {
            legend { "Topics" }
            label.choice for="topics-only" {
                input type="radio" id="topics-only" name="topics" value="only" required checked[!is_all && filled.topics == "only"];
                span { "Only these topics" }
            }
            label.unseen for="names" { "Names of topics" }
            input type="text" id="names" name="names" value=(filled.names) list="topics-known" autocomplete="off" autocapitalize="none"
                spellcheck="false" aria-describedby={ (sheet.described("topics")) " names-hint" } aria-invalid=[sheet.is_wrong("topics")];
            datalist id="topics-known" data-part { @for topic in &sheet.ground.topics { option value=(topic) {} } }
            div id="names-hint" aria-live="polite" data-part {
                span.hint id="topics-hint" {
                    "With a comma or a space between two. " code { "ci.*" } " stands for all that begin so."
                    @if sheet.ground.owner.is_none() { " Choose a mesh first: its topics are told here." }
                    @else { " There are " (sheet.ground.topics.len()) " topics here" (some(&sheet.ground.topics)) "." }
                }
                @if filled.words().next().is_some() {
                    ul.told { @for (at, word) in filled.words().take(MOST_PATTERNS).enumerate() { li { (one(word, sheet, at < MOST_HINTS)) } } }
                }
            }
            label.choice for="topics-all" {
                input type="radio" id="topics-all" name="topics" value="all" checked[is_all] disabled[is_forbidden];
                span { "All topics, now and later" }
            }
            (sheet.told("topics", "/topics"))
        }
    }
}

/// A few of them by name.
fn some(topics: &[TopicName]) -> String {
    let names: Vec<_> = topics.iter().take(6).map(|topic| format!("#{topic}")).collect();
    let more = if topics.len() > names.len() { ", …" } else { "" };
    if names.is_empty() { String::new() } else { format!(": {}{more}", names.join(", ")) }
}

/// For how many names that are not there a near one is looked for: that takes long.
const MOST_HINTS: usize = 5;

fn one(word: &str, sheet: &Sheet<'_>, is_hinted: bool) -> Markup {
    let (known, archived) = (&sheet.ground.topics, &sheet.ground.archived);
    match (word.parse::<TopicPattern>(), missing(word, known, is_hinted)) {
        (Err(error), _) => html! { (chip(word)) strong.warn-text { (error) } },
        (Ok(TopicPattern::Exactly(name)), _) if archived.contains(&name) => {
            html! { (chip(word)) strong.warn-text { "it is archived, and a key does nothing there" } }
        }
        (Ok(_), Some(words)) if sheet.ground.owner.is_some() => {
            let mesh = sheet.ground.mesh.as_ref().filter(|_| sheet.ground.may.contains(&Capability::Admin));
            html! {
                (chip(word)) strong.warn-text { (words) }
                @if let Some(mesh) = mesh {
                    @let path = format!("/orgs/{}/meshes/{}#new-topic", sheet.org, mesh.slug);
                    " " a data-keep data-make=(word.trim_start_matches('#')) href=(path) { "Make it" }
                }
            }
        }
        (Ok(pattern), _) => html! { (chip(word)) (explained(&pattern, known)) },
    }
}

/// What was typed, to be taken out again: by a button where scripts run, and in the field where not.
fn chip(word: &str) -> Markup {
    html! {
        span.chip.topic { (word) }
        button.drop type="button" hidden data-drop=(word) aria-label={ "Remove " (word) } { "×" }
        " "
    }
}

/// What to say of a topic that there is not.
fn missing(word: &str, known: &[TopicName], is_hinted: bool) -> Option<String> {
    let Ok(TopicPattern::Exactly(name)) = word.parse() else { return None };
    if known.contains(&name) {
        return None;
    }
    let near = known.iter().map(TopicName::as_str);
    let hint = if is_hinted { suggest::hint(name.as_str(), near) } else { String::new() };
    Some(format!("there is no such topic here{hint}"))
}
