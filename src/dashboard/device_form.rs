//! The form by which a person says what a terminal may do.

use maud::{Markup, html};

use super::{Form, device::REQUEST, fields::Field, page::token};
use crate::domain::{
    Capability, CapabilitySet, Mesh, Slug, Span, TopicPattern, TopicScope,
    device::{DeviceLogin, Granted, LONGEST},
    scope::MalformedScope,
};

/// Lives that can be chosen, in seconds.
const LIVES: [(i64, &str); 5] = [
    (8 * 3600, "8 hours"),
    (86_400, "1 day"),
    (7 * 86_400, "7 days"),
    (30 * 86_400, "30 days"),
    (90 * 86_400, "90 days"),
];
/// The mesh that is none: the whole org.
const WHOLE: &str = "*";

/// What is filled in: proposed by the terminal, or as the person has sent it.
pub(super) struct Filled {
    label: String,
    mesh: String,
    capabilities: Vec<Capability>,
    /// `all`, `only`, or nothing yet.
    topics: String,
    names: String,
    seconds: i64,
}

impl Filled {
    /// As the terminal asks.
    pub(super) fn proposed(login: &DeviceLogin) -> Self {
        let asked = &login.asked;
        let patterns = asked.topics.as_ref().and_then(TopicScope::patterns).unwrap_or_default();
        let names: Vec<_> = patterns.iter().map(ToString::to_string).collect();
        let topics = match &asked.topics {
            None => "",
            Some(TopicScope::Everywhere) => "all",
            Some(TopicScope::Only(_)) => "only",
        };
        Self {
            label: login.device.to_string(),
            mesh: asked.mesh.clone().unwrap_or_default(),
            capabilities: asked.proposal(),
            topics: topics.to_owned(),
            names: names.join(" "),
            seconds: asked.seconds.unwrap_or(LONGEST.whole_seconds()).min(LONGEST.whole_seconds()),
        }
    }

    /// As it was sent. A box has the name of its capability: those are looked for that could be there.
    pub(super) fn sent(form: &Form, login: &DeviceLogin) -> Self {
        let known = Capability::BUILT_IN.iter().chain(&login.asked.capabilities);
        let mut capabilities: Vec<Capability> = Vec::new();
        for capability in known.filter(|capability| form.text(&format!("can:{capability}")) == "yes") {
            if !capabilities.contains(capability) {
                capabilities.push(capability.clone());
            }
        }
        let text = |name| form.text(name).to_owned();
        let seconds = form.text("life").parse().unwrap_or(LONGEST.whole_seconds());
        Self {
            label: text("label"),
            mesh: text("mesh"),
            capabilities,
            topics: text("topics"),
            names: text("names"),
            seconds,
        }
    }
}

/// What was chosen, or what is wrong with it.
pub(super) fn granted(filled: &Filled) -> Result<Granted, String> {
    let label = filled.label.parse().map_err(|error| format!("Name: {error}"))?;
    let capabilities = CapabilitySet::new(filled.capabilities.iter().cloned())
        .map_err(|_| "Choose what the terminal may do".to_owned())?;
    let topics = match filled.topics.as_str() {
        "all" => TopicScope::Everywhere,
        "only" => only(&filled.names)?,
        _ => return Err("Choose on which topics: all of them, or only these".to_owned()),
    };
    if filled.mesh.is_empty() {
        return Err("Choose a mesh, or the whole org".to_owned());
    }
    let mesh = Some(filled.mesh.clone()).filter(|mesh| mesh != WHOLE);
    Ok(Granted { label, mesh, capabilities, topics, seconds: filled.seconds })
}

fn only(names: &str) -> Result<TopicScope, String> {
    let words = names.split([' ', ',', '\n', '\t', '\r']).filter(|word| !word.is_empty());
    let patterns = words.map(|word| word.parse::<TopicPattern>().map_err(|error| format!("'{word}': {error}")));
    let patterns = patterns.collect::<Result<Vec<_>, _>>()?;
    TopicScope::only(patterns).map_err(|error| match error {
        MalformedScope::Empty => "Name at least one topic, or choose all of them".to_owned(),
        MalformedScope::TooMany => error.to_string(),
    })
}

/// In which org: the key is of one alone.
pub(super) fn choose_org(login: &DeviceLogin, orgs: &[Slug]) -> Markup {
    html! {
        @if orgs.is_empty() {
            p { "You are a member of no org, and so have nothing to give." }
        } @else {
            section.narrow {
                form method="get" action=(REQUEST) {
                    input type="hidden" name="id" value=(login.id);
                    div.field {
                        label for="org" { "For which org?" }
                        select id="org" name="org" { @for org in orgs { option value=(org) { (org) } } }
                    }
                    div.actions { button { "Go on" } a href="/account" { "Cancel" } }
                }
            }
        }
    }
}

/// What the terminal may do there.
pub(super) fn decide(
    login: &DeviceLogin,
    form_token: &str,
    org: &Slug,
    (is_whole, meshes): (bool, &[Mesh]),
    (may, longest): (&[Capability], Option<Span>),
    filled: &Filled,
) -> Markup {
    let label = Field::new("label", "Name of the key").with_text(&filled.label).filled_by("off");
    html! {
        section {
            form method="post" action=(REQUEST) {
                (token(form_token))
                input type="hidden" name="id" value=(login.id);
                input type="hidden" name="org" value=(org);
                p { "The terminal gets a key of yours in the org " strong { (org) } ". It never does more than you may do." }
                (label.markup())
                div.field {
                    label for="mesh" { "Where" }
                    select id="mesh" name="mesh" {
                        // Never the whole org by accident: with several places it is chosen.
                        @if filled.mesh.is_empty() && meshes.len() + usize::from(is_whole) > 1 { option value="" { "Choose…" } }
                        @for mesh in meshes { (place(mesh, filled)) }
                        @if is_whole { option value=(WHOLE) selected[filled.mesh == WHOLE] { "The whole org" } }
                    }
                }
                (boxes(login, may, filled))
                (topics(filled))
                (life(filled, longest))
                div.actions {
                    button name="do" value="approve" { "Approve" }
                    button.danger name="do" value="deny" formnovalidate { "Deny" }
                }
            }
        }
    }
}

fn place(mesh: &Mesh, filled: &Filled) -> Markup {
    let is_chosen = filled.mesh == mesh.slug.as_str() || filled.mesh == mesh.id.to_string();
    html! { option value=(mesh.slug) selected[is_chosen] { "Mesh " (mesh.slug) } }
}

fn boxes(login: &DeviceLogin, may: &[Capability], filled: &Filled) -> Markup {
    let asked = &login.asked.capabilities;
    let beyond: Vec<_> = asked.iter().filter(|one| !may.contains(one)).map(ToString::to_string).collect();
    html! {
        fieldset {
            legend { "What it may do" }
            p.quiet {
                @if asked.is_empty() { "It asked for nothing in particular: what a member does is ticked, as far as you may." }
                @else { "What it asked for is ticked." }
                @if !beyond.is_empty() { " It also asked for " (beyond.join(", ")) ", which you may not give." }
            }
            @for capability in may {
                @let id = format!("can:{capability}");
                label.choice for=(id) {
                    input type="checkbox" id=(id) name=(id) value="yes" checked[filled.capabilities.contains(capability)];
                    span {
                        code { (capability) }
                        @if *capability == Capability::Admin { " · everything, and managing keys and members; you confirm that it is you" }
                    }
                }
            }
        }
    }
}

fn topics(filled: &Filled) -> Markup {
    html! {
        fieldset {
            legend { "On which topics" }
            label.choice for="topics-only" {
                input type="radio" id="topics-only" name="topics" value="only" required checked[filled.topics == "only"];
                span { "Only these" }
            }
            label.unseen for="names" { "Names of topics" }
            input type="text" id="names" name="names" value=(filled.names) autocomplete="off" autocapitalize="none" spellcheck="false"
                aria-describedby="names-hint";
            span.hint id="names-hint" { "With a space between two. " code { "ci.*" } " stands for all that begin so." }
            label.choice for="topics-all" {
                input type="radio" id="topics-all" name="topics" value="all" checked[filled.topics == "all"];
                span { "All topics, now and later" }
            }
        }
    }
}

/// What the org's policy does not allow is there, and cannot be chosen.
fn life(filled: &Filled, longest: Option<Span>) -> Markup {
    let longest = longest.map_or(i64::MAX, |longest| longest.duration().whole_seconds());
    let chosen = filled.seconds.min(longest);
    let is_of_list = LIVES.iter().any(|(seconds, _)| *seconds == chosen);
    html! {
        div.field {
            label for="life" { "For how long" }
            select id="life" name="life" {
                @if !is_of_list { option value=(chosen) selected { (about(chosen)) } }
                @for (seconds, words) in LIVES {
                    option value=(seconds) selected[seconds == chosen] disabled[seconds > longest] { (words) }
                }
            }
            @if longest < LONGEST.whole_seconds() {
                span.hint { "The policy of the org allows " (about(longest)) " at most." }
            }
        }
    }
}

fn about(seconds: i64) -> String {
    match seconds {
        0..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
