//! Forms that are taken once, however often they are sent.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;
use uuid::Uuid;

use crate::{dashboard::forms::ONCE, http::reply, service::Kept};

/// A number of its own for a page, so that its form is taken once.
#[must_use]
pub fn once() -> Markup {
    html! { input type="hidden" name=(ONCE) value=(Uuid::new_v4().simple()); }
}

/// What is kept of an answer that leads to a page: nothing but that it was given.
#[must_use]
pub fn nothing() -> Kept {
    reply::kept(StatusCode::SEE_OTHER, None, None, &Value::Null)
}
