//! `/orgs/{org}/meshes/{mesh}/topics/{topic}`: who can touch it, and through what. The question that narrow keys are there to answer.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::{
    holders::{group, table},
    people,
};
use crate::{
    dashboard::{
        Fault, Form,
        done::{AFTER, DONE, SEAL, note, told},
        fields::Field,
        org::{Insider, Section},
        page::{lead_to, token},
        parts::{
            asking::asked,
            paging::{empty, more},
            times::moment,
        },
        query::Query,
        visitor::Sent,
        wrong::{Wrong, ensure_known},
    },
    db::keys::Dated,
    domain::{Capability, Topic, access::Access, key::Status, name::Description, page::Limit},
    http::guard::{OnTopic, may},
    service::{
        House, IfMatch,
        access::{self, Reaching, Wanted},
        meshes, topics,
    },
};

type OfTopic = Insider<OnTopic<may::Admin>>;
type Holder = (Dated, Access);

const DONES: [(&str, &str); 4] = [
    ("made", "The topic was made. These are the keys that reach it already."),
    ("described", "Saved."),
    ("archived", "The topic is archived: it takes nothing more."),
    ("unarchived", "The topic takes messages again."),
];

/// The page.
pub async fn show(house: Data<House>, insider: OfTopic) -> Result<HttpResponse, Fault> {
    let query = Query::of(&insider.person.request);
    ensure_known(&query, &["cursor", DONE, AFTER, SEAL])?;
    page(&house, &insider, &query, None).await
}

async fn page(
    house: &House,
    insider: &OfTopic,
    query: &Query,
    typed: Option<(&Form, &Wrong)>,
) -> Result<HttpResponse, Fault> {
    let by = &insider.proof;
    let (mesh, topic) = (meshes::show(by)?, topics::show(house, by).await?);
    let path = insider.at(&format!("/meshes/{}", mesh.slug));
    let here = format!("{path}/topics/{}", topic.name);
    let wanted = Wanted { limit: Limit::MOST, cursor: query.text("cursor").map(str::to_owned), ..Wanted::default() };
    let found = access::list(house, by, &wanted).await?;
    let main = html! {
        (note(insider, &DONES))
        @if let Some((_, wrong)) = typed { (wrong.markup()) }
        @if let Some(at) = topic.archived_at {
            p.note.warn.wide {
                "Archived since " (moment(at)) ". Nothing can be sent to it, and its state does not change; it can still be read. Its name stays taken."
            }
        }
        @if mesh.archived_at.is_some() {
            p.note.warn.wide { "The mesh is archived: in it every key is refused, whatever stands below, until it is unarchived." }
        }
        div.head {
            p {
                "In mesh " a href=(path) { (mesh.slug) } ", made " (moment(topic.created_at)) "."
                @if !topic.description.as_str().is_empty() { " " bdi { (topic.description) } }
            }
            div.actions {
                a href={ (here) "/archive" } { (if topic.archived_at.is_some() { "Unarchive…" } else { "Archive…" }) }
            }
        }
        @if !found.complete {
            p.note.warn.wide { "You see the keys that you manage. Keys of the whole org may reach this topic too: ask " (asked(house, insider).await?) "." }
        }
        (keys(&found, topic.archived_at.is_some(), &insider.at("/keys")))
        (more(found.page.next.as_deref(), &here, &query.without(DONE).without(AFTER).without(SEAL)))
        (people::of_topic(house, insider, &mesh, &topic.name).await?)
        (form(&topic, &here, &insider.token(), typed))
    };
    let status = typed.map_or(StatusCode::OK, |(_, wrong)| wrong.status);
    insider.show_as(house, status, Section::Meshes, &format!("Who can touch #{}?", topic.name), main).await
}

/// The keys, by what they may do; those with `admin` once, since they may all of it.
fn keys(found: &Reaching, is_archived: bool, path: &str) -> Markup {
    let items = &found.page.items;
    if items.is_empty() {
        let text = html! { "No key that you manage reaches it." };
        return empty("No keys", &text);
    }
    let is_admin = |(_, access): &&Holder| access.through.capability.is_some();
    let admins: Vec<&Holder> = items.iter().filter(is_admin).collect();
    let mut declared: Vec<_> =
        items.iter().flat_map(|(_, access)| &access.may).filter(|one| !one.is_built_in()).collect();
    declared.sort_by_key(|one| one.name());
    declared.dedup();
    let of = |one: &Capability| -> Vec<&Holder> {
        items.iter().filter(|holder| !is_admin(holder) && holder.1.may.contains(one)).collect()
    };
    let offered: Vec<_> = Capability::BUILT_IN
        .iter()
        .filter(|one| **one != Capability::Admin)
        .chain(declared)
        .map(|one| (one, of(one)))
        .collect();
    html! {
        ul.tiles {
            @for (one, holders) in &offered {
                @if is_always_shown(one) || !holders.is_empty() {
                    @let all = count(holders.len() + admins.len());
                    li {
                        a href={ "#can-" (one) } {
                            strong { (verb(one)) }
                            @if is_archived && is_change(one) { "none now; " (all) " once unarchived" } @else { (all) }
                        }
                    }
                }
            }
            @if !admins.is_empty() { li { a href="#can-admin" { strong { "Everything" } (count(admins.len())) } } }
        }
        @for (one, holders) in &offered {
            @if is_always_shown(one) || !holders.is_empty() { (section(one, holders, (admins.len(), is_archived && is_change(one)), path)) }
        }
        @if !admins.is_empty() {
            section id="can-admin" {
                h2 { "Everything, through " span.mono { "admin" } " " span.quiet { (admins.len()) } }
                p { "They may all that stands above, and issue keys for it." }
                (table("Keys that may do everything here", &group("Through admin", true, &admins, path)))
            }
        }
    }
}

/// What an archived topic does not take.
fn is_change(one: &Capability) -> bool {
    [Capability::Send, Capability::StateWrite].contains(one)
}

/// What everybody asks first is shown where nobody may do it, too.
fn is_always_shown(one: &Capability) -> bool {
    [Capability::Send, Capability::Read, Capability::StateWrite].contains(one)
}

fn count(keys: usize) -> String {
    format!("{keys} {}", if keys == 1 { "key" } else { "keys" })
}

/// What one may, as one says it.
pub(super) fn verb(one: &Capability) -> String {
    match one {
        Capability::Send => "Send".to_owned(),
        Capability::Read => "Read".to_owned(),
        Capability::StateWrite => "Change state".to_owned(),
        Capability::Admin => "Everything".to_owned(),
        Capability::Verify => "Verify keys".to_owned(),
        Capability::Declared(name) => name.to_string(),
    }
}

fn section(one: &Capability, holders: &[&Holder], (admins, waits): (usize, bool), path: &str) -> Markup {
    let is_org = |holder: &&&Holder| holder.1.through.owner == "org";
    let is_all = |holder: &&&Holder| holder.1.through.topics.get().is_none();
    let part = |of_org: bool, of_all: bool| -> Vec<&Holder> {
        holders.iter().filter(|it| is_org(it) == of_org && is_all(it) == of_all).copied().collect()
    };
    let disabled = holders.iter().filter(|(one, _)| one.key.status(one.now) == Status::Disabled).count();
    html! {
        section id={ "can-" (one) } {
            h2 { (verb(one)) " " span.quiet { (holders.len()) } }
            @if waits { p.warn-text { "Nobody now, since the topic is archived: this is for when it is unarchived." } }
            @if holders.is_empty() { p { "No key by name, by pattern or by all topics." } } @else {
                (table(&format!("Keys that may {}, the narrowest first", verb(one).to_lowercase()), &html! {
                    (group("By name or pattern", false, &part(false, false), path))
                    (group("By name or pattern, through the whole org", true, &part(true, false), path))
                    (group("Through all topics", true, &part(false, true), path))
                    (group("Through all topics of the whole org", true, &part(true, true), path))
                }))
                @if disabled > 0 { p.quiet { (disabled) " of them " (if disabled == 1 { "is" } else { "are" }) " disabled, and may once enabled." } }
            }
            @if admins > 0 { p.quiet { "And " a href="#can-admin" { (count(admins)) " through admin" } "." } }
        }
    }
}

fn form(topic: &Topic, here: &str, form_token: &str, typed: Option<(&Form, &Wrong)>) -> Markup {
    let text = typed.map_or(topic.description.as_str(), |(form, _)| form.shown("description"));
    let fault = typed.and_then(|(_, wrong)| wrong.at("description"));
    let field = Field::new("description", "What it is for").with_text(text).with_fault(fault).filled_by("off");
    html! {
        section.narrow aria-labelledby="describe" {
            h2 id="describe" { "Description" }
            form method="post" action=(here) {
                (token(form_token))
                input type="hidden" name="version" value=(topic.version);
                (field.with_hint("Shown beside its name. The name itself never changes.").markup())
                button.second { "Save" }
            }
        }
    }
}

/// Says anew what the topic is for.
pub async fn describe(house: Data<House>, sent: Sent<OfTopic>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let (mesh, name) = (meshes::show(&insider.proof)?, insider.proof.topic()?.clone());
    let here = insider.at(&format!("/meshes/{}/topics/{name}", mesh.slug));
    let seen = IfMatch::Versions(form.text("version").parse().into_iter().collect());
    let wrong = match form.text("description").parse::<Description>() {
        Err(why) => Wrong::fields(vec![("description", why.to_string())]),
        Ok(said) => match topics::edit(&house, &insider.proof, Some(&said), &seen).await {
            Ok(_) => return Ok(lead_to(&told(&insider, &here, "described", None))),
            Err(refusal) => Wrong::of(refusal, &here)?,
        },
    };
    page(&house, &insider, &Query::default(), Some((&form, &wrong))).await
}
