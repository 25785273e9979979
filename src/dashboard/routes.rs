//! The pages: one table, from which they are registered, and against which tests hold what is served. They are no part of the
//! contract of the API.

use actix_web::{
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use super::{
    account, assets, confirm, device, device_request, ending, errors::errors, identities, invitation, openid, passkeys,
    password, reset, second_factor, setup, sign_in,
};
use crate::http::{metrics::Route, routes as api};

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
    "/account/sessions" { post account::end; }
    "/account/stay" { post ending::stay; }
    "/invitation" { get invitation::show; post invitation::open; }
    "/invitation/accept" { post invitation::accept; }
    "/device" { get device::show; post device::find; }
    "/device/request" { get device_request::show; post device_request::take; }
    "/assets/{name}" { get assets::show; }
}
