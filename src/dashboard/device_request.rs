//! `/device/request`: what a terminal asks for, and what its person gives. Nothing is given by opening it.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Fault, Form, Page,
    device::REQUEST,
    device_form::{Filled, Places, choose_org, decide, granted},
    page::{alert, lead_to, sentence},
    visitor::{Person, Sent, then},
};
use crate::{
    domain::{Capability, DeviceLoginId, device::DeviceLogin},
    http::{Problem, catalogue, guard::trail},
    service::{
        House, Refusal,
        device::{self, Choice},
    },
};

/// What the query says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    id: String,
    org: Option<String>,
}

/// The page.
pub async fn show(house: Data<House>, person: Person) -> Result<HttpResponse, Fault> {
    let asked = Query::<Asked>::from_query(person.request.query_string()).map(Query::into_inner).unwrap_or_default();
    if asked.id.is_empty() {
        return Ok(lead_to("/device"));
    }
    let Ok(id) = asked.id.parse::<DeviceLoginId>() else { return Ok(over(&person)) };
    let login = match device::show(&house, &person.by, id).await {
        Ok(login) => login,
        Err(Refusal::NotFound) => return Ok(over(&person)),
        Err(refusal) => return Err(refusal.into()),
    };
    if login.asked.capabilities.contains(&Capability::Admin) {
        ensure_fresh(&person, id, asked.org.as_deref())?;
    }
    page(&house, &person, &login, asked.org.as_deref(), None, Vec::new()).await
}

/// Who gives `admin` shows first that it is still there, and comes back to the same login.
fn ensure_fresh(person: &Person, id: DeviceLoginId, org: Option<&str>) -> Result<(), Fault> {
    if person.by.stays_fresh_for(device::MARGIN) {
        return Ok(());
    }
    let org = org.map(|org| format!("&org={org}")).unwrap_or_default();
    let here = format!("{REQUEST}?id={id}{org}").parse().unwrap_or_default();
    Err(Fault::Elsewhere(then("/confirm", &here)))
}

/// The page as the terminal asks, or as it was sent and is wrong.
async fn page(
    house: &House,
    person: &Person,
    login: &DeviceLogin,
    org: Option<&str>,
    sent: Option<Filled>,
    mut wrong: Vec<String>,
) -> Result<HttpResponse, Fault> {
    let token = person.token();
    let mut status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = match device::choice(house, &person.by, login, org, trail(house, &person.request)).await {
        Ok(Choice::Org(orgs)) => choose_org(login, &token, &orgs, login.asked.org.as_deref()),
        Ok(Choice::Here { org, is_other, is_whole, meshes, may, longest }) => {
            let filled = sent.unwrap_or_else(|| Filled::proposed(login, is_other));
            let places = Places { is_other, is_whole, meshes: &meshes };
            decide(login, &token, &org, &places, (&may, longest), &filled)
        }
        // This org gives nothing now; another one may.
        Err(refusal @ Refusal::Denied(_)) => {
            status = StatusCode::FORBIDDEN;
            wrong = vec![words(refusal)];
            choose_org(login, &token, &device::orgs(house, &person.by).await?, None)
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let main = html! {
        @for wrong in &wrong { (alert(wrong)) }
        (who_asks(login))
        (body)
    };
    Ok(Page::new("Does this code stand in your terminal?", main)
        .with_status(status)
        .signed(person.signed(&token))
        .answer())
}

fn who_asks(login: &DeviceLogin) -> Markup {
    let address = login.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    html! {
        p.user-code { code { (login.code) } }
        p.alert {
            "Go on only if you have just run " code { "meshkey login" } " yourself, and this very code stands there. Whoever sends you "
            "a link or a code wants to act in your name."
        }
        dl.facts {
            dt { "Calls itself" } dd { (login.device) }
            dt { "Asks from" } dd { (address) }
            dt { "Began" } dd { (super::parts::times::moment(login.created_at)) }
        }
    }
}

/// Approves or denies.
pub async fn take(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let Sent { by: person, form } = sent;
    let Ok(id) = form.text("id").parse::<DeviceLoginId>() else { return Ok(over(&person)) };
    let login = match device::show(&house, &person.by, id).await {
        Ok(login) => login,
        Err(Refusal::NotFound) => return Ok(over(&person)),
        Err(refusal) => return Err(refusal.into()),
    };
    match form.text("do") {
        "approve" => approve(&house, &person, &login, &form).await,
        "deny" => match device::deny(&house, &person.by, id).await {
            Ok(()) => Ok(done(&person, "Denied", "The terminal gets nothing. You may close this page.")),
            Err(Refusal::NotFound) => Ok(over(&person)),
            Err(refusal) => Err(refusal.into()),
        },
        _ => Err(Problem::new(catalogue::INVALID_REQUEST, "the form does not say what is to be done").into()),
    }
}

async fn approve(house: &House, person: &Person, login: &DeviceLogin, form: &Form) -> Result<HttpResponse, Fault> {
    let (org, filled) = (form.text("org"), Filled::sent(form, login));
    let granted = match granted(&filled) {
        Ok(granted) => granted,
        Err(wrong) => return page(house, person, login, Some(org), Some(filled), vec![wrong]).await,
    };
    let trail = trail(house, &person.request);
    let wrong = match device::approve(house, &person.by, login.id, org, granted, trail).await {
        Ok(()) => {
            let words = "The terminal has its key within seconds. You may close this page; stay signed in until then.";
            return Ok(done(person, "Approved", words));
        }
        // The login is over, or the org is not there for this person.
        Err(Refusal::NotFound) => match device::show(house, &person.by, login.id).await {
            Ok(_) if org.is_empty() => vec!["Choose an org.".to_owned()],
            Ok(_) => vec![format!("The org '{org}' is not there or not yours.")],
            Err(Refusal::NotFound) => return Ok(over(person)),
            Err(refusal) => return Err(refusal.into()),
        },
        Err(Refusal::NotFresh) => {
            ensure_fresh(person, login.id, Some(org))?;
            return Err(Refusal::NotFresh.into());
        }
        Err(Refusal::Invalid(faults) | Refusal::Exceeds(faults)) => {
            faults.into_iter().map(|fault| sentence(&fault.detail)).collect::<Vec<_>>()
        }
        Err(Refusal::Policy(breaches)) => breaches.into_iter().map(|breach| sentence(&breach.detail)).collect(),
        Err(refusal @ (Refusal::Conflict(_) | Refusal::Denied(_) | Refusal::OwnerOnly(_))) => vec![words(refusal)],
        Err(refusal) => return Err(refusal.into()),
    };
    page(house, person, login, Some(org), Some(filled), wrong).await
}

fn words(refusal: Refusal) -> String {
    sentence(Problem::from(refusal).words().1)
}

fn done(person: &Person, title: &'static str, words: &str) -> HttpResponse {
    let token = person.token();
    let main = html! { p.note role="status" { (words) } p { a href="/account" { "To your account" } } };
    Page::new(title, main).signed(person.signed(&token)).answer()
}

/// There is nothing to decide: it was decided, its time is over, or somebody else has typed its code.
fn over(person: &Person) -> HttpResponse {
    let token = person.token();
    let main = html! {
        (alert("No terminal waits here for you. It was decided already, or ten minutes are over."))
        p { a href="/device" { "Type a code" } }
    };
    Page::new("Nothing to decide", main).with_status(StatusCode::NOT_FOUND).signed(person.signed(&token)).answer()
}
