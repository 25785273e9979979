//! `/orgs/{org}/meshes/{mesh}/topics/{topic}/archive`: which keys would be left with nothing, and doing it; or undoing it.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::holders::brief;
use crate::{
    dashboard::{
        Fault,
        done::told,
        org::{Insider, Section},
        page::{lead_to, token},
        visitor::Sent,
        wrong::Wrong,
    },
    http::guard::{OnTopic, may},
    service::{
        House, meshes,
        places::{self, TopicImpact},
        topics,
    },
};

/// How many keys are named.
const MOST_NAMED: usize = 50;

/// The question.
pub async fn show(house: Data<House>, insider: Insider<OnTopic<may::Admin>>) -> Result<HttpResponse, Fault> {
    page(&house, &insider, None).await
}

async fn page(
    house: &House,
    insider: &Insider<OnTopic<may::Admin>>,
    wrong: Option<&Wrong>,
) -> Result<HttpResponse, Fault> {
    let topic = topics::show(house, &insider.proof).await?;
    let is_archived = topic.archived_at.is_some();
    let here = here(insider)?;
    let (title, button, to) = if is_archived {
        (format!("Unarchive #{}?", topic.name), "Unarchive the topic", "unarchived")
    } else {
        (format!("Archive #{}?", topic.name), "Archive the topic", "archived")
    };
    let main = html! {
        @if let Some(wrong) = wrong { (wrong.markup()) }
        section {
            @if is_archived { p { "Messages and state can be sent to it again by every key that reaches it." } }
            @else { (said(&places::of_topic(house, &insider.proof).await?, &insider.at("/keys"))) }
            form method="post" action={ (here) "/archive" } {
                (token(&insider.token()))
                input type="hidden" name="to" value=(to);
                div.actions { button.danger[!is_archived] { (button) } a href=(here) { "Cancel" } }
            }
        }
    };
    let status = wrong.map_or(StatusCode::OK, |wrong| wrong.status);
    insider.show_as(house, status, Section::Meshes, &title, main).await
}

fn here(insider: &Insider<OnTopic<may::Admin>>) -> Result<String, Fault> {
    let (mesh, topic) = (meshes::show(&insider.proof)?, insider.proof.topic()?);
    Ok(insider.at(&format!("/meshes/{}/topics/{topic}", mesh.slug)))
}

fn said(impact: &TopicImpact, path: &str) -> Markup {
    let TopicImpact { reaching, stranded, complete } = impact;
    html! {
        p { "Nothing more can be sent to it, and its state no longer changes. Its name stays taken. It can be undone." }
        p {
            strong { (reaching) } (if *reaching == 1 { " key that you manage reaches it. " } else { " keys that you manage reach it. " })
            @if stranded.is_empty() { "Each of them has another live topic, or all topics." }
            @else { strong.warn-text { (stranded.len()) } " would be left with no live topic at all: useless, and not wider." }
        }
        @if !complete { p.warn-text { "There is more here than was looked at: this is what was found." } }
        @if !stranded.is_empty() { h2 { "Left with nothing" } (brief(stranded, MOST_NAMED, path)) }
    }
}

/// Does it.
pub async fn take(house: Data<House>, sent: Sent<Insider<OnTopic<may::Admin>>>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let is_to_be = form.text("to") == "archived";
    let here = here(&insider)?;
    match topics::archive(&house, &insider.proof, is_to_be).await {
        Ok(_) => Ok(lead_to(&told(&insider, &here, if is_to_be { "archived" } else { "unarchived" }, None))),
        Err(refusal) => page(&house, &insider, Some(&Wrong::of(refusal, &format!("{here}/archive"))?)).await,
    }
}
