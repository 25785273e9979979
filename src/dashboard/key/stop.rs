//! Stopping a key for the time being, and letting it go on.

use actix_web::{HttpResponse, web::Data};
use maud::html;

use super::{
    named,
    show::answer,
    told::{Again, Told},
};
use crate::{
    dashboard::{Fault, org::Insider, visitor::Sent},
    http::guard::{Within, may},
    service::{
        Done, House, Refusal,
        disable::{disable as stop, enable as let_go},
        edit::Changed,
        house::Mode,
    },
};

type Admin = Insider<Within<may::Admin>>;

/// Disables it.
pub async fn disable(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, Fault> {
    let id = named(&sent.by.person.request)?;
    let done = stop(&house, &sent.by.proof, id, Mode::Real).await;
    tell(&house, &sent.by, done, "Disabled").await
}

/// Enables it.
pub async fn enable(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, Fault> {
    let id = named(&sent.by.person.request)?;
    let done = let_go(&house, &sent.by.proof, id, Mode::Real).await;
    tell(&house, &sent.by, done, "Enabled").await
}

async fn tell(
    house: &House,
    insider: &Admin,
    done: Result<Done<Changed>, Refusal>,
    what: &str,
) -> Result<HttpResponse, Fault> {
    let (id, token, path) = (named(&insider.person.request)?, insider.token(), insider.person.request.path());
    let told = match done {
        Ok(done) => Told::done(what, done.settled.as_ref(), &html! {}),
        Err(refusal) => {
            let back = insider.at(&format!("/keys/{id}"));
            Told::refused(refusal, &Again { path: Some(path), token: &token, back: &back })?
        }
    };
    answer(house, insider, id, told).await
}
