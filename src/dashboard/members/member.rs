//! `/orgs/{org}/members/{user}`: a member, its keys, and what it may do.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::{
    invite::strongest,
    list::{address, factors, used},
    roles::{choice, matrix},
};
use crate::{
    dashboard::{
        Fault, Form,
        done::{AFTER, DONE, SEAL, note, told},
        org::{Insider, Section},
        page::{lead_to, token},
        parts::{
            asking::{asked, names, person},
            times::when,
        },
        query::Query,
        visitor::Sent,
        wrong::{Wrong, ensure_known},
    },
    domain::{Member, Mesh, Title, UserId, page::Limit, role::Role},
    http::{
        Problem, catalogue,
        guard::{InOrg, may},
    },
    service::{
        Done, House, IfMatch, Refusal,
        edit::Patch,
        members::{self, Edit, Wanted},
        meshes,
    },
};

type Admin = Insider<InOrg<may::Admin>>;

const DONES: [(&str, &str); 1] = [("edited", "The member has its new roles.")];

/// The page.
pub async fn show(house: Data<House>, insider: Admin) -> Result<HttpResponse, Fault> {
    ensure_known(&Query::of(&insider.person.request), &[DONE, AFTER, SEAL])?;
    page(&house, &insider, None).await
}

/// The person that the path names.
pub(super) fn named<N>(insider: &Insider<N>) -> Result<UserId, Fault> {
    let named = insider.person.request.match_info().query("user").parse();
    named.map_err(|_| Problem::of(catalogue::NOT_FOUND).into())
}

/// Where the member has, or could have, a role: meshes that are not archived, and those where it has one.
async fn places(house: &House, insider: &Admin, member: &Member) -> Result<Vec<Mesh>, Fault> {
    let mut all = meshes::list(house, &insider.proof, None, Limit::MOST, None).await?.items;
    all.retain(|mesh| mesh.archived_at.is_none() || member.part.meshes.contains_key(&mesh.id));
    all.sort_by(|one, other| one.slug.cmp(&other.slug));
    Ok(all)
}

/// Why nobody, or not this one, can change the member's roles here.
async fn why_not(house: &House, insider: &Admin, member: &Member) -> Result<Option<Markup>, Fault> {
    let (own, is_owner) = (person(&insider.proof)?.user == member.user.id, member.part.is_owner());
    if !own && !is_owner {
        return Ok(None);
    }
    let others = others(house, insider, member, if is_owner { Role::Owner } else { Role::Admin }).await?;
    Ok(match (is_owner, others.is_empty()) {
        (true, true) => Some(html! {
            "This is the last owner, and an org always has one. Make somebody else an owner first."
        }),
        (false, true) => Some(html! { "Nobody changes their own role. " (ask(house, insider).await?) }),
        _ if own => Some(html! { "Nobody changes their own role: ask " (names(&others)) "." }),
        (true, false) if strongest(insider)? < Role::Owner => {
            Some(html! { "Only an owner changes an owner: ask " (names(&others)) "." })
        }
        _ => None,
    })
}

/// Whom to ask where there is no other admin.
async fn ask(house: &House, insider: &Admin) -> Result<Markup, Fault> {
    Ok(html! { "Ask " (asked(house, insider).await?) "." })
}

/// Others who have this role at the org and can sign in.
async fn others(house: &House, insider: &Admin, member: &Member, role: Role) -> Result<Vec<Title>, Fault> {
    let wanted = Wanted { role: Some(role), ..Wanted::default() };
    let found = members::list(house, &insider.proof, &wanted).await?.items.into_iter();
    let is_other =
        |one: &Member| one.user.id != member.user.id && one.part.org == Some(role) && one.user.suspended_at.is_none();
    Ok(found.filter(is_other).map(|one| one.user.name).take(5).collect())
}

async fn page(house: &House, insider: &Admin, typed: Option<(&Form, &Wrong)>) -> Result<HttpResponse, Fault> {
    let (member, personal, issued) = members::show(house, &insider.proof, named(insider)?).await?;
    let here = insider.at(&format!("/members/{}", member.user.id));
    let (all, why_not) = (places(house, insider, &member).await?, why_not(house, insider, &member).await?);
    let who = person(&insider.proof)?;
    let present = members::presence(house, &insider.proof, &[member.user.id]).await?.remove(&member.user.id);
    let is_own = member.user.id == who.user;
    let main = html! {
        (note(insider, &DONES))
        @if let Some((_, wrong)) = typed { (wrong.markup()) }
        section {
            dl.facts {
                dt { "E-mail" } dd { (address(&member)) }
                @if let Some(at) = member.user.suspended_at { dt { "Suspended" } dd { (when(at, who.now)) } }
                @if let Some(at) = &present {
                    dt { "Own key used" } dd { (used(at, who.now)) }
                    dt { "Second factor" } dd { (factors(at)) }
                }
                dt { "Personal keys" } dd { (personal) " not revoked" }
                dt { "Keys issued for the org" } dd {
                    (issued) " not revoked"
                    @if issued > 0 { " · " a href=(insider.at(&format!("/keys?issued_by={}", member.user.id))) { "see them" } }
                }
            }
        }
        section.narrow aria-labelledby="roles" {
            h2 id="roles" { "Roles" }
            @if let Some(why) = &why_not { p { (why) } }
            form method="post" action=(here) {
                (token(&insider.token()))
                input type="hidden" name="version" value=(member.part.version());
                fieldset disabled[why_not.is_some()] {
                    legend { "What they are" }
                    (fields(&member, &all, strongest(insider)?, typed.map(|(form, _)| form)))
                    p.quiet { "Their personal keys may never do more than they may, from that moment on. Keys that they issued stay as they are." }
                    button { "Save" }
                }
            }
        }
        (matrix())
        p { a.button.second href={ (here) "/remove" } { (if is_own { "Leave the org…" } else { "Remove from the org…" }) } }
        p { a href=(insider.at("/members")) { "All members" } }
    };
    let status = typed.map_or(StatusCode::OK, |(_, wrong)| wrong.status);
    insider.show_as(house, status, Section::Members, member.user.name.as_str(), main).await
}

/// The choice at the org, and one at each mesh.
fn fields(member: &Member, all: &[Mesh], most: Role, typed: Option<&Form>) -> Markup {
    let chosen = |name: &str, now: Option<Role>| typed.map_or(now, |form| form.text(name).parse().ok());
    html! {
        (choice("role", "At the org", chosen("role", member.part.org), most, Some("No role at the org")))
        @for mesh in all {
            @let name = format!("meshes-{}", mesh.slug);
            @let now = chosen(&name, member.part.meshes.get(&mesh.id).copied());
            @let label = format!("At mesh {}{}", mesh.slug, if mesh.archived_at.is_some() { " (archived)" } else { "" });
            (choice(&name, &label, now, Role::Admin, Some("No role at this mesh")))
        }
    }
}

/// Changes what the member may do.
pub async fn take(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let user = named(&insider)?;
    let here = insider.at(&format!("/members/{user}"));
    let (member, _, _) = members::show(&house, &insider.proof, user).await?;
    let edit = match edit(&form, &member, &places(&house, &insider, &member).await?) {
        Ok(edit) => edit,
        Err(faults) => {
            let faults = faults.iter().map(|(name, why)| (name.as_str(), why.clone())).collect();
            return page(&house, &insider, Some((&form, &Wrong::fields(faults)))).await;
        }
    };
    let seen = IfMatch::Versions(form.text("version").parse().into_iter().collect());
    match members::edit(&house, &insider.proof, user, &edit, &seen).await {
        Ok(Done { settled, .. }) => Ok(lead_to(&told(&insider, &here, "edited", settled.as_ref()))),
        Err(refusal) => page(&house, &insider, Some((&form, &wrong(refusal, &here)?))).await,
    }
}

/// Of a form one cannot send a `DELETE`, as the words of the API have it.
fn wrong(refusal: Refusal, here: &str) -> Result<Wrong, Fault> {
    match &refusal {
        Refusal::Invalid(faults) if faults.iter().any(|fault| fault.pointer.is_empty()) => {
            let why = "this would leave the member nothing: remove them from the org instead";
            Ok(Wrong::fields(vec![("role", why.to_owned())]))
        }
        _ => Wrong::of(refusal, here),
    }
}

/// What differs from what is.
fn edit(form: &Form, member: &Member, all: &[Mesh]) -> Result<Edit, Vec<(String, String)>> {
    let mut faults = Vec::new();
    let mut said = |name: String| match form.text(&name) {
        "" => None,
        text => text.parse::<Role>().map_err(|why| faults.push((name, why.to_string()))).ok(),
    };
    let role = match said("role".to_owned()) {
        role if role == member.part.org => Patch::Keep,
        None => Patch::Clear,
        Some(role) => Patch::Set(role),
    };
    let mut meshes = BTreeMap::new();
    for mesh in all {
        let role = said(format!("meshes-{}", mesh.slug));
        if role != member.part.meshes.get(&mesh.id).copied() {
            meshes.insert(mesh.slug.to_string(), role);
        }
    }
    if faults.is_empty() { Ok(Edit { role, meshes }) } else { Err(faults) }
}
