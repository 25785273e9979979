//! `/orgs/{org}/keys/new`: one page by two doors. Who is an admin somewhere issues keys there; any member issues keys of its own,
//! which never do more than it may.

mod aside;
mod desk;
mod ends;
mod filled;
mod more;
mod prefill;
pub(super) mod recipes;
mod scope;
mod sheet;
mod templates;

use actix_web::{HttpRequest, HttpResponse, ResponseError as _, http::StatusCode, web::Data};
use serde_json::{json, value::to_raw_value};

use self::{
    desk::{Desk, Saying},
    filled::{Filled, Wrong, field_of},
    prefill::Prefilled,
};
use super::reveal;
use crate::{
    dashboard::{Fault, org::Insider, query::Query, visitor::Sent},
    http::{Problem, guard::AnyKey},
    service::{House, Kept, Once, Refusal, ground, house::Mode, issue, issue::Issued, keys, personal},
};

/// The form, with what a link or a template fills in.
pub async fn show(house: Data<House>, insider: Insider<AnyKey>) -> Result<HttpResponse, Fault> {
    let query = Query::of(&insider.person.request);
    let desk = Desk::open(&house, insider, query.text("for") == Some("me")).await?;
    let mut missing = None;
    let from = match query.text("from").map(str::parse) {
        Some(Ok(id)) => keys::show(&house, &desk.proof, id).await.ok(),
        _ => None,
    };
    if query.text("from").is_some() && from.is_none() {
        missing = Some("The key that it names is not there, or not yours to see.".to_owned());
    }
    let from = from.map(|dated| dated.key);
    let home = from.as_ref().and_then(|key| key.terms.grant.owner.mesh()).map(|mesh| mesh.to_string());
    let mut prefilled = Prefilled::of(&query, from.as_ref(), home.as_deref());
    prefilled.left_out.extend(missing);
    prefilled.filled.is_own = desk.is_own;
    let ground = ground::look(&house, &desk.proof, prefilled.filled.place(), desk.is_own).await?;
    let asked = prefilled.filled.mesh.clone();
    let mut prefilled = prefilled.on(&ground);
    if !asked.is_empty() && ground.owner.is_none() {
        prefilled.filled.mesh.clear();
        prefilled.left_out.push("The mesh that it names is not there, or not yours.".to_owned());
    }
    let is_by_link = prefilled.is_by_link && !is_own_duplicate(&desk.insider.person.request, &query);
    let saying = Saying { left_out: &prefilled.left_out, is_by_link, ..Saying::default() };
    desk.show(&house, StatusCode::OK, &prefilled.filled, &ground, &saying).await
}

/// Whether a page of ours has led here, to fill in nothing but what a key is like that the person may see.
fn is_own_duplicate(request: &HttpRequest, query: &Query) -> bool {
    let from = request.headers().get("sec-fetch-site");
    let names_a_key_alone = query.pairs().all(|(name, _)| ["from", "for", "mesh"].contains(&name));
    names_a_key_alone && from.is_some_and(|from| from == "same-origin")
}

/// Issues it, or only tries to, or says what it would be.
pub async fn take(house: Data<House>, sent: Sent<Insider<AnyKey>>) -> Result<HttpResponse, Fault> {
    let Sent { by, form } = sent;
    let filled = Filled::sent(&form);
    let door = form.text("door");
    let wants_own = if door.is_empty() { filled.is_own } else { door == "me" };
    let desk = Desk::open(&house, by, wants_own).await?;
    let mut filled = Filled { is_own: desk.is_own, ..filled };
    let ground = ground::look(&house, &desk.proof, filled.place(), desk.is_own).await?;
    if let Some(template) = templates::named(form.text("template")) {
        template.fill(&mut filled, &ground.policy);
        let Prefilled { filled, left_out, .. } = Prefilled::by_hand(filled, template).on(&ground);
        let saying = Saying { left_out: &left_out, ..Saying::default() };
        return desk.show(&house, StatusCode::OK, &filled, &ground, &saying).await;
    }
    if form.text("do") == "live" || !door.is_empty() {
        return desk.show(&house, StatusCode::OK, &filled, &ground, &Saying::default()).await;
    }
    let mode = if form.text("do") == "issue" { Mode::Real } else { Mode::Dry };
    let wish = match filled.wish(&ground) {
        Ok(wish) => wish,
        Err(wrong) => {
            let saying = Saying { wrong: &wrong, ..Saying::default() };
            return desk.show(&house, StatusCode::UNPROCESSABLE_ENTITY, &filled, &ground, &saying).await;
        }
    };
    let request = form.once(&desk.insider.person.request, &desk.proof);
    let (proof, request) = (&desk.proof, request.as_ref());
    let issued = if desk.is_own {
        personal::issue_own(&house, proof, &wish, mode, request, &kept).await
    } else {
        issue::issue(&house, proof, &wish, mode, request, &kept).await
    };
    match issued {
        Ok(_) if mode == Mode::Dry => {
            let saying = Saying { is_fine: true, ..Saying::default() };
            desk.show(&house, StatusCode::OK, &filled, &ground, &saying).await
        }
        Ok(Once::Done(issued)) => reveal::show(&house, &desk.insider, &issued, "Key issued").await,
        Ok(Once::Replayed(kept)) => reveal::again(&house, &desk.insider, &kept).await,
        Err(refusal) => refused(&house, &desk, &filled, &ground, refusal).await,
    }
}

/// The form again, with what stands against it at its fields. What nobody at the form can change is a page of its own.
async fn refused(
    house: &House,
    desk: &Desk,
    filled: &Filled,
    ground: &ground::Ground,
    refusal: Refusal,
) -> Result<HttpResponse, Fault> {
    let is_stale = matches!(refusal, Refusal::NotFresh);
    let is_again = matches!(refusal, Refusal::KeyReused);
    let problem = Problem::from(refusal);
    let status = problem.status_code();
    if status.is_server_error() || [StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND].contains(&status) {
        return Err(problem.into());
    }
    let mut wrong: Vec<Wrong> = problem
        .errors()
        .iter()
        .map(|item| Wrong::at(item.place.as_ref().map_or("", |place| field_of(place.text())), item.detail.clone()))
        .collect();
    if is_again {
        wrong.push(Wrong::at(
            "",
            "this page has issued a key before, and so nothing was done: send it once more to issue another one",
        ));
    } else if wrong.is_empty() && !is_stale {
        wrong.push(Wrong::at("", problem.words().1));
    }
    let saying = Saying { wrong: &wrong, is_stale, ..Saying::default() };
    desk.show(house, status, filled, ground, &saying).await
}

/// What is kept for who sends the same form again: which key it was, and never its secret.
pub(super) fn kept(issued: &Issued) -> Kept {
    let key = &issued.key.key;
    let body = to_raw_value(&json!({ "id": key.id, "label": key.label.as_str() })).unwrap_or_default();
    Kept { status: StatusCode::OK.as_u16(), location: None, version: Some(key.version), body }
}
