//! Ends for keys that have none or too late a one: first shown, and then given.

use actix_web::{HttpResponse, ResponseError as _, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::{change::wrong, place::Place, preview::days, show::confirm};
use crate::{
    dashboard::{
        Fault, Form,
        done::sealed,
        org::{Insider, Section},
        page::{lead_to, token},
        parts::times::when,
        query::Query,
        visitor::Sent,
    },
    domain::Span,
    http::{
        Problem,
        guard::{InMesh, InOrg, may},
    },
    service::{
        House, Refusal,
        house::Mode,
        policies::{self, Spread},
    },
};

/// Takes the form of the org.
pub async fn take(house: Data<House>, sent: Sent<Insider<InOrg<may::Admin>>>) -> Result<HttpResponse, Fault> {
    spread(&house, &sent.by, &sent.form).await
}

/// Takes that of a mesh.
pub async fn take_of_mesh(house: Data<House>, sent: Sent<Insider<InMesh<may::Admin>>>) -> Result<HttpResponse, Fault> {
    spread(&house, &sent.by, &sent.form).await
}

/// Over how long, as it was filled in.
pub(super) fn over_days(form: &Form) -> Result<Span, Refusal> {
    let days = form.text("over_days").trim().parse().ok().filter(|days| (1..=365).contains(days));
    days.map(Span::days).ok_or_else(|| wrong("over_days", "from 1 to 365 days"))
}

async fn spread<N>(house: &House, insider: &Insider<N>, form: &Form) -> Result<HttpResponse, Fault> {
    let place = Place::of(insider)?;
    let is_done = form.text("do") == "spread";
    let mode = if is_done { Mode::Real } else { Mode::Dry };
    let asked = async { policies::spread(house, &insider.proof, over_days(form)?, mode).await };
    let (status, main) = match asked.await {
        Ok(done) if is_done => {
            let told = Query::default().with("spread", &done.value.keys.len().to_string());
            return Ok(lead_to(&sealed(insider, &told).at(&place.at("/violations"))));
        }
        Ok(done) => (StatusCode::OK, preview(&place, insider, form, &done.value)),
        Err(refused) => {
            let notice = match &refused {
                Refusal::NotFresh => confirm(&place.at("/violations")),
                Refusal::Invalid(faults) => html! { @for fault in faults {
                    p.alert role="alert" { "Nothing was changed: " a href="#over_days" { (fault.detail) } }
                } },
                _ => return Err(refused.into()),
            };
            (
                Problem::from(refused).status_code(),
                html! { (notice) (asks(&place, &insider.token(), form.shown("over_days"))) },
            )
        }
    };
    insider.show_as(house, status, Section::Policy, "Ends for keys", main).await
}

/// The form that asks for it.
pub(super) fn asks(place: &Place, form_token: &str, text: &str) -> Markup {
    html! {
        section {
            h2 { "Give them an end" }
            p { "Keys that end too late, or never, get an end, spread over some days, so that they do not all end on the same day." }
            form method="post" action=(place.at("/spread")) {
                (token(form_token))
                (days(text))
                div.actions { button name="do" value="preview" { "See the ends" } a href=(place.path) { "Policy" } }
            }
        }
    }
}

fn preview<N>(place: &Place, insider: &Insider<N>, form: &Form, Spread { keys, left }: &Spread) -> Markup {
    html! {
        @if keys.is_empty() { p { "No key needs an end." } a href=(place.at("/violations")) { "Keys that do not comply" } }
        @else {
            div.scroll {
                table.cards {
                    caption { "Keys, and when each would end" }
                    thead { tr { th scope="col" { "Key" } th scope="col" { "Would end" } } }
                    tbody {
                        @for one in keys {
                            tr {
                                th scope="row" { a href={ (insider.at("/keys/")) (one.key.id) } { bdi { (one.key.label) } } }
                                td data-label="Would end" { @if let Some(end) = one.key.terms.expires_at { (when(end, one.now)) } }
                            }
                        }
                    }
                }
            }
            @if *left > 0 { p.quiet { (left) " more are left for another time." } }
            form method="post" action=(place.at("/spread")) {
                (token(&insider.token()))
                input type="hidden" name="over_days" value=(form.shown("over_days"));
                div.actions {
                    button name="do" value="spread" { "Give " (keys.len()) @if keys.len() == 1 { " key" } @else { " keys" } " an end" }
                    a href=(place.at("/violations")) { "Leave them as they are" }
                }
            }
        }
    }
}
