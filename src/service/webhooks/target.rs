//! Where a call goes: a URL that may be called, looked up and looked at before anything is sent. The call goes to the address that was
//! looked at and to no other, however often the name is looked up (SSRF, DNS rebinding).

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use reqwest::Url;
use thiserror::Error;

use crate::domain::webhook::Callable;

/// How long a URL may be.
const LONGEST: usize = 2000;
/// What is said of a name by which nobody can be called, whatever the cause: an org must not learn which names there are within the
/// network of who runs this.
const NOWHERE: &str = "its name is not known, or leads to no address that is called";
/// How long the look-up of a name may take.
const LOOK_UP: Duration = Duration::from_secs(5);

/// The URL cannot be that of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Unfit {
    #[error("expected a URL such as https://hooks.example.org/meshkey, of at most 2000 characters")]
    Malformed,
    #[error("expected https: what is told is for nobody on the way")]
    Plain,
    #[error("a URL with a name or a password in it would show them; calls are signed instead")]
    Credentials,
    #[error("this address is not called: it is not on the internet")]
    NotPublic,
}

/// A URL that may be called, as far as that can be told without looking its name up.
#[derive(Debug, Clone)]
pub(super) struct Address(Url);

impl Address {
    /// Reads one.
    pub(super) fn read(text: &str, callable: Callable) -> Result<Self, Unfit> {
        let url = Url::parse(text).ok().filter(|_| text.len() <= LONGEST && !text.chars().any(char::is_whitespace));
        let url = url.filter(|url| url.has_host() && url.fragment().is_none()).ok_or(Unfit::Malformed)?;
        match url.scheme() {
            "https" => {}
            "http" if callable == Callable::PrivateToo => {}
            "http" => return Err(Unfit::Plain),
            _ => return Err(Unfit::Malformed),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unfit::Credentials);
        }
        let address = Self(url);
        match address.literal() {
            Some(literal) if !callable.allows(literal) => Err(Unfit::NotPublic),
            _ => Ok(address),
        }
    }

    pub(super) fn url(&self) -> Url {
        self.0.clone()
    }

    pub(super) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address that stands in the URL itself.
    fn literal(&self) -> Option<IpAddr> {
        self.host().trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// The addresses that may be called of those that the name has now.
    pub(super) async fn look_up(&self, callable: Callable) -> Result<Vec<SocketAddr>, &'static str> {
        let port = self.0.port_or_known_default().unwrap_or(443);
        let found: Vec<SocketAddr> = if let Some(literal) = self.literal() {
            vec![(literal, port).into()]
        } else {
            let looked = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((self.host(), port))).await;
            looked.ok().and_then(Result::ok).map(Iterator::collect).unwrap_or_default()
        };
        let allowed: Vec<_> = found.into_iter().filter(|address| callable.allows(address.ip())).collect();
        if allowed.is_empty() { Err(NOWHERE) } else { Ok(allowed) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, callable: Callable) -> Result<String, Unfit> {
        Address::read(text, callable).map(|address| address.to_string())
    }

    #[test]
    fn a_url_is_https_without_credentials_and_to_a_public_address() {
        let long = format!("https://hooks.example.org/{}", "x".repeat(2000));
        for (text, wrong) in [
            ("hooks.example.org", Unfit::Malformed),
            ("ftp://hooks.example.org/", Unfit::Malformed),
            ("https://", Unfit::Malformed),
            ("https://hooks.example.org/#x", Unfit::Malformed),
            ("https://hooks.example.org/a b", Unfit::Malformed),
            (&long, Unfit::Malformed),
            ("http://hooks.example.org/", Unfit::Plain),
            ("https://dana@hooks.example.org/", Unfit::Credentials),
            ("https://:x@hooks.example.org/", Unfit::Credentials),
            ("https://127.0.0.1/", Unfit::NotPublic),
            ("https://2130706433/", Unfit::NotPublic),
            ("https://0x7f.1/", Unfit::NotPublic),
            ("https://[::1]/", Unfit::NotPublic),
            ("https://[::ffff:10.0.0.1]/", Unfit::NotPublic),
            ("https://169.254.169.254/latest", Unfit::NotPublic),
        ] {
            assert_eq!(read(text, Callable::Public), Err(wrong), "{text}");
        }
        let fine = "https://hooks.example.org/meshkey?x=1";
        assert_eq!(read(fine, Callable::Public).as_deref(), Ok(fine));
        assert_eq!(read("http://127.0.0.1:9/x", Callable::PrivateToo).as_deref(), Ok("http://127.0.0.1:9/x"));
        assert_eq!(read("http://169.254.169.254/", Callable::PrivateToo), Err(Unfit::NotPublic));
    }
}
