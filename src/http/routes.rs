//! The routes: one table, from which they are registered, and against which the contract is held.

use actix_web::{
    FromRequest, Handler, Resource, Responder,
    middleware::from_fn,
    web::{self, ServiceConfig},
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    Problem, access, audit, capabilities, catalogue, docs, explain, forward, gates, health, invitations, keys, me,
    members, meshes, messages, metrics::Route, oauth, orgs, peers, policies, socket, states, stream, topics, usage,
    verify, webhooks, whoami,
};
use crate::dashboard;

/// Adds a method to a resource. `resource(path).route(…)`, never `App::route`: only the first answers 405.
mod add {
    use super::{FromRequest, Handler, Resource, Responder, web};

    macro_rules! methods {
        ($($name:ident)+) => {$(
            pub(super) fn $name<F, A>(resource: Resource, handler: F) -> Resource
            where
                F: Handler<A>,
                A: FromRequest + 'static,
                F::Output: Responder + 'static,
            {
                resource.route(web::$name().to(handler))
            }
        )+};
    }
    methods! { post put patch delete }

    /// Every method there is, and those that there will be.
    pub(super) fn any<F, A>(resource: Resource, handler: F) -> Resource
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        resource.route(web::route().to(handler))
    }

    /// Whoever may GET may HEAD.
    pub(super) fn get<F, A>(resource: Resource, handler: F) -> Resource
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        resource.route(web::get().to(handler.clone())).route(web::head().to(handler))
    }
}

macro_rules! routes {
    ($($path:literal { $($method:ident $handler:path;)+ })+) => {
        /// Every route: method in lower case, or `any`, and path.
        pub const TABLE: &[(&str, &str)] = &[$($((stringify!($method), $path)),+),+];

        /// Every path, in the order in which they are registered.
        pub const PATHS: &[&str] = &[$($path),+];

        fn register(service: &mut ServiceConfig) {
            let mut number = 0;
            $(
                let resource = web::resource(with_rest($path));
                // To find out later which route it was would cost as much as it did the first time.
                let resource = resource.app_data(Route(number));
                number += 1;
                $(let resource = add::$method(resource, $handler);)+
                service.service(resource);
            )+
            debug_assert_eq!(number, PATHS.len());
        }
    };
}

/// Where a path ends with `{path}`, that is all the rest, whatever it holds.
fn with_rest(path: &str) -> String {
    path.strip_suffix("{path}").map_or_else(|| path.to_owned(), |before| format!("{before}{{path:.*}}"))
}

// A request is held against the routes in their order: those that are asked most come first.
routes! {
    "/v1/verify" { post verify::one; }
    "/v1/verify/batch" { post verify::batch; }
    "/v1/introspect" { post oauth::introspect::introspect; }
    "/v1/forward-auth/envoy/mesh/{org}/{mesh}/{capability}/{topic}/{path}" { any forward::ask; }
    "/v1/forward-auth/envoy/{gate}/{path}" { any forward::ask; }
    "/v1/forward-auth/{dialect}/{gate}" { any forward::ask; }
    "/v1/forward-auth/{dialect}/mesh/{org}/{mesh}/{capability}" { any forward::ask; }
    "/v1/forward-auth/{dialect}/mesh/{org}/{mesh}/{capability}/{topic}" { any forward::ask; }
    "/v1/whoami" { get whoami::whoami; }
    "/livez" { get health::livez; }
    "/readyz" { get health::readyz; }
    "/v1/meshes/{mesh}/topics/{topic}/messages" { get messages::list; post messages::send; }
    "/v1/meshes/{mesh}/topics/{topic}/stream" { get stream::open; }
    "/v1/meshes/{mesh}/peers" { get peers::list; }
    "/v1/meshes/{mesh}/ws" { get socket::open; post socket::ticket; }
    "/v1/orgs/{org}" { get orgs::show; patch orgs::edit; }
    "/v1/orgs/{org}/meshes" { get meshes::list; post meshes::create; }
    "/v1/orgs/{org}/meshes/{mesh}" { get meshes::show; patch meshes::edit; }
    "/v1/orgs/{org}/meshes/{mesh}/archive" { post meshes::archive; }
    "/v1/orgs/{org}/meshes/{mesh}/unarchive" { post meshes::unarchive; }
    "/v1/orgs/{org}/meshes/{mesh}/topics" { get topics::list; post topics::create; }
    "/v1/orgs/{org}/meshes/{mesh}/topics/{topic}" { get topics::show; patch topics::edit; }
    "/v1/orgs/{org}/meshes/{mesh}/topics/{topic}/archive" { post topics::archive; }
    "/v1/orgs/{org}/meshes/{mesh}/topics/{topic}/unarchive" { post topics::unarchive; }
    "/v1/orgs/{org}/meshes/{mesh}/topics/{topic}/access" { get access::list; }
    "/v1/orgs/{org}/meshes/{mesh}/policy" { get policies::show; patch policies::edit_of_mesh; }
    "/v1/orgs/{org}/meshes/{mesh}/policy/violations" { get policies::violations_of_mesh; }
    "/v1/orgs/{org}/meshes/{mesh}/policy/spread" { post policies::spread_of_mesh; }
    "/v1/orgs/{org}/policy" { get policies::show; patch policies::edit; }
    "/v1/orgs/{org}/policy/violations" { get policies::violations; }
    "/v1/orgs/{org}/policy/spread" { post policies::spread; }
    "/v1/orgs/{org}/capabilities" { get capabilities::list; post capabilities::declare; }
    "/v1/orgs/{org}/capabilities/{capability}" { get capabilities::show; patch capabilities::edit; }
    "/v1/orgs/{org}/capabilities/{capability}/retire" { post capabilities::retire; }
    "/v1/orgs/{org}/gates" { get gates::list; post gates::create; }
    "/v1/orgs/{org}/gates/{gate}" { get gates::show; patch gates::edit; delete gates::delete; }
    "/v1/orgs/{org}/keys" { get keys::list; post keys::issue; }
    "/v1/orgs/{org}/keys/{key}" { get keys::show; patch keys::edit; }
    "/v1/orgs/{org}/keys/{key}/rotate" { post keys::rotate; }
    "/v1/orgs/{org}/keys/{key}/rotate/finish" { post keys::finish; }
    "/v1/orgs/{org}/keys/{key}/disable" { post keys::disable; }
    "/v1/orgs/{org}/keys/{key}/enable" { post keys::enable; }
    "/v1/orgs/{org}/keys/{key}/revoke" { post keys::revoke; }
    "/v1/orgs/{org}/keys/{key}/usage" { get usage::of_key; }
    "/v1/orgs/{org}/keys/{key}/denials" { get usage::denials; }
    "/v1/orgs/{org}/members" { get members::list; }
    "/v1/orgs/{org}/members/{user}" { get members::show; patch members::edit; delete members::remove; }
    "/v1/orgs/{org}/invitations" { get invitations::list; post invitations::create; }
    "/v1/orgs/{org}/invitations/{invitation}" { get invitations::show; delete invitations::withdraw; }
    "/v1/orgs/{org}/invitations/{invitation}/resend" { post invitations::resend; }
    "/v1/orgs/{org}/webhook" { get webhooks::show; put webhooks::set; delete webhooks::remove; }
    "/v1/orgs/{org}/webhook/test" { post webhooks::try_out; }
    "/v1/orgs/{org}/usage" { get usage::of_org; }
    "/v1/orgs/{org}/audit" { get audit::list; }
    "/v1/orgs/{org}/audit/export" { get audit::export; }
    "/v1/orgs/{org}/audit/verify" { get audit::verify; }
    "/v1/meshes/{mesh}/topics" { get topics::list_readable; }
    "/v1/meshes/{mesh}/topics/{topic}/state" { get states::list_of_topic; }
    "/v1/meshes/{mesh}/topics/{topic}/state/{name}" {
        get states::show_of_topic; put states::put_of_topic; delete states::delete_of_topic;
    }
    "/v1/meshes/{mesh}/state" { get states::list_of_mesh; }
    "/v1/meshes/{mesh}/state/{name}" {
        get states::show_of_mesh; put states::put_of_mesh; delete states::delete_of_mesh;
    }
    "/v1/me" { get me::show; }
    "/v1/me/keys" { get me::keys; post me::issue; }
    "/v1/me/sessions" { get me::sessions; delete me::end_other_sessions; }
    "/v1/me/sessions/{session}" { delete me::end_session; }
    "/v1/revoke" { post oauth::revoke::revoke; }
    "/v1/device-authorization" { post oauth::device::authorize; }
    "/v1/token" { post oauth::device::token; }
    "/v1/explain" { post explain::explain; }
    "/.well-known/oauth-authorization-server" { get oauth::metadata::authorization_server; }
    "/.well-known/oauth-protected-resource" { get oauth::metadata::protected_resource; }
    "/openapi.yaml" { get docs::contract; }
    "/docs" { get docs::lead; }
    "/docs/errors" { get docs::errors; }
    "/docs/errors/{code}" { get docs::error; }
}

/// Registers all of it.
pub fn configure(service: &mut ServiceConfig) {
    register(service);
    dashboard::routes::configure(service);
    service
        // No gateway is to meet a 404, whatever it asks.
        .service(web::resource([forward::ROOT, "/v1/forward-auth/{gate}*"]).to(forward::ask))
        .service(SwaggerUi::new("/docs/{_:.*}").config(Config::new(["/openapi.yaml"]).validator_url("none")))
        .default_service(web::to(nothing_here).wrap(from_fn(dashboard::errors::of_nowhere)));
}

async fn nothing_here() -> Result<&'static str, Problem> {
    Err(Problem::of(catalogue::NOT_FOUND))
}
