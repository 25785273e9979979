//! `/orgs/{org}/meshes/{mesh}/topics/{topic}/archive`: which keys would be left with nothing, and doing it; or undoing it.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};

use super::{
    archive::{Question, is_to_be},
    holders::brief,
};
use crate::{
    dashboard::{Fault, org::Insider, visitor::Sent, wrong::Wrong},
    http::guard::{OnTopic, may},
    service::{
        House, meshes,
        places::{self, TopicImpact},
        topics,
    },
};

type Admin = Insider<OnTopic<may::Admin>>;

/// How many keys are named.
const MOST_NAMED: usize = 50;

/// The question.
pub async fn show(house: Data<House>, insider: Admin) -> Result<HttpResponse, Fault> {
    page(&house, &insider, None).await
}

async fn question(house: &House, insider: &Admin) -> Result<Question, Fault> {
    let (mesh, topic) = (meshes::show(&insider.proof)?, topics::show(house, &insider.proof).await?);
    let here = insider.at(&format!("/meshes/{}/topics/{}", mesh.slug, topic.name));
    Ok(Question { what: "topic", name: format!("#{}", topic.name), is_archived: topic.archived_at.is_some(), here })
}

async fn page(house: &House, insider: &Admin, wrong: Option<&Wrong>) -> Result<HttpResponse, Fault> {
    let question = question(house, insider).await?;
    let said = if question.is_archived {
        html! { p { "Messages and state can be sent to it again by every key that reaches it." } }
    } else {
        said(&places::of_topic(house, &insider.proof).await?, &insider.at("/keys"))
    };
    question.ask(house, insider, &said, wrong).await
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
pub async fn take(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let (question, is_to_be) = (question(&house, &insider).await?, is_to_be(&form));
    match topics::archive(&house, &insider.proof, is_to_be).await {
        Ok(_) => Ok(question.done(&insider, is_to_be, None)),
        Err(refusal) => page(&house, &insider, Some(&question.wrong(refusal)?)).await,
    }
}
