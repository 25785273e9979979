//! Where everything is, for clients that look for it (RFC 8414, RFC 9728). Only the operator knows by which name they reach us: what a
//! request says of it may be anybody's invention.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE},
    web::Data,
};
use serde::Serialize;

use super::device;
use crate::{
    domain::Capability,
    http::{Problem, catalogue, reply::ok},
};

/// By which scheme, host and port clients reach the service.
#[derive(Debug, Clone)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// This one: without a path, and without anything that would end a quoted text.
    #[must_use]
    pub const fn new(url: String) -> Self {
        Self(url)
    }

    /// As a browser names it in `Origin`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Says in each challenge for a bearer token where it is told what would do (RFC 9728, 5.1).
    pub fn complete(&self, headers: &mut HeaderMap) {
        let challenges: Vec<_> = headers.remove(WWW_AUTHENTICATE).collect();
        for challenge in challenges {
            headers.append(WWW_AUTHENTICATE, self.completed(&challenge).unwrap_or(challenge));
        }
    }

    fn completed(&self, challenge: &HeaderValue) -> Option<HeaderValue> {
        let challenge = challenge.to_str().ok().filter(|challenge| challenge.starts_with("Bearer "))?;
        let place = self.at("/.well-known/oauth-protected-resource");
        HeaderValue::try_from(format!(r#"{challenge}, resource_metadata="{place}""#)).ok()
    }
}

/// What we are for clients of OAuth: who knows of tokens, and gives one to a terminal whose person says yes.
#[derive(Serialize)]
struct AuthorizationServer<'a> {
    issuer: &'a str,
    device_authorization_endpoint: String,
    token_endpoint: String,
    token_endpoint_auth_methods_supported: [&'static str; 1],
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: [&'static str; 1],
    scopes_supported: [Capability; 5],
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 1],
    service_documentation: String,
}

/// What our own API takes.
#[derive(Serialize)]
struct ProtectedResource<'a> {
    resource: &'a str,
    authorization_servers: [&'a str; 1],
    scopes_supported: [Capability; 5],
    bearer_methods_supported: [&'static str; 1],
    resource_documentation: String,
}

/// The metadata of the authorization server.
pub async fn authorization_server(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let url = public_url(&request)?;
    ok(&AuthorizationServer {
        issuer: &url.0,
        device_authorization_endpoint: url.at("/v1/device-authorization"),
        token_endpoint: url.at("/v1/token"),
        token_endpoint_auth_methods_supported: ["none"],
        introspection_endpoint: url.at("/v1/introspect"),
        // The names of registered methods, and of a registered type of tokens (RFC 8414, 2).
        introspection_endpoint_auth_methods_supported: ["client_secret_basic", "Bearer"],
        revocation_endpoint: url.at("/v1/revoke"),
        revocation_endpoint_auth_methods_supported: ["client_secret_basic"],
        scopes_supported: Capability::BUILT_IN,
        response_types_supported: [],
        grant_types_supported: [device::GRANT],
        service_documentation: url.at("/docs/"),
    })
}

/// The metadata of the protected resource.
pub async fn protected_resource(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let url = public_url(&request)?;
    ok(&ProtectedResource {
        resource: &url.0,
        authorization_servers: [&url.0],
        scopes_supported: Capability::BUILT_IN,
        bearer_methods_supported: ["header"],
        resource_documentation: url.at("/docs/"),
    })
}

fn public_url(request: &HttpRequest) -> Result<&PublicUrl, Problem> {
    let known = request.app_data::<Data<PublicUrl>>().map(|url| url.as_ref());
    known.ok_or_else(|| Problem::new(catalogue::NOT_FOUND, "this service was not told by which URL it is reached"))
}
