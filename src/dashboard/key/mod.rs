//! `/orgs/{org}/keys/{key}`: one key, what it did, and what is done with it.

mod banners;
mod children;
mod denials;
pub mod edit;
mod edit_fields;
mod edit_page;
mod events;
mod facts;
mod impact;
mod now;
pub mod revoke;
mod revoke_page;
pub mod show;
pub mod stop;
mod told;
mod typed;
mod usage;
mod words;

use actix_web::HttpRequest;

use crate::{
    domain::KeyId,
    http::{Problem, catalogue},
};

/// The key that the path names. What cannot be parsed does not exist.
fn named(request: &HttpRequest) -> Result<KeyId, Problem> {
    let text = request.match_info().get("key").unwrap_or_default();
    text.parse().map_err(|_| Problem::of(catalogue::NOT_FOUND))
}
