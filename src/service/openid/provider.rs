//! A provider: what the settings say of it, and what it says of itself, which is remembered for a while.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use openidconnect::{
    AdditionalProviderMetadata, AuthType, Client as Any, ClientId, ClientSecret, EmptyAdditionalClaims,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, ProviderMetadata, RedirectUrl, core,
};
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::Mutex;
use tracing::warn;
use zeroize::Zeroizing;

use super::wire;

/// For how long it is remembered what a provider says of itself.
const REMEMBERED: Duration = Duration::from_hours(1);
/// For how long one that could not be asked is not asked again.
const PAUSE: Duration = Duration::from_secs(3);
/// How often it is asked anew at most because a signature is of no key that is known.
const ANEW: Duration = Duration::from_secs(30);

/// What the settings say of a provider.
pub struct Known {
    /// Its name in paths.
    pub name: String,
    /// What the button says.
    pub title: String,
    /// Who it is.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What we prove ourselves with, if with anything.
    pub client_secret: Option<Zeroizing<String>>,
    /// What it is asked for.
    pub scopes: Vec<String>,
}

/// The settings of a provider mean nothing.
#[derive(Debug, Error)]
#[error("the provider {0} cannot be set up: {1}")]
pub struct MalformedProvider(String, String);

/// A provider could not be asked.
#[derive(Debug, Clone, Error)]
#[error("{0}")]
pub(super) struct Down(pub(super) String);

/// What it announces beyond what all do (RFC 9207).
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(super) struct Announced {
    /// Whether it names itself in what it sends back.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Announced {}

/// What a provider says of itself, with its keys.
pub(super) type Metadata = ProviderMetadata<
    Announced,
    core::CoreAuthDisplay,
    core::CoreClientAuthMethod,
    core::CoreClaimName,
    core::CoreClaimType,
    core::CoreGrantType,
    core::CoreJweContentEncryptionAlgorithm,
    core::CoreJweKeyManagementAlgorithm,
    core::CoreJsonWebKey,
    core::CoreResponseMode,
    core::CoreResponseType,
    core::CoreSubjectIdentifierType,
>;

/// What asks it.
pub(super) type Asker = Any<
    EmptyAdditionalClaims,
    core::CoreAuthDisplay,
    core::CoreGenderClaim,
    core::CoreJweContentEncryptionAlgorithm,
    core::CoreJsonWebKey,
    core::CoreAuthPrompt,
    openidconnect::StandardErrorResponse<core::CoreErrorResponseType>,
    core::CoreTokenResponse,
    core::CoreTokenIntrospectionResponse,
    core::CoreRevocableToken,
    core::CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The providers, in the order of the settings.
pub struct Providers(Vec<Provider>);

/// One.
pub struct Provider {
    known: Known,
    issuer: IssuerUrl,
    back: RedirectUrl,
    pub(super) http: Client,
    memory: Mutex<Memory>,
}

/// What is remembered of one.
#[derive(Default)]
struct Memory {
    metadata: Option<(Arc<Metadata>, Instant)>,
    down: Option<(Down, Instant)>,
    anew: Option<Instant>,
}

impl Providers {
    /// These, who send people back to us at `url`.
    pub fn new(known: impl Iterator<Item = Known>, url: &str) -> Result<Self, MalformedProvider> {
        known.map(|known| Provider::new(known, url)).collect::<Result<_, _>>().map(Self)
    }

    /// All of them, in their order.
    pub fn all(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }

    /// The one with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.known.name == name)
    }

    /// Those that are this issuer. Perhaps we have several names with it.
    pub fn of_issuer(&self, issuer: &str) -> impl Iterator<Item = &Provider> {
        self.0.iter().filter(move |provider| provider.known.issuer == issuer)
    }
}

impl Provider {
    fn new(known: Known, url: &str) -> Result<Self, MalformedProvider> {
        let wrong = |why: &dyn std::fmt::Display| MalformedProvider(known.name.clone(), why.to_string());
        let issuer = IssuerUrl::new(known.issuer.clone()).map_err(|error| wrong(&error))?;
        let back = format!("{url}/sign-in/openid/{}/callback", known.name);
        let back = RedirectUrl::new(back).map_err(|error| wrong(&error))?;
        let http = wire::client(is_on_this_host(issuer.url())).map_err(|error| wrong(&error))?;
        Ok(Self { known, issuer, back, http, memory: Mutex::default() })
    }

    /// Its name in paths.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.known.name
    }

    /// What people call it.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.known.title
    }

    /// Who it is.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.known.issuer
    }

    /// What it is asked for.
    pub(super) fn scopes(&self) -> &[String] {
        &self.known.scopes
    }

    /// Whether what it says of itself can be had; asked for now.
    pub async fn test(&self) -> Result<(), String> {
        self.ask().await.map(drop).map_err(|Down(why)| why)
    }

    /// What it says of itself, as it is remembered or asked for now. Of several who want to know one asks.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, Down> {
        let mut memory = self.memory.lock().await;
        if let Some((metadata, _)) = memory.metadata.as_ref().filter(|(_, at)| at.elapsed() < REMEMBERED) {
            return Ok(Arc::clone(metadata));
        }
        if let Some((down, _)) = memory.down.as_ref().filter(|(_, at)| at.elapsed() < PAUSE) {
            return Err(down.clone());
        }
        self.learn(&mut memory).await
    }

    /// The same, asked for anew since this is not what it signs with now; no more often than once in a while.
    pub(super) async fn metadata_after(&self, old: &Arc<Metadata>) -> Result<Arc<Metadata>, Down> {
        let mut memory = self.memory.lock().await;
        if let Some((metadata, _)) = memory.metadata.as_ref().filter(|(metadata, _)| !Arc::ptr_eq(metadata, old)) {
            return Ok(Arc::clone(metadata));
        }
        if memory.anew.is_some_and(|at| at.elapsed() < ANEW) {
            return Ok(Arc::clone(old));
        }
        memory.anew = Some(Instant::now());
        self.learn(&mut memory).await
    }

    async fn learn(&self, memory: &mut Memory) -> Result<Arc<Metadata>, Down> {
        match self.ask().await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                memory.metadata = Some((Arc::clone(&metadata), Instant::now()));
                memory.down = None;
                Ok(metadata)
            }
            Err(down) => {
                warn!(provider = self.name(), reason = %down, "a provider of OpenID Connect cannot be asked");
                memory.down = Some((down.clone(), Instant::now()));
                Err(down)
            }
        }
    }

    async fn ask(&self) -> Result<Metadata, Down> {
        let send = |request| wire::send(self.http.clone(), request);
        let asked = Metadata::discover_async(self.issuer.clone(), &send).await;
        let metadata = asked.map_err(|error| Down(in_words(&error)))?;
        let is_private = |url: &Url| url.scheme() == "https" || is_on_this_host(self.issuer.url());
        if !is_private(metadata.authorization_endpoint().url()) {
            return Err(Down("it would have people sign in without TLS".to_owned()));
        }
        if metadata.token_endpoint().is_none() {
            return Err(Down("it names no place where a code is exchanged".to_owned()));
        }
        Ok(metadata)
    }

    /// What asks it, by what it says of itself.
    pub(super) fn asker(&self, metadata: &Metadata) -> Asker {
        let secret = self.known.client_secret.as_ref().map(|secret| ClientSecret::new(secret.to_string()));
        let id = ClientId::new(self.known.client_id.clone());
        let asker = Any::from_provider_metadata(metadata.clone(), id, secret).set_redirect_uri(self.back.clone());
        let by_post = core::CoreClientAuthMethod::ClientSecretPost;
        let by_basic = core::CoreClientAuthMethod::ClientSecretBasic;
        let methods = metadata.token_endpoint_auth_methods_supported();
        let has_only_post = methods.is_some_and(|them| them.contains(&by_post) && !them.contains(&by_basic));
        asker.set_auth_type(if has_only_post { AuthType::RequestBody } else { AuthType::BasicAuth })
    }

    /// Whether somebody else has sent this answer (RFC 9207): who says that it names itself does so.
    pub(super) fn is_mixed_up(&self, metadata: &Metadata, named: Option<&str>) -> bool {
        let says_so = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        named.map_or(says_so, |named| named != self.issuer())
    }
}

fn is_on_this_host(url: &Url) -> bool {
    url.scheme() == "http"
}

/// An error with its causes, in one line.
pub(super) fn in_words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    let words = causes.collect::<Vec<_>>().join(": ");
    words.replace(|character: char| character.is_control(), " ").chars().take(500).collect()
}
