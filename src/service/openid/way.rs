//! The way to a provider and back: begun by one browser, and ended by it, once, within ten minutes.

use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, Scope, core};
use tracing::{info, warn};
use zeroize::Zeroizing;

use super::{
    exchange::{NotProven, exchange},
    provider::Provider,
};
use crate::{
    db::{self, openid as ways},
    domain::{
        Place, SessionSecret,
        openid::{Claims, Purpose, Way, is_shown_since},
    },
    service::{House, Refusal, patience::in_time, sessions::Browser, tries},
};

/// Where somebody is sent.
pub struct Sent {
    /// The provider's page.
    pub url: String,
    /// What the browser is known by when it comes back.
    pub browser: SessionSecret,
}

/// Why nobody was sent there.
#[derive(Debug)]
pub enum NotSent {
    /// The provider cannot be asked.
    Down,
    /// What can happen to every verb.
    Refused(Refusal),
}

impl From<Refusal> for NotSent {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What somebody brings back.
pub struct Answer {
    /// What the way there was known by.
    pub state: SessionSecret,
    /// What the browser is known by.
    pub browser: SessionSecret,
    /// Who says it, where that is said.
    pub issuer: Option<String>,
    /// What the provider gave for us, or why it gave nothing.
    pub code: Result<Zeroizing<String>, String>,
}

/// Proof that a provider has named somebody to us, in answer to what this browser asked: only [`come_back`] makes one.
pub struct Proven {
    claims: Claims,
    purpose: Purpose,
    next: Place,
}

impl Proven {
    /// Whom.
    pub(super) const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Where it goes on.
    #[must_use]
    pub const fn next(&self) -> &Place {
        &self.next
    }
}

/// Why nothing is proven.
#[derive(Debug)]
pub enum NotBack {
    /// Nobody was sent there by this browser, or too long ago, or is back already.
    Unknown,
    /// The provider, or the person there, did not want to.
    Declined,
    /// The provider cannot be asked.
    Down,
    /// What was brought does not hold.
    Wrong,
    /// It does, and was shown to the provider too long ago.
    Stale,
    /// What can happen to every verb.
    Refused(Refusal),
}

impl From<db::Error> for NotBack {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Sends somebody to a provider. A browser that is known already stays known: it may be on several ways at once.
pub async fn send(
    house: &House,
    provider: &Provider,
    purpose: Purpose,
    (from, browser): (&Browser, Option<SessionSecret>),
    next: &Place,
) -> Result<Sent, NotSent> {
    let metadata = provider.metadata().await.map_err(|_| NotSent::Down)?;
    let browser = browser.map_or_else(SessionSecret::generate, Ok).map_err(Refusal::from)?;
    let way = Way { browser, state: SessionSecret::generate().map_err(Refusal::from)? };
    let source = tries::source(from);
    let begin = house.store.ask(async |client| ways::begin(client, &way, provider.name(), purpose, source, next).await);
    in_time(begin).await.map_err(Refusal::from)?;
    let (state, nonce) = (way.state.reveal().to_string(), way.nonce().to_string());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(way.verifier().to_string()));
    let asker = provider.asker(&metadata);
    let flow = core::CoreAuthenticationFlow::AuthorizationCode;
    let place = asker.authorize_url(flow, || CsrfToken::new(state), || Nonce::new(nonce)).set_pkce_challenge(challenge);
    let others = provider.scopes().iter().filter(|scope| *scope != "openid");
    let place = others.fold(place, |place, scope| place.add_scope(Scope::new(scope.clone())));
    let place = match purpose {
        // To show once more who one is takes more than to be signed in there still.
        Purpose::Confirm(_) => place.add_prompt(core::CoreAuthPrompt::Login).set_max_age(std::time::Duration::ZERO),
        Purpose::SignIn | Purpose::Connect(_) | Purpose::Invitation(_) => place,
    };
    Ok(Sent { url: place.url().0.to_string(), browser: way.browser })
}

/// Takes somebody back who was sent to a provider. Whatever comes of it, the same way leads back no second time.
pub async fn come_back(house: &House, provider: &Provider, answer: Answer) -> Result<Proven, NotBack> {
    let Answer { state, browser, issuer, code } = answer;
    let way = Way { browser, state };
    let take = house.store.ask(async |client| ways::take(client, &way, provider.name()).await);
    let back = in_time(take).await?.ok_or(NotBack::Unknown)?;
    let metadata = provider.metadata().await.map_err(|_| NotBack::Down)?;
    if provider.is_mixed_up(&metadata, issuer.as_deref()) {
        warn!(provider = provider.name(), "an answer of another provider was refused");
        return Err(NotBack::Wrong);
    }
    let code = code.map_err(|why| {
        info!(provider = provider.name(), reason = why, "a provider named nobody");
        NotBack::Declined
    })?;
    let claims = exchange(provider, &metadata, code, &way).await.map_err(|why| {
        warn!(provider = provider.name(), reason = %why, "what a provider said was refused");
        if matches!(why, NotProven::Down(_)) { NotBack::Down } else { NotBack::Wrong }
    })?;
    if matches!(back.purpose, Purpose::Confirm(_)) && !is_shown_since(claims.shown_at, back.begun_at) {
        info!(provider = provider.name(), "a provider did not ask anew who it is");
        return Err(NotBack::Stale);
    }
    Ok(Proven { claims, purpose: back.purpose, next: back.next })
}
