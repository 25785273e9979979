//! Changing a policy: first what it would mean is shown, and then it is saved.

use actix_web::{HttpResponse, ResponseError as _, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::{filled::Filled, place::Place, preview::preview, show, spread::over_days};
use crate::{
    dashboard::{
        Fault, Form,
        done::sealed,
        org::{Insider, Section},
        page::{lead_to, sentence},
        query::Query,
        visitor::Sent,
    },
    http::{
        Problem,
        guard::{InMesh, InOrg, may},
    },
    service::{
        self, House, IfMatch, Refusal,
        house::Mode,
        policies::{self, Shown},
    },
};

/// Takes the form of the org's policy.
pub async fn take(house: Data<House>, sent: Sent<Insider<InOrg<may::Admin>>>) -> Result<HttpResponse, Fault> {
    change(&house, &sent.by, &sent.form).await
}

/// Takes that of a mesh's.
pub async fn take_of_mesh(house: Data<House>, sent: Sent<Insider<InMesh<may::Admin>>>) -> Result<HttpResponse, Fault> {
    change(&house, &sent.by, &sent.form).await
}

async fn change<N>(house: &House, insider: &Insider<N>, form: &Form) -> Result<HttpResponse, Fault> {
    let shown = policies::show(house, &insider.proof).await?;
    let filled = Filled::read(form, &shown.own.policy);
    if form.text("do") == "edit" {
        return show::form(house, insider, &shown, &filled, (StatusCode::OK, &html! {}, &[])).await;
    }
    let is_saved = form.text("do") == "save";
    match ask(house, insider, form, &filled, is_saved).await {
        Ok(_) if is_saved => saved(house, insider, form).await,
        Ok(changed) => {
            let place = Place::of(insider)?;
            let before = (&shown.own.policy, shown.own.version);
            let main = preview(&place, &insider.token(), &filled, before, &changed);
            insider.show(house, Section::Policy, &place.title(), main).await
        }
        Err(refused) => again(house, insider, &shown, &filled, refused).await,
    }
}

/// Asks for the change: to be made, or to be tried.
async fn ask<N>(
    house: &House,
    insider: &Insider<N>,
    form: &Form,
    filled: &Filled,
    is_saved: bool,
) -> Result<policies::Changed, Refusal> {
    let edit = filled.edit().map_err(Refusal::Invalid)?;
    if is_saved && form.text("then") == "spread" {
        over_days(form)?;
    }
    let version = form.text("version").parse().map_err(|_| Refusal::Stale)?;
    let mode = if is_saved { Mode::Real } else { Mode::Dry };
    policies::change(house, &insider.proof, &edit, &IfMatch::Versions(vec![version]), mode).await
}

/// It is saved; and keys are given an end, where that was chosen. That is a change of its own, and may fail where the first is done.
async fn saved<N>(house: &House, insider: &Insider<N>, form: &Form) -> Result<HttpResponse, Fault> {
    let place = Place::of(insider)?;
    let saved = Query::default().with("saved", "yes");
    if form.text("then") != "spread" {
        return Ok(lead_to(&sealed(insider, &saved).at(&place.path)));
    }
    let spread = policies::spread(house, &insider.proof, over_days(form)?, Mode::Real).await;
    let told = match spread {
        Ok(done) => saved.with("spread", &done.value.keys.len().to_string()),
        Err(_) => saved.with("failed", "yes"),
    };
    Ok(lead_to(&sealed(insider, &told).at(&place.at("/violations"))))
}

/// The form again, as it was filled in, with what stands against it.
async fn again<N>(
    house: &House,
    insider: &Insider<N>,
    shown: &Shown,
    filled: &Filled,
    refused: Refusal,
) -> Result<HttpResponse, Fault> {
    let (notice, faults) = match &refused {
        Refusal::Invalid(faults) | Refusal::Exceeds(faults) => (html! {}, faults.clone()),
        Refusal::NotFresh => (show::confirm(&Place::of(insider)?.path), Vec::new()),
        Refusal::Stale => (stale(&Place::of(insider)?.path), Vec::new()),
        Refusal::OwnerOnly(why) => (told(why), Vec::new()),
        _ => return Err(refused.into()),
    };
    let status = Problem::from(refused).status_code();
    show::form(house, insider, shown, filled, (status, &notice, &faults)).await
}

fn told(why: &str) -> Markup {
    html! { p.alert.wide role="alert" { "Nothing was changed. " (sentence(why)) "." } }
}

fn stale(path: &str) -> Markup {
    html! {
        p.alert.wide role="alert" {
            "Nothing was changed: somebody else has changed this policy since you opened it. What you filled in is below, and beside each field what "
            "holds now. Look at it again, and then send it; or " a href=(path) { "begin anew" } "."
        }
    }
}

/// What is wrong with a form, as a refusal.
pub(super) fn wrong(name: &str, detail: &str) -> Refusal {
    Refusal::Invalid(vec![service::Fault::at(format!("/{name}"), detail)])
}
