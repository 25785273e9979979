//! The links that are made on the host: where people reach the service, with a one-time code in the fragment, which no server and
//! no proxy sees.

use std::net::SocketAddr;

use zeroize::Zeroizing;

use crate::{config::Settings, domain::OneTimeCode};

/// Where people reach the service, as far as its settings tell.
#[derive(Debug, Clone)]
pub struct Origin(String);

impl Origin {
    /// Where these settings say; `bound` is the address that a running service has.
    #[must_use]
    pub fn of(settings: &Settings, bound: Option<SocketAddr>) -> Self {
        Self(settings.public_url.clone().unwrap_or_else(|| here(bound.unwrap_or(settings.listen))))
    }

    /// Where the set-up is, opened by this code.
    #[must_use]
    pub fn setup(&self, code: &OneTimeCode) -> Zeroizing<String> {
        self.with("/setup", code)
    }

    /// Where a password is set, opened by this code.
    #[must_use]
    pub fn reset(&self, code: &OneTimeCode) -> Zeroizing<String> {
        self.with("/reset", code)
    }

    fn with(&self, path: &str, code: &OneTimeCode) -> Zeroizing<String> {
        Zeroizing::new(format!("{}{path}#code={}", self.0, code.reveal().as_str()))
    }
}

/// The origin that passkeys are made for: browsers bind them to a name, and who listens on this host alone has one there.
pub(super) fn passkeys_origin(settings: &Settings, bound: SocketAddr) -> String {
    let by_name = || format!("http://localhost:{}", bound.port());
    let is_on_this_host = bound.ip().is_loopback() || bound.ip().is_unspecified();
    settings.public_url.clone().unwrap_or_else(|| if is_on_this_host { by_name() } else { here(bound) })
}

/// Who listens everywhere is reached on this host at least.
fn here(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://localhost:{}", address.port());
    }
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_reached_on_this_host() {
        let told = ["0.0.0.0:7700", "[::]:7700", "127.0.0.1:7700", "[::1]:80"].map(|text| here(text.parse().unwrap()));
        assert_eq!(
            told,
            ["http://localhost:7700", "http://localhost:7700", "http://127.0.0.1:7700", "http://[::1]:80"]
        );
    }
}
