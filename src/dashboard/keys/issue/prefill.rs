//! What is filled in before anybody has typed: by a link, a template, or a key that is there. The widest never is, whatever a link
//! says: `admin`, all topics and the whole org are chosen by hand.

use time::OffsetDateTime;

use super::{
    filled::Filled,
    templates::{self, Template},
};
use crate::{
    dashboard::query::Query,
    domain::{Capability, Key, Policy, Span, TopicPattern, suggest},
    service::ground::{Ground, WHOLE},
};

/// What a link may say.
const KNOWN: [&str; 11] = ["template", "name", "note", "mesh", "cap", "topic", "expires", "ip", "rate", "from", "for"];
/// What of it fills in a field. To name the mesh is to say where one was.
const FILLS: [&str; 7] = ["name", "note", "cap", "topic", "expires", "ip", "rate"];

/// What is filled in, and what is to be said of that.
pub(super) struct Prefilled {
    pub(super) filled: Filled,
    /// That a link has filled it in.
    pub(super) is_by_link: bool,
    /// What was asked for and is not filled in.
    pub(super) left_out: Vec<String>,
    /// What it begins with.
    template: Option<&'static Template>,
}

impl Prefilled {
    /// By the address, and by the key that it names, where the person may see it.
    pub(super) fn of(query: &Query, from: Option<&Key>, mesh_of_from: Option<&str>) -> Self {
        let mut left_out = strangers(query);
        let mut filled = from.map(|key| copy(key, mesh_of_from, &mut left_out)).unwrap_or_default();
        let template = query.text("template").map(|name| (name, templates::named(name)));
        match template {
            // How long it lives, the policy has a say in.
            Some((_, Some(template))) => {
                template.fill(&mut filled, &Policy::default());
                filled.expires.clear();
                left_out.extend(template.next.map(str::to_owned));
            }
            Some((name, None)) => left_out.push(format!("There is no template '{}'.", short(name))),
            None => {}
        }
        for (name, field) in [
            ("name", &mut filled.name),
            ("note", &mut filled.note),
            ("rate", &mut filled.rate),
            ("expires", &mut filled.expires),
        ] {
            if let Some(text) = query.text(name) {
                text.clone_into(field);
            }
        }
        place(query, &mut filled, &mut left_out);
        topics(query, &mut filled, &mut left_out);
        let addresses: Vec<_> = query.all("ip").collect();
        if !addresses.is_empty() {
            filled.addresses = addresses.join(" ");
        }
        let asked: Vec<_> = query.all("cap").flat_map(|caps| caps.split(',')).map(str::to_owned).collect();
        if !asked.is_empty() {
            filled.can = asked;
        }
        "only".clone_into(&mut filled.topics);
        let is_by_link = from.is_some() || query.pairs().any(|(name, _)| FILLS.contains(&name));
        Self { filled, is_by_link, left_out, template: template.and_then(|(_, template)| template) }
    }

    /// What somebody has begun with by hand, keeping what was typed.
    pub(super) fn by_hand(filled: Filled, template: &'static Template) -> Self {
        Self {
            filled,
            is_by_link: false,
            left_out: template.next.map(str::to_owned).into_iter().collect(),
            template: Some(template),
        }
    }

    /// Held against what there is: what nobody knows is said and not ticked, and the end is one that can be.
    pub(super) fn on(mut self, ground: &Ground) -> Self {
        let names = || ground.declared.iter().map(|one| one.name.as_str());
        let known = || Capability::BUILT_IN.iter().map(Capability::name).chain(names());
        let (mut kept, mut left_out) = (Vec::new(), Vec::new());
        for name in self.filled.can {
            if name == Capability::Admin.name() {
                left_out
                    .push("It asks for admin, which is never filled in: tick it yourself, if it is meant.".to_owned());
            } else if ground.may.iter().any(|one| one.name() == name) {
                kept.push(name);
            } else if known().any(|one| one == name) {
                left_out.push(format!("You may not issue keys with {} there.", short(&name)));
            } else {
                let hint = suggest::hint(&name, known());
                left_out.push(format!("There is no capability '{}'{hint}.", short(&name)));
            }
        }
        self.filled.can = kept;
        self.left_out.extend(left_out);
        if let Some(template) = self.template.filter(|_| self.filled.expires.is_empty()) {
            template
                .life(&ground.policy)
                .map(|life| life.to_string())
                .unwrap_or_default()
                .clone_into(&mut self.filled.expires);
        }
        let asked = self.filled.expires.clone();
        if let Err(why) = ensure_end(&asked, &ground.policy, ground.now) {
            self.left_out.extend(why);
            self.filled.expires = usual(&ground.policy, ground.now).to_string();
        }
        if self.filled.mesh.is_empty()
            && let Some(mesh) = &ground.mesh
        {
            self.filled.mesh = mesh.slug.to_string();
        }
        self
    }
}

/// Whether this can be chosen as an end; if not, what is to be said of it.
fn ensure_end(asked: &str, policy: &Policy, now: OffsetDateTime) -> Result<(), Option<String>> {
    let last = policy.latest_end(now);
    let beyond = || Some(format!("It asks for an end that the policy does not allow: {}.", short(asked)));
    if asked.is_empty() {
        return Err(None);
    }
    if asked == "never" {
        let unsaid = "It asks for no end at all, which is never filled in: choose it yourself, if it is meant.";
        return Err(if last.is_some() || policy.expiry_required { beyond() } else { Some(unsaid.to_owned()) });
    }
    let span = asked.parse::<Span>().ok().filter(|span| span.as_seconds() > 0);
    let span = span.ok_or_else(|| Some(format!("'{}' is no end: 7d, 90d or never are.", short(asked))))?;
    if last.is_some_and(|last| span.after(now) > last) { Err(beyond()) } else { Ok(()) }
}

/// How long a key lives where nothing is said.
fn usual(policy: &Policy, now: OffsetDateTime) -> Span {
    Span::seconds((policy.default_end(now) - now).whole_seconds().unsigned_abs())
}

fn strangers(query: &Query) -> Vec<String> {
    let unknown = query.pairs().map(|(name, _)| name).filter(|name| !KNOWN.contains(name));
    let words = |name: &str| format!("'{}' is nothing that this form has{}.", short(name), suggest::hint(name, KNOWN));
    unknown.map(words).collect()
}

fn place(query: &Query, filled: &mut Filled, left_out: &mut Vec<String>) {
    match query.text("mesh") {
        Some(WHOLE) => {
            left_out.push("It asks for the whole org, which is never filled in: choose it yourself.".to_owned());
        }
        Some(mesh) => mesh.clone_into(&mut filled.mesh),
        None => {}
    }
}

fn topics(query: &Query, filled: &mut Filled, left_out: &mut Vec<String>) {
    let asked: Vec<_> = query.all("topic").flat_map(|topics| topics.split(',')).collect();
    let (all, named): (Vec<_>, Vec<_>) = asked.into_iter().partition(|topic| ["*", "all"].contains(topic));
    if !all.is_empty() {
        left_out.push(
            "It asks for all topics, which are never filled in: choose them yourself, if they are meant.".to_owned(),
        );
    }
    if !named.is_empty() {
        filled.names = named.join(" ");
    }
}

/// All that a key is but for its secret, and for the widest.
fn copy(key: &Key, mesh: Option<&str>, left_out: &mut Vec<String>) -> Filled {
    let terms = &key.terms;
    let joined = |all: &[TopicPattern]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    if terms.grant.topics.patterns().is_none() {
        left_out.push(
            "The key is for all topics, which are never filled in: choose them yourself, if they are meant.".to_owned(),
        );
    }
    let addresses = terms.addresses.ranges().unwrap_or_default();
    let life = terms.expires_at.map(|end| Span::seconds((end - key.created_at).whole_seconds().unsigned_abs()));
    Filled {
        name: format!("{} (copy)", key.label),
        note: key.note.as_ref().map(ToString::to_string).unwrap_or_default(),
        mesh: mesh.unwrap_or_default().to_owned(),
        can: terms.grant.capabilities.iter().map(|one| one.name().to_owned()).collect(),
        names: terms.grant.topics.patterns().map(joined).unwrap_or_default(),
        expires: life.map_or_else(|| "never".to_owned(), |life| rounded(life).to_string()),
        addresses: addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        rate: terms.rate.map(|rate| rate.to_string()).unwrap_or_default(),
        ..Filled::default()
    }
}

/// To whole days, where it is some.
fn rounded(life: Span) -> Span {
    let days = (life.as_seconds() + 43_200) / 86_400;
    if days == 0 { life } else { Span::seconds(days * 86_400) }
}

/// What somebody else has written is not repeated at length.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
