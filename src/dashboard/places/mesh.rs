//! `/orgs/{org}/meshes/{mesh}`: the topics of a mesh, with how many keys can do what on each; its people; and a new topic.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::{activity, people};
use crate::{
    dashboard::{
        Fault, Form,
        done::{AFTER, DONE, SEAL, note, told},
        fields::Field,
        org::{Insider, Section},
        page::{lead_to, token},
        parts::{
            asking::{asked, is_of_the_org},
            once::{nothing, once},
            paging::{empty, more},
            times::moment,
        },
        query::Query,
        visitor::Sent,
        wrong::{Wrong, ensure_known},
    },
    domain::{
        Mesh, Topic, TopicName,
        name::Description,
        page::{Limit, Page},
    },
    http::guard::{Within, may},
    service::{
        House, meshes,
        places::{self, ByTopic, is_admin_of},
        topics,
    },
};

const DONES: [(&str, &str); 4] = [
    ("made", "The mesh was made. Make its first topic, or issue a key for it."),
    ("renamed", "The mesh has its new name."),
    ("archived", "The mesh is archived: its keys are refused."),
    ("unarchived", "The mesh is there again, and its keys work."),
];

/// The page.
pub async fn show(house: Data<House>, insider: Insider<Within<may::Admin>>) -> Result<HttpResponse, Fault> {
    let query = Query::of(&insider.person.request);
    ensure_known(&query, &["cursor", DONE, AFTER, SEAL])?;
    page(&house, &insider, &query, None).await
}

/// What was filled in and refused.
struct Typed<'a> {
    form: &'a Form,
    wrong: Wrong,
}

async fn page(
    house: &House,
    insider: &Insider<Within<may::Admin>>,
    query: &Query,
    typed: Option<&Typed<'_>>,
) -> Result<HttpResponse, Fault> {
    let by = &insider.proof;
    let mesh = meshes::show(by)?;
    let path = insider.at(&format!("/meshes/{}", mesh.slug));
    let live = topics::list(house, by, Some(false), Limit::MOST, query.text("cursor")).await?;
    let archived = topics::list(house, by, Some(true), Limit::MOST, None).await?;
    // Who is no admin here covers no key, and would be told of none as if there were none.
    let is_admin = is_admin_of(by, mesh.id);
    let counts = if is_admin { Some(places::counts(house, by, &live.items).await?) } else { None };
    let main = html! {
        (note(insider, &DONES))
        @if let Some(Typed { wrong, .. }) = typed { (wrong.markup()) }
        (head(insider, &mesh, &path, &asked(house, insider).await?))
        @if live.items.is_empty() {
            (empty("No topics yet", &html! {
                "A key says what it may do, and on which topics. " @if is_admin { "Make the first topic below." } @else { "Admins of the mesh make them." }
            }))
        } @else { (table(&live, counts.as_ref(), &path)) }
        (more(live.next.as_deref(), &path, &query.without(DONE).without(AFTER).without(SEAL)))
        @if !archived.items.is_empty() {
            details {
                summary { "Archived topics (" (archived.items.len()) @if archived.next.is_some() { "+" } ")" }
                p { "They take nothing more. Their names stay taken, so that no key inherits what another was given." }
                ul { @for topic in &archived.items { li { a href={ (path) "/topics/" (topic.name) } { "#" (topic.name) } } } }
            }
        }
        @if is_admin && mesh.archived_at.is_none() { (form(&path, &insider.token(), typed)) }
        (people::of_mesh(house, insider, &mesh).await?)
        @if is_admin { (activity::of_mesh(house, insider, &mesh).await?) }
    };
    let status = typed.map_or(StatusCode::OK, |typed| typed.wrong.status);
    insider.show_as(house, status, Section::Meshes, mesh.name.as_str(), main).await
}

fn head(insider: &Insider<Within<may::Admin>>, mesh: &Mesh, path: &str, asked: &Markup) -> Markup {
    let (is_archived, of_the_org) = (mesh.archived_at.is_some(), is_of_the_org(&insider.proof));
    html! {
        @if let Some(at) = mesh.archived_at {
            p.note.warn.wide { "Archived since " (moment(at)) ". Its keys are refused until it is unarchived." }
        }
        div.head {
            p { "Mesh " code { (mesh.slug) } " of " (insider.proof.org_slug()) ", made " (moment(mesh.created_at)) "." }
            div.actions {
                a href=(insider.at(&format!("/keys?mesh={}", mesh.slug))) { "Its keys" }
                @if is_admin_of(&insider.proof, mesh.id) {
                    a href={ (path) "/policy" } { "Policy" }
                    a href={ (path) "/name" } { "Rename" }
                }
                @if of_the_org { a href={ (path) "/archive" } { (if is_archived { "Unarchive…" } else { "Archive…" }) } }
            }
        }
        @if !of_the_org {
            p.quiet { "You see what you manage. Keys of the whole org act here too; they, the people, and archiving are for admins of the org: ask " (asked) "." }
        }
    }
}

fn table(topics: &Page<Topic>, by_topic: Option<&ByTopic>, path: &str) -> Markup {
    html! {
        div.scroll {
            table.cards {
                caption {
                    "Topics by name"
                    @if by_topic.is_some() { ", with how many of the keys that work can send to each, read it, and change its state" }
                    @if by_topic.is_some_and(|by_topic| !by_topic.complete) { ". Not every key was looked at: these are the least" }
                }
                thead {
                    tr {
                        th scope="col" { "Topic" }
                        th scope="col" { "What for" }
                        @if by_topic.is_some() {
                            th.number scope="col" { "Can send" }
                            th.number scope="col" { "Can read" }
                            th.number scope="col" { "Can change state" }
                        }
                        th.number scope="col" { "Messages" }
                    }
                }
                tbody {
                    @for topic in &topics.items {
                        @let counts = by_topic.map(|by_topic| by_topic.counts.get(&topic.name).copied().unwrap_or_default());
                        tr {
                            th scope="row" { a href={ (path) "/topics/" (topic.name) } { "#" (topic.name) } }
                            td data-label="What for" { bdi { (topic.description) } }
                            @if let Some(counts) = counts {
                                td.number data-label="Can send" { (counts.send) }
                                td.number data-label="Can read" { (counts.read) }
                                td.number data-label="Can change state" { (counts.state_write) }
                            }
                            td.number data-label="Messages" { (topic.last_seq) }
                        }
                    }
                }
            }
        }
    }
}

fn form(path: &str, form_token: &str, typed: Option<&Typed<'_>>) -> Markup {
    let text = |name: &str| typed.map_or("", |typed| typed.form.shown(name));
    let fault = |name: &str| typed.and_then(|typed| typed.wrong.at(name));
    let name = Field::new("name", "Name")
        .with_text(text("name"))
        .with_fault(fault("name"))
        .filled_by("off")
        .with_hint("For good: a-z, 0-9 and . _ -, at most 64 characters. A # before it is dropped.");
    let description = Field::new("description", "What for (optional)")
        .with_text(text("description"))
        .with_fault(fault("description"))
        .filled_by("off");
    html! {
        section.narrow aria-labelledby="new-topic" {
            h2 id="new-topic" tabindex="-1" { "New topic" }
            p.quiet { "Keys with all topics, or with a pattern that it matches, reach it at once." }
            form method="post" action=(path) {
                (token(form_token)) (once())
                (name.markup()) (description.markup())
                button { "Make the topic" }
            }
        }
    }
}

/// Makes a topic.
pub async fn create(house: Data<House>, sent: Sent<Insider<Within<may::Admin>>>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let path = insider.at(&format!("/meshes/{}", meshes::show(&insider.proof)?.slug));
    let mut faults = Vec::new();
    let name = form.text("name").trim().parse::<TopicName>().map_err(|why| faults.push(("name", why.to_string()))).ok();
    let said = form.text("description").parse::<Description>();
    let said = said.map_err(|why| faults.push(("description", why.to_string()))).ok();
    let (Some(name), Some(said)) = (name, said) else {
        let typed = Typed { form: &form, wrong: Wrong::fields(faults) };
        return page(&house, &insider, &Query::default(), Some(&typed)).await;
    };
    let request = form.once(&insider.person.request, &insider.proof);
    match topics::create(&house, &insider.proof, &name, &said, request.as_ref(), &|_| nothing()).await {
        Ok(_) => Ok(lead_to(&told(&insider, &format!("{path}/topics/{name}"), "made", None))),
        Err(refusal) => {
            let typed = Typed { form: &form, wrong: Wrong::of(refusal, &path)? };
            page(&house, &insider, &Query::default(), Some(&typed)).await
        }
    }
}
