//! The pages: one table, from which they are registered, and against which tests hold what is served. They are no part of the
//! contract of the API.

use actix_web::{
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use super::{
    account, assets, audit, confirm, device, device_request, ending, errors::errors, identities, invitation, key, keys,
    looks, members, notices, openid, passkeys, password, places, policy, reset, second_factor, setup, sign_in, usage,
    webhook,
};
use crate::http::{metrics::Route, routes as api};

/// Whether this path, whatever its query, is that of a page that can be looked at.
#[must_use]
pub fn is_shown(place: &str) -> bool {
    let path = place.split('?').next().unwrap_or_default();
    let is_it = |pattern: &str| {
        let (mut ours, mut theirs) = (pattern.split('/'), path.split('/'));
        let is_so = ours.by_ref().zip(theirs.by_ref()).all(|(own, said)| own.starts_with('{') || own == said);
        is_so && pattern.split('/').count() == path.split('/').count()
    };
    // The first that fits is the one that answers.
    let found = PATHS.iter().find(|pattern| is_it(pattern));
    found.is_some_and(|pattern| TABLE.contains(&("get", *pattern)))
}

macro_rules! pages {
    ($($path:literal { $(get $show:path;)? $(post $take:path;)? })+) => {
        /// Every page: method in lower case, and path.
        pub const TABLE: &[(&str, &str)] = &[$($((page!(get $show), $path),)? $((page!(post $take), $path),)?)+];

        /// Every path, in the order in which they are registered.
        pub const PATHS: &[&str] = &[$($path),+];

        /// Registers all of it. Whoever may GET may HEAD.
        pub fn configure(service: &mut ServiceConfig) {
            let mut number = api::PATHS.len();
            $(
                let resource = web::resource($path).app_data(Route(number));
                number += 1;
                $(let resource = resource.route(web::get().to($show)).route(web::head().to($show));)?
                $(let resource = resource.route(web::post().to($take));)?
                service.service(resource.wrap(from_fn(errors)));
            )+
            debug_assert_eq!(number, api::PATHS.len() + PATHS.len());
        }
    };
}

/// The name of a method.
macro_rules! page {
    (get $handler:path) => {
        "get"
    };
    (post $handler:path) => {
        "post"
    };
}

pages! {
    "/" { get sign_in::root; }
    "/setup" { get setup::show; post setup::finish; }
    "/reset" { get reset::show; post reset::finish; }
    "/sign-in" { get sign_in::show; post sign_in::enter; }
    "/sign-in/second-factor" { get sign_in::show_factor; post sign_in::enter_factor; }
    "/sign-in/openid/{name}" { post openid::start; }
    "/sign-in/openid/{name}/callback" { get openid::come_back; }
    "/sign-out" { post sign_in::leave; }
    "/confirm" { get confirm::show; post confirm::take; }
    "/confirm/openid/{name}" { post openid::start_confirming; }
    "/account" { get account::show; }
    "/account/passkeys" { get passkeys::show; post passkeys::change; }
    "/account/password" { get password::show; post password::change; }
    "/account/second-factor" { get second_factor::show; post second_factor::change; }
    "/account/identities" { get identities::show; post identities::change; }
    "/account/looks" { get looks::show; post looks::change; }
    "/account/notices" { get notices::show; post notices::change; }
    "/account/sessions" { post account::end; }
    "/account/stay" { post ending::stay; }
    "/invitation" { get invitation::show; post invitation::open; }
    "/invitation/accept" { post invitation::accept; }
    "/device" { get device::show; post device::find; }
    "/device/request" { get device_request::show; post device_request::take; }
    "/orgs/{org}" { get keys::list::lead; }
    "/orgs/{org}/keys" { get keys::list::show; }
    "/orgs/{org}/keys/new" { get keys::issue::show; post keys::issue::take; }
    "/orgs/{org}/keys/{key}/rotate" { get keys::rotate::show; post keys::rotate::take; }
    "/orgs/{org}/keys/{key}/rotate/finish" { post keys::rotate::finish; }
    "/orgs/{org}/keys/bulk" { post keys::bulk::take; }
    "/orgs/{org}/search" { post keys::search::search; }
    "/orgs/{org}/expiring" { get keys::expiring::show; }
    "/orgs/{org}/keys/{key}" { get key::show::show; }
    "/orgs/{org}/keys/{key}/edit" { get key::edit::show; post key::edit::take; }
    "/orgs/{org}/keys/{key}/revoke" { get key::revoke::show; post key::revoke::take; }
    "/orgs/{org}/keys/{key}/disable" { post key::stop::disable; }
    "/orgs/{org}/keys/{key}/enable" { post key::stop::enable; }
    "/orgs/{org}/usage" { get usage::show; }
    "/orgs/{org}/meshes" { get places::meshes::show; post places::meshes::create; }
    "/orgs/{org}/meshes/{mesh}" { get places::mesh::show; post places::mesh::create; }
    "/orgs/{org}/meshes/{mesh}/name" { get places::rename::show; post places::rename::take; }
    "/orgs/{org}/meshes/{mesh}/archive" { get places::archive_mesh::show; post places::archive_mesh::take; }
    "/orgs/{org}/meshes/{mesh}/topics/{topic}" { get places::topic::show; post places::topic::describe; }
    "/orgs/{org}/meshes/{mesh}/topics/{topic}/archive" { get places::archive_topic::show; post places::archive_topic::take; }
    "/orgs/{org}/members" { get members::list::show; }
    "/orgs/{org}/members/{user}" { get members::member::show; post members::member::take; }
    "/orgs/{org}/members/{user}/remove" { get members::remove::show; post members::remove::take; }
    "/orgs/{org}/invitations" { get members::invite::show; post members::invite::take; }
    "/orgs/{org}/invitations/{invitation}" { get members::invitation::show; post members::invitation::take; }
    "/orgs/{org}/webhook" { get webhook::show; post webhook::take; }
    "/orgs/{org}/audit" { get audit::list::show; }
    "/orgs/{org}/audit/verify" { get audit::chain::show; post audit::chain::verify; }
    "/orgs/{org}/audit/{seq}" { get audit::one::show; }
    "/orgs/{org}/policy" { get policy::show::show; post policy::change::take; }
    "/orgs/{org}/policy/violations" { get policy::violations::show; }
    "/orgs/{org}/policy/spread" { post policy::spread::take; }
    "/orgs/{org}/meshes/{mesh}/policy" { get policy::show::show; post policy::change::take_of_mesh; }
    "/orgs/{org}/meshes/{mesh}/policy/violations" { get policy::violations::show_of_mesh; }
    "/orgs/{org}/meshes/{mesh}/policy/spread" { post policy::spread::take_of_mesh; }
    "/assets/{name}" { get assets::show; }
}
