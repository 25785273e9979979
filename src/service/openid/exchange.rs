//! A code, exchanged for the provider's word, which is verified: its signature, who has said it, for whom, for how long, and as the
//! answer to what.

use std::sync::Arc;

use openidconnect::{
    AccessToken, AuthorizationCode, ClaimsVerificationError, Nonce, OAuth2TokenResponse as _, PkceCodeVerifier,
    RequestTokenError, TokenResponse as _, core,
};
use thiserror::Error;
use tracing::warn;
use zeroize::Zeroizing;

use super::{
    provider::{Asker, Metadata, Provider, in_words},
    wire::{self, Failed},
};
use crate::domain::openid::{Claims, Way};

/// The provider's word was not had. Never says what it was.
#[derive(Debug, Error)]
pub enum NotProven {
    /// The provider cannot be asked.
    #[error("the provider cannot be asked: {0}")]
    Down(String),
    /// What it said does not hold.
    #[error("it does not hold: {0}")]
    Wrong(String),
}

type Word = openidconnect::IdTokenClaims<openidconnect::EmptyAdditionalClaims, core::CoreGenderClaim>;

/// Exchanges it.
pub(super) async fn exchange(
    provider: &Provider,
    metadata: &Arc<Metadata>,
    code: Zeroizing<String>,
    way: &Way,
) -> Result<Claims, NotProven> {
    let asker = provider.asker(metadata);
    let send = |request| wire::send(provider.http.clone(), request);
    let wrong = |error: &dyn std::error::Error| NotProven::Wrong(in_words(error));
    let exchange = asker.exchange_code(AuthorizationCode::new(code.to_string())).map_err(|error| wrong(&error))?;
    let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(way.verifier().to_string()));
    let answer = exchange.request_async(&send).await.map_err(refused)?;
    let token = answer.id_token().ok_or_else(|| NotProven::Wrong("it has said nothing of who it is".to_owned()))?;
    let nonce = Nonce::new(way.nonce().to_string());
    // There are providers that sign with another key under the same name: the name alone does not tell that it is known.
    let is_unsigned = |error| matches!(error, ClaimsVerificationError::SignatureVerification(_));
    let asker = if token.claims(&verifier(&asker), &nonce).is_err_and(is_unsigned) {
        let newer = provider.metadata_after(metadata).await.map_err(|down| NotProven::Down(down.0))?;
        provider.asker(&newer)
    } else {
        asker
    };
    let word = token.claims(&verifier(&asker), &nonce).map_err(|error| wrong(&error))?;
    Ok(complete(provider, &asker, answer.access_token(), word).await)
}

/// A word is good that is signed by a key of the provider: by no secret that we share with it, and by nothing.
fn verifier(asker: &Asker) -> openidconnect::IdTokenVerifier<'_, core::CoreJsonWebKey> {
    use core::CoreJwsSigningAlgorithm as By;
    asker.id_token_verifier().set_allowed_algs([
        By::RsaSsaPkcs1V15Sha256,
        By::RsaSsaPkcs1V15Sha384,
        By::RsaSsaPkcs1V15Sha512,
        By::RsaSsaPssSha256,
        By::RsaSsaPssSha384,
        By::RsaSsaPssSha512,
        By::EcdsaP256Sha256,
        By::EcdsaP384Sha384,
        By::EdDsa,
    ])
}

fn refused<T: openidconnect::ErrorResponse + 'static>(error: RequestTokenError<Failed, T>) -> NotProven {
    match error {
        RequestTokenError::Request(error) => NotProven::Down(in_words(&error)),
        RequestTokenError::ServerResponse(_) => NotProven::Wrong("it does not take the code".to_owned()),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            NotProven::Wrong("its answer cannot be understood".to_owned())
        }
    }
}

/// What it says of the person. Many say the address only where it is asked for by itself: without an answer there is none.
async fn complete(provider: &Provider, asker: &Asker, token: &AccessToken, word: &Word) -> Claims {
    let mut claims = Claims {
        issuer: provider.issuer().to_owned(),
        subject: word.subject().to_string(),
        email: word.email().and_then(|email| email.parse().ok()),
        is_email_verified: word.email_verified() == Some(true),
        name: word.name().and_then(|name| name.get(None)).and_then(|name| name.parse().ok()),
        shown_at: word.auth_time().and_then(|at| time::OffsetDateTime::from_unix_timestamp(at.timestamp()).ok()),
    };
    let Ok(question) = asker.user_info(token.clone(), Some(word.subject().clone())) else { return claims };
    if word.email().is_some() {
        return claims;
    }
    let send = |request| wire::send(provider.http.clone(), request);
    let told: Result<core::CoreUserInfoClaims, _> = question.request_async(&send).await;
    match told {
        Ok(told) => {
            claims.email = told.email().and_then(|email| email.parse().ok());
            claims.is_email_verified = told.email_verified() == Some(true);
            let name = told.name().and_then(|name| name.get(None)).and_then(|name| name.parse().ok());
            claims.name = claims.name.or(name);
        }
        Err(error) => {
            warn!(provider = provider.name(), reason = in_words(&error), "a provider does not tell of who it is");
        }
    }
    claims
}
