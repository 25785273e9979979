//! One event, by its place in the chain: a link that always leads to the same.

use actix_web::{HttpResponse, web::Data};
use maud::html;

use super::event::{Telling, done};
use crate::{
    dashboard::{
        Fault,
        org::{Insider, Section},
    },
    http::guard::{Within, may},
    service::{House, Refusal, audit, audit::names::names},
};

/// The page.
pub async fn show(house: Data<House>, insider: Insider<Within<may::Admin>>) -> Result<HttpResponse, Fault> {
    let now = insider.proof.person().ok_or(Refusal::NoPerson)?.now;
    let seq = insider.person.request.match_info().get("seq").and_then(|seq| seq.parse().ok());
    let event = audit::show(&house, &insider.proof, seq.ok_or(Refusal::NotFound)?).await?;
    let events = [event];
    let names = names(&house, &insider.proof, &events).await?;
    let org = insider.at("");
    let telling = Telling { names: &names, now, org: &org };
    let [event] = &events;
    let main = html! {
        p { (done(event)) }
        section { (telling.all(event)) }
        p { a href=(insider.at("/audit")) { "All events" } }
    };
    insider.show(&house, Section::Audit, &format!("Event {seq}", seq = event.seq), main).await
}
