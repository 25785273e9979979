//! `/orgs/{org}/members`: the people of an org, and below them who was invited and has not come yet.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};
use time::OffsetDateTime;

use super::{invitation::mail, roles::matrix};
use crate::{
    dashboard::{
        Fault,
        done::{AFTER, DONE, SEAL, note},
        org::{Insider, Section},
        parts::{
            asking::person,
            paging::{empty, more},
            times::ago,
        },
        query::Query,
        wrong::ensure_known,
    },
    db::presence::Presence,
    domain::{
        Member, UserId,
        invitation::{Invitation, Status},
        page::{Limit, Page},
        role::Role,
    },
    http::guard::{InOrg, may},
    service::{
        House, Refusal, invitations,
        members::{self, Wanted},
    },
};

const DONES: [(&str, &str); 2] = [
    ("removed", "The member was removed, and its personal keys were revoked."),
    ("withdrawn", "The invitation was withdrawn: its link opens nothing any more."),
];
const FILTERS: [&str; 3] = ["text", "role", "mesh"];

/// The page.
pub async fn show(house: Data<House>, insider: Insider<InOrg<may::Admin>>) -> Result<HttpResponse, Fault> {
    let query = Query::of(&insider.person.request);
    ensure_known(&query, &["text", "role", "mesh", "cursor", "invitations", DONE, AFTER, SEAL])?;
    let role = query.text("role").map(str::parse::<Role>).transpose();
    let wanted = Wanted {
        role: role.map_err(|why| Refusal::invalid("role", why.to_string()))?,
        mesh: query.text("mesh").map(str::to_owned),
        text: query.text("text").map(str::to_owned),
        limit: Limit::default(),
        cursor: query.text("cursor").map(str::to_owned),
    };
    let page = members::list(&house, &insider.proof, &wanted).await?;
    let open =
        invitations::list(&house, &insider.proof, Some(Status::Open), Limit::default(), query.text("invitations"))
            .await?;
    let ids: Vec<UserId> = page.items.iter().map(|member| member.user.id).collect();
    let present = members::presence(&house, &insider.proof, &ids).await?;
    let (path, who) = (insider.at("/members"), person(&insider.proof)?);
    let is_filtered = FILTERS.iter().any(|name| query.text(name).is_some());
    let plain = query.without(DONE).without(AFTER).without(SEAL);
    let main = html! {
        (note(&insider, &DONES))
        div.head {
            (filters(&path, &query))
            a.button href=(insider.at("/invitations")) { "Invite somebody" }
        }
        @if page.items.is_empty() {
            (empty("Nobody is like that", &html! {
                "No member matches. " @if is_filtered { a href=(path) { "Clear filters" } }
            }))
        } @else { (table(&page, &present, &path, (who.user, who.now))) }
        (more(page.next.as_deref(), &path, &plain))
        (matrix())
        (invited(&open, &insider, &plain, who.now))
    };
    insider.show(&house, Section::Members, "Members", main).await
}

fn filters(path: &str, query: &Query) -> Markup {
    let role = query.text("role").unwrap_or_default();
    html! {
        form.filters method="get" action=(path) role="search" aria-label="Members" {
            div.field {
                label for="text" { "Name or address" }
                input type="search" id="text" name="text" value=[query.text("text")] autocomplete="off";
            }
            div.field {
                label for="role" { "Role" }
                select id="role" name="role" {
                    option value="" { "Any" }
                    @for known in Role::ALL { option value=(known.name()) selected[known.name() == role] { (known.name()) } }
                }
            }
            @if let Some(mesh) = query.text("mesh") { input type="hidden" name="mesh" value=(mesh); }
            button.second { "Filter" }
            @if FILTERS.iter().any(|name| query.text(name).is_some()) { a href=(path) { "Clear filters" } }
        }
    }
}

fn table(
    page: &Page<Member>,
    present: &BTreeMap<UserId, Presence>,
    path: &str,
    (own, now): (UserId, OffsetDateTime),
) -> Markup {
    html! {
        div.scroll {
            table.cards {
                caption {
                    "Members by address. A passkey is both factors in one."
                }
                thead {
                    tr {
                        th scope="col" { "Name" }
                        th scope="col" aria-sort="ascending" { "E-mail" }
                        th scope="col" { "At the org" }
                        th scope="col" { "At meshes" }
                        th scope="col" { "Live keys" }
                        th scope="col" { "Own key used" }
                        th scope="col" { "Second factor" }
                    }
                }
                tbody {
                    @for member in &page.items {
                        @let at = present.get(&member.user.id);
                        tr {
                            th scope="row" {
                                a href={ (path) "/" (member.user.id) } { bdi { (member.user.name) } }
                                @if member.user.id == own { " " span.chip { "you" } }
                                @if member.user.suspended_at.is_some() { " " span.chip.held { "suspended" } }
                            }
                            td data-label="E-mail" { (address(member)) }
                            td data-label="At the org" { (member.part.org.map_or("–", Role::name)) }
                            td data-label="At meshes" { (at_meshes(member)) }
                            td data-label="Live keys" { @if let Some(at) = at { (keys(at)) } }
                            td data-label="Own key used" { @if let Some(at) = at { (used(at, now)) } }
                            td data-label="Second factor" { @if let Some(at) = at { (factors(at)) } }
                        }
                    }
                }
            }
        }
    }
}

/// How many keys it has that live, its own and those that it issued.
fn keys(at: &Presence) -> String {
    match (at.personal, at.issued) {
        (0, 0) => "none".to_owned(),
        (own, 0) => format!("{own} personal"),
        (0, issued) => format!("{issued} issued"),
        (own, issued) => format!("{own} personal, {issued} issued"),
    }
}

/// When it was last heard of.
pub(super) fn used(at: &Presence, now: OffsetDateTime) -> Markup {
    html! { @match at.used_at { Some(at) => (ago(at, now)), None => "never" } }
}

/// By what more than a password it signs in.
pub(super) fn factors(at: &Presence) -> Markup {
    html! {
        @match (at.has_app, at.has_passkey) {
            (true, true) => "app, passkey",
            (true, false) => "app",
            (false, true) => "passkey",
            (false, false) => span.warn-text { "none" },
        }
    }
}

/// The address, and whether it was shown to be the person's own.
pub(super) fn address(member: &Member) -> Markup {
    html! {
        bdi { (member.user.email) }
        @if member.user.email_verified_at.is_none() { " " span.chip.warn { "not verified" } }
    }
}

/// Its roles at meshes.
fn at_meshes(member: &Member) -> Markup {
    let mut parts: Vec<_> =
        member.slugs.iter().filter_map(|(id, slug)| Some((slug, member.part.meshes.get(id)?))).collect();
    parts.sort();
    html! {
        @if parts.is_empty() { "–" }
        @for (at, (slug, role)) in parts.iter().enumerate() { @if at > 0 { ", " } (role.name()) " of " (slug) }
    }
}

fn invited(
    open: &Page<Invitation>,
    insider: &Insider<InOrg<may::Admin>>,
    query: &Query,
    now: OffsetDateTime,
) -> Markup {
    let (path, here) = (insider.at("/invitations"), insider.at("/members"));
    html! {
        h2 { "Open invitations" }
        @if open.items.is_empty() { p.quiet { "None. Who was invited stands here until the invitation is accepted, withdrawn or over." } } @else {
            div.scroll {
                table.cards {
                    caption { "Invitations that can be accepted, the newest first" }
                    thead {
                        tr {
                            th scope="col" { "For" }
                            th scope="col" { "As" }
                            th scope="col" { "Link made" }
                            th scope="col" { "Expires" }
                            th scope="col" { "Mail" }
                        }
                    }
                    tbody {
                        @for one in &open.items {
                            tr {
                                th scope="row" { a href={ (path) "/" (one.id) } { bdi { (one.email) } } }
                                td data-label="As" { (role_at(one)) }
                                td data-label="Link made" { (ago(one.sent_at, now)) }
                                td data-label="Expires" { (ago(one.ends_at, now)) }
                                td data-label="Mail" { (mail(one)) }
                            }
                        }
                    }
                }
            }
            @if let Some(next) = &open.next { p { a href=(query.with("invitations", next).at(&here)) { "More invitations" } } }
        }
    }
}

/// As what, and where.
pub(super) fn role_at(one: &Invitation) -> Markup {
    html! { (one.role.name()) " of " @match &one.mesh { Some((_, slug)) => { "mesh " (slug) }, None => "the org" } }
}
