//! The pages of an org over HTTP: who may see which, what stands there, and what is done with their forms.

mod audit;
pub mod every;
pub mod furnished;
mod issue;
mod key;
mod key_changes;
pub mod list;
mod members;
mod org_usage;
mod places;
mod policy;
mod rotate;
mod typed;
mod webhook;

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use self::furnished::HOSTILE;
use crate::{
    client::Answer,
    house::House,
    persons::Person,
    sign_in::visitor::{PASSWORD, Visitor, leads_to, person},
};

/// The browser of a person, signed in.
async fn browser(house: &House, person: &Person) -> Visitor {
    let cookie = person.session(house).await.reveal().as_str().to_owned();
    Visitor { client: house.stranger(), cookie: Some(cookie), from: None }
}

/// Somebody new with this role in `acme`, signed in.
async fn somebody(house: &House, name: &str, role: &str) -> Visitor {
    browser(house, &Person::in_org(house, name, role).await).await
}

/// Where an answer leads, without the seal by which the page knows that we have sent somebody there.
#[track_caller]
fn leads_on_to(answer: &Answer) -> String {
    let path = leads_to(answer);
    path.split_once("&seal=").map(|(path, _)| path.to_owned()).unwrap_or(path)
}

/// The time so many days from now.
pub fn in_days(days: i64) -> String {
    (OffsetDateTime::now_utc() + Duration::days(days)).format(&Rfc3339).unwrap()
}

/// Somebody with a password and this role in `acme`, or in a mesh of it, who is signed in.
async fn visitor(house: &House, name: &str, role: &str, mesh: Option<&str>) -> Visitor {
    let email = format!("{}@example.com", name.to_lowercase());
    person(house, &email, name, PASSWORD).await;
    let someone = Person { id: String::new(), email: email.clone() };
    someone.becomes(house, "acme", mesh, role).await;
    let mut visitor = Visitor::new(house);
    visitor.sign_in(&email, PASSWORD).await.expect(303);
    visitor
}

/// What is in the hidden field by which a form is sent once.
pub fn once(page: &str) -> String {
    page.split("name=\"once\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned()
}

/// The secret that a page shows.
pub fn secret(page: &str) -> String {
    let field = page.split("id=\"secret\"").nth(1).unwrap_or_else(|| panic!("no secret: {page}"));
    field.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned()
}

/// A person with a password and this role in the org `acme`, signed in.
pub async fn insider(house: &House, name: &str, role: &str) -> Visitor {
    visitor(house, name, role, None).await
}
