//! `/orgs/{org}/members/{user}/remove`: what becomes of somebody's keys, and removing them; or leaving oneself.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::member::named;
use crate::{
    dashboard::{
        Fault, Page,
        done::told,
        org::{Insider, Section},
        page::{lead_to, token},
        parts::asking::{is_of_the_org, person},
        visitor::Sent,
        wrong::Wrong,
    },
    db::members::Named,
    http::guard::{OneselfOr, may},
    service::{
        Done, House,
        house::Mode,
        members::{self, Removal, Removed},
    },
};

type Either = Insider<OneselfOr<may::Admin>>;
/// How many keys are named.
const MOST_NAMED: usize = 50;

/// The question.
pub async fn show(house: Data<House>, insider: Either) -> Result<HttpResponse, Fault> {
    let user = named(&insider)?;
    let kept = Removal { revoke_issued: false };
    match members::remove(&house, &insider.proof, user, kept, Mode::Dry).await {
        Ok(Done { value, .. }) => page(&house, &insider, Some(&value), None).await,
        Err(refusal) => {
            let wrong = Wrong::of(refusal, &here(&insider)?)?;
            page(&house, &insider, None, Some(&wrong)).await
        }
    }
}

fn here(insider: &Either) -> Result<String, Fault> {
    Ok(insider.at(&format!("/members/{}/remove", named(insider)?)))
}

fn is_own(insider: &Either) -> Result<bool, Fault> {
    Ok(person(&insider.proof)?.user == named(insider)?)
}

async fn page(
    house: &House,
    insider: &Either,
    removal: Option<&Removed>,
    wrong: Option<&Wrong>,
) -> Result<HttpResponse, Fault> {
    let (is_own, here, org) = (is_own(insider)?, here(insider)?, insider.proof.org_slug());
    let back =
        if is_of_the_org(&insider.proof) { here.trim_end_matches("/remove").to_owned() } else { insider.at("/keys") };
    let title = match removal {
        _ if is_own => format!("Leave {org}?"),
        Some(removal) => format!("Remove {} from {org}?", removal.member.user.name),
        None => "Remove a member".to_owned(),
    };
    let main = html! {
        @if let Some(wrong) = wrong { (wrong.markup()) }
        @if let Some(removal) = removal {
            section {
                p {
                    @if is_own { "You keep your account, and what you are in other orgs." }
                    @else { bdi { (removal.member.user.email) } " keeps the account, and what they are in other orgs." }
                    " Open invitations of this address to " (org) " are withdrawn."
                }
                (personal(removal, is_own, &insider.at("/keys")))
                (issued(removal, is_own, &insider.at("/keys")))
                form method="post" action=(here) {
                    (token(&insider.token()))
                    @if !is_own && !removal.keys.issued.is_empty() {
                        label.choice for="revoke_issued" {
                            input type="checkbox" id="revoke_issued" name="revoke_issued" value="on";
                            span { "Revoke these " (removal.keys.issued.len()) " too. Do this where they may take the secrets along." }
                        }
                    }
                    div.actions {
                        button.danger { (if is_own { "Leave the org" } else { "Remove the member" }) }
                        a href=(back) { "Cancel" }
                    }
                }
            }
        } @else { p { a href=(back) { "Back" } } }
    };
    let (status, section) = (wrong.map_or(StatusCode::OK, |wrong| wrong.status), Section::Members);
    insider.show_as(house, status, section, &title, main).await
}

/// Some keys by name, and how many more there are; of `hidden` ones no more may be said.
fn names(keys: &[Named], hidden: usize, path: &str) -> Markup {
    let more = keys.len().saturating_sub(MOST_NAMED) + hidden;
    html! {
        @if !keys.is_empty() {
            ul { @for key in keys.iter().take(MOST_NAMED) { li { a href={ (path) "/" (key.id) } { bdi { (key.label) } } } } }
        }
        @if more > 0 {
            p.quiet {
                (if keys.is_empty() { "" } else { "And " }) (more) (if keys.is_empty() { "" } else { " more" })
                @if hidden > 0 { ", which you may not look at" } "."
            }
        }
    }
}

fn personal(removal: &Removed, is_own: bool, path: &str) -> Markup {
    let keys = &removal.keys.personal;
    html! {
        h2 { "Personal keys " span.quiet { (keys.len()) } }
        @if keys.is_empty() { p { "None." } } @else {
            p { "They are revoked, for good: they do not come back when " (if is_own { "you do" } else { "the person does" }) "." }
            (names(keys, 0, path))
        }
    }
}

fn issued(removal: &Removed, is_own: bool, path: &str) -> Markup {
    let (keys, hidden) = (&removal.keys.issued, removal.keys.hidden);
    let count = keys.len() + hidden;
    html! {
        h2 { "Keys that " (if is_own { "you" } else { "they" }) " issued for the org " span.quiet { (count) } }
        @if count == 0 { p { "None." } } @else { p { "They belong to the org, and stay." } (names(keys, hidden, path)) }
    }
}

/// Removes the member, or leaves.
pub async fn take(house: Data<House>, sent: Sent<Either>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let (user, is_own) = (named(&insider)?, is_own(&insider)?);
    let how = Removal { revoke_issued: !is_own && form.text("revoke_issued") == "on" };
    match members::remove(&house, &insider.proof, user, how, Mode::Real).await {
        Ok(_) if is_own => Ok(left(&insider)),
        Ok(Done { settled, .. }) => Ok(lead_to(&told(&insider, &insider.at("/members"), "removed", settled.as_ref()))),
        Err(refusal) => page(&house, &insider, None, Some(&Wrong::of(refusal, &here(&insider)?)?)).await,
    }
}

/// That one has left: there is no page of the org any more to say it on.
fn left(insider: &Either) -> HttpResponse {
    let form_token = insider.token();
    let title = format!("You have left {}", insider.proof.org_slug());
    let main = html! {
        p.note role="status" { "Your personal keys there are revoked, everywhere." }
        p { a href="/account" { "To your account" } }
    };
    Page::new(&title, main).signed(insider.person.signed(&form_token)).answer()
}
