//! `/orgs/{org}/keys/{key}/edit`: the form, a look at what it would do, and the edit.

use actix_web::{HttpResponse, ResponseError as _, http::StatusCode, web::Data};
use maud::html;

use super::{
    edit_page::{Edited, page, preview, stale},
    events, named,
    show::answer,
    told::{Again, Told},
    typed::Typed,
    words,
};
use crate::{
    dashboard::{Fault as NoPage, org::Insider, visitor::Sent},
    domain::impact::difference,
    http::{
        Problem, catalogue,
        guard::{Within, may},
    },
    service::{
        Done, Fault, House, IfMatch, Refusal,
        edit::{Changed, edit},
        house::Mode,
        keys,
    },
};

pub(super) type Admin = Insider<Within<may::Admin>>;

/// The form.
pub async fn show(house: Data<House>, insider: Admin) -> Result<HttpResponse, NoPage> {
    let key = keys::show(&house, &insider.proof, named(&insider.person.request)?).await?;
    let typed = Typed::of_key(&key.key);
    page(&house, &insider, &key, Edited::fresh(&typed)).await
}

/// Takes it: shows what it would do, or does it.
pub async fn take(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, NoPage> {
    let Sent { by: insider, form } = sent;
    let id = named(&insider.person.request)?;
    let typed = Typed::of_form(&form);
    let version = form.text("version").parse();
    let version = version
        .map_err(|_| Problem::new(catalogue::INVALID_REQUEST, "the form does not say which version it is of"))?;
    let seen = IfMatch::Versions(vec![version]);
    let mode = if form.text("do") == "preview" { Mode::Dry } else { Mode::Real };
    let key = keys::show(&house, &insider.proof, id).await?;
    let (wanted, mut faults) = typed.read(key.now);
    if !faults.is_empty() {
        // What stands against the rest is told with it, so that nobody mends it in two rounds.
        let tried = edit(&house, &insider.proof, id, &wanted, &seen, Mode::Dry).await;
        faults.extend(tried.err().iter().flat_map(in_fields));
        return tell(&house, &insider, &typed, Refusal::Invalid(faults)).await;
    }
    match edit(&house, &insider.proof, id, &wanted, &seen, mode).await {
        Ok(done) if mode == Mode::Dry => {
            let change = difference(Some(&done.value.before), &done.value.after.key, done.value.after.now);
            let before = preview(&change);
            page(&house, &insider, &key, Edited { before, ..Edited::fresh(&typed) }).await
        }
        Ok(done) => answer(&house, &insider, id, saved(&done)).await,
        Err(refusal) => tell(&house, &insider, &typed, refusal).await,
    }
}

/// That it was saved, and what that changed.
fn saved(Done { value: Changed { before, after }, settled }: &Done<Changed>) -> Told {
    let change = difference(Some(before), &after.key, after.now);
    let is_narrower = !change.loses.is_empty();
    let is_changed = before.version != after.key.version;
    let what = match (is_changed, is_narrower) {
        (false, _) => "Nothing was changed: it is so already",
        (true, true) => "Saved, and narrowed everywhere",
        (true, false) => "Saved",
    };
    Told::done(what, settled.as_ref(), &html! { (words::difference(&change)) })
}

/// Why it was not saved, with the form as it was filled in.
async fn tell(house: &House, insider: &Admin, typed: &Typed, refusal: Refusal) -> Result<HttpResponse, NoPage> {
    let key = keys::show(house, &insider.proof, named(&insider.person.request)?).await?;
    if matches!(refusal, Refusal::Stale) {
        let latest = events::of(house, &insider.proof, &key.key).await?;
        let at = latest.and_then(|(events, _)| events.first().map(|event| event.at));
        let (status, before) = (StatusCode::PRECONDITION_FAILED, stale(typed, &key, at));
        return page(house, insider, &key, Edited { status, before, ..Edited::fresh(typed) }).await;
    }
    let faults = in_fields(&refusal);
    if faults.is_empty() {
        let (back, token) = (insider.person.request.path(), insider.token());
        let Told { status, markup } = Told::refused(refusal, &Again { path: None, token: &token, back })?;
        return page(house, insider, &key, Edited { status, before: markup, ..Edited::fresh(typed) }).await;
    }
    let status = Problem::from(refusal).status_code();
    page(house, insider, &key, Edited { status, faults: &faults, ..Edited::fresh(typed) }).await
}

/// What is wrong with fields of the form.
fn in_fields(refusal: &Refusal) -> Vec<Fault> {
    match refusal {
        Refusal::Invalid(faults) | Refusal::Exceeds(faults) => faults.clone(),
        Refusal::Policy(breaches) => breaches.iter().map(|one| Fault::at(one.pointer, &*one.detail)).collect(),
        _ => Vec::new(),
    }
}
