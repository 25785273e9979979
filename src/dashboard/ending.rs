//! A session that ends is told of two minutes before, where the page has its script (WCAG 2.2.1): a part of every page of who is
//! signed in, and the way to stay. It takes no focus, and is spoken when there is something to say.

use actix_web::{HttpResponse, http::header, web::Data};
use maud::{Markup, html};
use serde_json::json;

use super::{
    Fault,
    page::token,
    visitor::{Person, Sent},
};
use crate::{
    domain::session::Left,
    service::{House, sessions},
};

/// Where the session ends, for the script; and what it shows.
#[must_use]
pub fn notice(form_token: &str, who: &str, left: Left) -> Markup {
    html! {
        div.ending data-ending data-who=(who) data-idle=(left.idle.as_secs()) data-life=(left.life.as_secs()) {
            p role="status" {}
            form method="post" action="/account/stay" hidden {
                (token(form_token))
                button { "Stay signed in" }
            }
            a.button href="/sign-in" hidden { "Sign in again" }
        }
    }
}

/// The session is heard of, and lasts. The script is told for how long.
pub async fn stay(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let left = sessions::stay(&house, &sent.by.by).await?;
    let left = json!({ "idle": left.idle.as_secs(), "life": left.life.as_secs() });
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(left))
}
