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
    /// As the terminal asks, in the org that it asked for or in another one. The widest is never filled in: all topics and the
    /// whole org are the person's own choice.
    pub(super) fn proposed(login: &DeviceLogin, is_other_org: bool) -> Self {
        let asked = &login.asked;
        let patterns = asked.topics.as_ref().and_then(TopicScope::patterns).unwrap_or_default();
        let names: Vec<_> = patterns.iter().map(ToString::to_string).collect();
        let topics = match &asked.topics {
            None | Some(TopicScope::Everywhere) => "",
            Some(TopicScope::Only(_)) => "only",
        };
        Self {
            label: login.device.to_string(),
            mesh: asked.mesh.clone().filter(|mesh| mesh != WHOLE && !is_other_org).unwrap_or_default(),
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

/// In which org: the key is of one alone. `lost` is the one that was asked for, if the person cannot give it.
pub(super) fn choose_org(login: &DeviceLogin, form_token: &str, orgs: &[Slug], lost: Option<&str>) -> Markup {
    html! {
        @if let Some(lost) = lost { p.note { "It asked for the org '" (lost) "', which is not there or not yours." } }
        @if orgs.is_empty() {
            p { "You are a member of no org, and so have nothing to give." }
        } @else {
            section.narrow {
                form method="get" action=(REQUEST) {
                    input type="hidden" name="id" value=(login.id);
                    div.field {
                        label for="org" { "For which org?" }
                        select id="org" name="org" required {
                            option value="" { "Choose…" }
                            @for org in orgs { option value=(org) { (org) } }
                        }
                    }
                    div.actions { button { "Go on" } a href="/account" { "Cancel" } }
                }
            }
        }
        section.narrow {
            form method="post" action=(REQUEST) {
                (token(form_token))
                input type="hidden" name="id" value=(login.id);
                div.actions {
                    button.danger name="do" value="deny" { "Deny" }
                    a href="/device" { "Type another code" }
                }
            }
        }
    }
}

/// Where the person can give the key, within the org.
pub(super) struct Places<'a> {
    /// Whether the terminal asked for another org.
    pub(super) is_other: bool,
    /// Whether the whole org is one.
    pub(super) is_whole: bool,
    /// The meshes.
    pub(super) meshes: &'a [Mesh],
}

impl Places<'_> {
    fn of(&self, named: &str) -> Option<&Mesh> {
        self.meshes.iter().find(|mesh| is_called(mesh, named))
    }

    /// With several places, or another one asked for, nothing is chosen before the person has.
    fn is_to_be_chosen(&self, login: &DeviceLogin, filled: &Filled) -> bool {
        let is_chosen = self.of(&filled.mesh).is_some() || (self.is_whole && filled.mesh == WHOLE);
        let are_several = self.meshes.len() + usize::from(self.is_whole) > 1;
        !is_chosen && (are_several || self.is_other || login.asked.mesh.is_some())
    }

    /// What was asked for, where it is not filled in.
    fn unmet(&self, login: &DeviceLogin) -> Option<String> {
        let named = login.asked.mesh.as_deref();
        let mesh = named.filter(|mesh| *mesh != WHOLE).map(|mesh| format!("the mesh '{mesh}'"));
        if let Some(org) = login.asked.org.as_deref().filter(|_| self.is_other) {
            let mesh = mesh.map(|mesh| format!("{mesh} of ")).unwrap_or_default();
            return Some(format!("It asked for {mesh}the org '{org}', and not for this one."));
        }
        match (named?, mesh) {
            (_, None) if self.is_whole => {
                Some("It asked for the whole org. Choose that only if it is meant.".to_owned())
            }
            (_, None) => Some("It also asked for the whole org, which you may not give.".to_owned()),
            (named, Some(_)) if self.of(named).is_some() => None,
            (_, Some(mesh)) => Some(format!("It also asked for {mesh}, which is not there or not yours.")),
        }
    }
}

fn is_called(mesh: &Mesh, named: &str) -> bool {
    named == mesh.slug.as_str() || named == mesh.id.to_string()
}

/// What the terminal may do there.
pub(super) fn decide(
    login: &DeviceLogin,
    form_token: &str,
    org: &Slug,
    places: &Places<'_>,
    (may, longest): (&[Capability], Option<Span>),
    filled: &Filled,
) -> Markup {
    let unmet = places.unmet(login);
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
                    select id="mesh" name="mesh" required aria-describedby=[unmet.as_ref().map(|_| "mesh-hint")] {
                        @if places.is_to_be_chosen(login, filled) { option value="" { "Choose…" } }
                        @for mesh in places.meshes {
                            option value=(mesh.slug) selected[is_called(mesh, &filled.mesh)] { "Mesh " (mesh.slug) }
                        }
                        @if places.is_whole { option value=(WHOLE) selected[filled.mesh == WHOLE] { "The whole org" } }
                    }
                    @if let Some(unmet) = &unmet { span.hint id="mesh-hint" { (unmet) } }
                }
                (boxes(login, may, filled))
                (topics(login, filled))
                (life(filled, longest))
                div.actions {
                    button name="do" value="approve" { "Approve" }
                    button.danger name="do" value="deny" formnovalidate { "Deny" }
                }
            }
        }
    }
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

fn topics(login: &DeviceLogin, filled: &Filled) -> Markup {
    html! {
        fieldset {
            legend { "On which topics" }
            @if login.asked.topics == Some(TopicScope::Everywhere) {
                p.quiet { "It asked for all topics. Choose that only if it is meant." }
            }
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
