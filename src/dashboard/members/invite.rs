//! `/orgs/{org}/invitations`: to invite somebody. The link is shown once, in the answer to the form.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};
use time::Duration;

use super::{invitation::mail, list::role_at, roles};
use crate::{
    dashboard::{
        Fault, Form,
        fields::Field,
        org::{Insider, Section},
        page::token,
        parts::{
            asking::person,
            once::{nothing, once},
            times::when,
        },
        visitor::Sent,
        wrong::Wrong,
    },
    domain::{
        Email, Mesh,
        invitation::{LIFE, LONGEST, Mail},
        page::Limit,
        role::Role,
    },
    http::guard::{InOrg, may},
    service::{
        Conflict, House, Once, Refusal,
        invitations::{self, Invited, Wish},
        meshes,
    },
};

type Admin = Insider<InOrg<may::Admin>>;
/// For how many days an invitation may be open.
const DAYS: [i64; 4] = [1, LIFE.whole_days(), 14, LONGEST.whole_days()];

/// The form.
pub async fn show(house: Data<House>, insider: Admin) -> Result<HttpResponse, Fault> {
    page(&house, &insider, None, &html! {}).await
}

async fn page(
    house: &House,
    insider: &Admin,
    typed: Option<(&Form, &Wrong)>,
    beside: &Markup,
) -> Result<HttpResponse, Fault> {
    let mut all = meshes::list(house, &insider.proof, Some(false), Limit::MOST, None).await?.items;
    all.sort_by(|one, other| one.slug.cmp(&other.slug));
    let main = html! {
        @if let Some((_, wrong)) = typed { (wrong.markup()) (beside) }
        p { "They get a link that works once. It is mailed where mail is set up, and shown to you once in any case." }
        (form(insider, &all, typed, house.mail.is_on())?)
        (roles::matrix())
    };
    let status = typed.map_or(StatusCode::OK, |(_, wrong)| wrong.status);
    insider.show_as(house, status, Section::Members, "Invite somebody", main).await
}

fn form(insider: &Admin, all: &[Mesh], typed: Option<(&Form, &Wrong)>, has_mail: bool) -> Result<Markup, Fault> {
    let text = |name: &str| typed.map_or("", |(form, _)| form.shown(name));
    let email = Field::new("email", "E-mail")
        .of_kind("email")
        .filled_by("off")
        .with_text(text("email"))
        .with_fault(typed.and_then(|(_, wrong)| wrong.at("email")));
    let role = text("role").parse().unwrap_or(Role::Member);
    let (most, days) = (strongest(insider)?, text("days").parse().unwrap_or(LIFE.whole_days()));
    Ok(html! {
        section.narrow {
            form method="post" action=(insider.at("/invitations")) data-swap {
                (token(&insider.token())) (once())
                (email.markup())
                (roles::choice("role", "Role", Some(role), most, None))
                @if let Some(wrong) = typed.and_then(|(_, wrong)| wrong.at("role")) { p.fault { (wrong) } }
                div.field {
                    label for="mesh" { "Where" }
                    select id="mesh" name="mesh" aria-describedby="mesh-hint" {
                        option value="" selected[text("mesh").is_empty()] { "The whole org" }
                        @for mesh in all { option value=(mesh.slug) selected[mesh.slug.as_str() == text("mesh")] { "Mesh " (mesh.slug) } }
                    }
                    span.hint id="mesh-hint" { "Owners are of the whole org." @if most < Role::Owner { " Only owners invite owners." } }
                }
                div.field {
                    label for="days" { "Open for" }
                    select id="days" name="days" {
                        @for one in DAYS { option value=(one) selected[one == days] { (one) (if one == 1 { " day" } else { " days" }) } }
                    }
                }
                div.actions {
                    button { (if has_mail { "Invite, and send the link" } else { "Make the link" }) }
                    a href=(insider.at("/members")) { "Cancel" }
                }
            }
        }
    })
}

/// The strongest role that the person may give.
pub(super) fn strongest<N>(insider: &Insider<N>) -> Result<Role, Fault> {
    let roles = person(&insider.proof)?.memberships.iter().map(|membership| membership.role);
    Ok(if roles.max() == Some(Role::Owner) { Role::Owner } else { Role::Admin })
}

/// Invites somebody.
pub async fn take(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let wish = match wish(&insider, &form)? {
        Ok(wish) => wish,
        Err(faults) => {
            return page(&house, &insider, Some((&form, &Wrong::fields(faults))), &html! {}).await;
        }
    };
    let request = form.once(&insider.person.request, &insider.proof);
    match invitations::create(&house, &insider.proof, &wish, request.as_ref(), &|_| nothing()).await {
        Ok(Once::Done(invited)) => made(&house, &insider, &invited).await,
        Ok(Once::Replayed(_)) => {
            let main = html! {
                p.note.warn { "This invitation was made before, and its link was shown then. To have a link, make a new one." }
                p { a href=(insider.at("/members")) { "To the invitations" } }
            };
            insider.show(&house, Section::Members, "Invited already", main).await
        }
        Err(refusal) => {
            let open = match &refusal {
                Refusal::Conflict(Conflict::AlreadyInvited(open)) => Some(*open),
                _ => None,
            };
            let wrong = Wrong::of(refusal, &insider.at("/invitations"))?;
            let beside = html! {
                @if let Some(open) = open { p { a href=(insider.at(&format!("/invitations/{open}"))) { "See that invitation" } } }
            };
            page(&house, &insider, Some((&form, &wrong)), &beside).await
        }
    }
}

type Faults = Vec<(&'static str, String)>;

fn wish(insider: &Admin, form: &Form) -> Result<Result<Wish, Faults>, Fault> {
    let mut faults = Vec::new();
    let email = form.text("email").parse::<Email>().map_err(|why| faults.push(("email", why.to_string()))).ok();
    let role = form.text("role").parse::<Role>().map_err(|why| faults.push(("role", why.to_string()))).ok();
    let days: i64 = form.text("days").parse().unwrap_or(LIFE.whole_days());
    let days = days.clamp(1, LONGEST.whole_days());
    let ends_at = Some(person(&insider.proof)?.now + Duration::days(days));
    let mesh = Some(form.text("mesh").to_owned()).filter(|mesh| !mesh.is_empty());
    Ok(match (email, role) {
        (Some(email), Some(role)) => Ok(Wish { email, role, mesh, ends_at }),
        _ => Err(faults),
    })
}

/// The link, this once.
pub(super) async fn made(house: &House, insider: &Admin, invited: &Invited) -> Result<HttpResponse, Fault> {
    let (one, link) = (&invited.invitation, invited.token.link(house.mail.url()));
    let now = person(&insider.proof)?.now;
    let main = html! {
        p.note role="status" data-first { "The invitation is open. This is its link, which is shown this once." }
        section {
            div.field {
                label for="link" { "Link" }
                input.mono id="link" name="link" type="text" value=(link.as_str()) readonly data-secret autocomplete="off" aria-describedby="link-hint";
                span.hint id="link-hint" { "Whoever has it can accept, as this address. Pass it on by a way that you trust." }
            }
            div.actions {
                button type="button" data-copy="link" hidden { "Copy the link" }
                a href=(insider.at("/members")) { "Done" }
            }
            p.quiet role="status" data-copied {}
            dl.facts {
                dt { "For" } dd { bdi { (one.email) } }
                dt { "As" } dd { (role_at(one)) }
                dt { "Open until" } dd { (when(one.ends_at, now)) }
                dt { "Mail" } dd { @match one.mail { Mail::Off => "No mail is set up here: nobody but you has the link.", _ => (mail(one)) } }
            }
        }
    };
    insider.show(house, Section::Members, &format!("Invitation for {}", one.email), main).await
}
