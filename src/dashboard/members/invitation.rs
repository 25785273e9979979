//! `/orgs/{org}/invitations/{invitation}`: one invitation: send it anew, or take it back.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::{invite::made, list::role_at};
use crate::{
    dashboard::{
        Fault,
        done::told,
        org::{Insider, Section},
        page::{lead_to, token},
        parts::{asking::person, times::when},
        visitor::Sent,
        wrong::Wrong,
    },
    domain::{
        InvitationId,
        invitation::{Invitation, Mail, Status},
    },
    http::{
        Problem, catalogue,
        guard::{InOrg, may},
    },
    service::{House, invitations},
};

type Admin = Insider<InOrg<may::Admin>>;

/// The page.
pub async fn show(house: Data<House>, insider: Admin) -> Result<HttpResponse, Fault> {
    page(&house, &insider, None).await
}

fn named(insider: &Admin) -> Result<InvitationId, Fault> {
    let named = insider.person.request.match_info().query("invitation").parse();
    named.map_err(|_| Problem::of(catalogue::NOT_FOUND).into())
}

async fn page(house: &House, insider: &Admin, wrong: Option<&Wrong>) -> Result<HttpResponse, Fault> {
    let one = invitations::show(house, &insider.proof, named(insider)?).await?;
    let (here, form_token) = (insider.at(&format!("/invitations/{}", one.id)), insider.token());
    let now = person(&insider.proof)?.now;
    let main = html! {
        @if let Some(wrong) = wrong { (wrong.markup()) }
        section {
            dl.facts {
                dt { "As" } dd { (role_at(&one)) }
                dt { "Status" } dd { (one.status.name()) }
                dt { "Made" } dd { (when(one.created_at, now)) }
                dt { "Link made" } dd { (when(one.sent_at, now)) }
                dt { "Expires" } dd { (when(one.ends_at, now)) }
                dt { "Mail" } dd { (mail(&one)) }
                @if let Some(at) = one.accepted_at { dt { "Accepted" } dd { (when(at, now)) } }
                @if let Some(at) = one.withdrawn_at { dt { "Withdrawn" } dd { (when(at, now)) } }
            }
        }
        @if [Status::Open, Status::Expired].contains(&one.status) {
            section {
                h2 { "Make a new link" }
                p { "The link before opens nothing any more." @if house.mail.is_on() { " The new one is mailed too." } }
                form method="post" action=(here) data-swap {
                    (token(&form_token))
                    input type="hidden" name="do" value="resend";
                    button.second { "Make a new link" }
                }
            }
        }
        @if one.status == Status::Open {
            section {
                h2 { "Withdraw" }
                p { "Its link opens nothing any more. You can invite them anew." }
                form method="post" action=(here) {
                    (token(&form_token))
                    input type="hidden" name="do" value="withdraw";
                    button.danger { "Withdraw the invitation" }
                }
            }
        }
        p { a href=(insider.at("/members")) { "Back to the members" } }
    };
    let status = wrong.map_or(StatusCode::OK, |wrong| wrong.status);
    insider.show_as(house, status, Section::Members, &format!("Invitation for {}", one.email), main).await
}

/// What has become of its mail.
pub(super) fn mail(one: &Invitation) -> Markup {
    html! {
        @match &one.mail {
            Mail::Off => "not sent: no mail is set up",
            Mail::Queued(None) => "on its way",
            Mail::Queued(Some(why)) => { "not taken yet, and tried again: " bdi { (why) } },
            Mail::Sent => "sent",
            Mail::Failed(why) => { span.warn-text { "failed" } ": " bdi { (why) } },
        }
    }
}

/// Sends it anew, or takes it back.
pub async fn take(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let id = named(&insider)?;
    let here = insider.at(&format!("/invitations/{id}"));
    let refused = match form.text("do") {
        "resend" => match invitations::resend(&house, &insider.proof, id).await {
            Ok(invited) => return made(&house, &insider, &invited).await,
            Err(refusal) => refusal,
        },
        "withdraw" => match invitations::withdraw(&house, &insider.proof, id).await {
            Ok(_) => return Ok(lead_to(&told(&insider, &insider.at("/members"), "withdrawn", None))),
            Err(refusal) => refusal,
        },
        _ => return page(&house, &insider, Some(&Wrong::fields(vec![("", "choose what to do".to_owned())]))).await,
    };
    page(&house, &insider, Some(&Wrong::of(refused, &here)?)).await
}
