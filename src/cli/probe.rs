//! Asking a running service how it is, without a key. No proxy from the environment is used: the question is about the
//! service, not about the way through others.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use reqwest::{Client, StatusCode, Url, redirect::Policy};
use serde_json::Value;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// The address of a service: where `/livez` and `/readyz` are.
#[derive(Debug, Clone)]
pub(super) struct Base(Url);

/// What came of a question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Yes.
    Good,
    /// No: the service says so.
    Bad(String),
    /// Nobody answers there.
    Nobody(String),
    /// Somebody else does.
    Stranger(String),
}

impl Base {
    /// Where a service that listens there can be reached on its own host.
    pub(super) fn of(listen: SocketAddr) -> Option<Self> {
        let here = match listen.ip() {
            IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            address => address,
        };
        format!("http://{}", SocketAddr::new(here, listen.port())).parse().ok()
    }

    /// Whether what is sent there can be read on the way.
    pub(super) fn is_open(&self) -> bool {
        self.0.scheme() == "http" && !self.is_local()
    }

    fn is_local(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Asks `/livez` or `/readyz`.
    pub(super) async fn ask(&self, path: &str) -> Answer {
        match tokio::time::timeout(PATIENCE, self.fetch(path)).await {
            Ok(Ok((status, body))) => judge(status, &body),
            Ok(Err(error)) => Answer::Nobody(cause(&error)),
            Err(_) => Answer::Nobody(format!("no answer within {} seconds", PATIENCE.as_secs())),
        }
    }

    async fn fetch(&self, path: &str) -> Result<(StatusCode, Value), reqwest::Error> {
        let client = Client::builder().no_proxy().redirect(Policy::none());
        // Without TLS no certificate authorities are needed: many images have none.
        let client = if self.0.scheme() == "http" { client.tls_certs_only([]) } else { client };
        let answer = client.build()?.get(format!("{self}{path}")).send().await?;
        let status = answer.status();
        Ok((status, answer.json().await.unwrap_or_default()))
    }
}

/// The innermost reason: those around it say only that a request was sent.
fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}

fn judge(status: StatusCode, body: &Value) -> Answer {
    let code = body["code"].as_str();
    match (status, code) {
        (StatusCode::OK, _) if body["status"] == "ok" => Answer::Good,
        (StatusCode::SERVICE_UNAVAILABLE, Some(code)) => {
            Answer::Bad(format!("{status}, {code}: {}", body["detail"].as_str().unwrap_or_default()))
        }
        _ => Answer::Stranger(format!("{status}, which is no answer of Meshkey")),
    }
}

impl FromStr for Base {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "give the address of the service, such as http://127.0.0.1:7700 or https://keys.example.com";
        let url: Url = text.parse().map_err(|_| wanted)?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if ["http", "https"].contains(&url.scheme()) && is_plain && url.fragment().is_none() {
            Ok(Self(url))
        } else {
            Err(wanted)
        }
    }
}

impl std::fmt::Display for Base {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Base {
        text.parse().unwrap()
    }

    #[test]
    fn a_service_that_listens_everywhere_is_asked_here() {
        let of = |listen: &str| Base::of(listen.parse().unwrap()).unwrap().to_string();
        assert_eq!(of("0.0.0.0:7700"), "http://127.0.0.1:7700");
        assert_eq!(of("[::]:7700"), "http://[::1]:7700");
        assert_eq!(of("10.0.0.7:80"), "http://10.0.0.7");
        assert_eq!(of("[2001:db8::1]:7700"), "http://[2001:db8::1]:7700");
    }

    #[test]
    fn plain_http_to_another_host_is_open() {
        assert!(base("http://keys.example.com").is_open() && base("http://10.0.0.7:7700").is_open());
        for local in ["http://127.0.0.1:7700", "http://[::1]:7700", "http://localhost", "https://keys.example.com"] {
            assert!(!base(local).is_open(), "{local}");
        }
    }

    #[test]
    fn an_address_with_more_in_it_is_refused() {
        for bad in ["keys.example.com", "ftp://x", "http://u:p@x", "http://x?a=b", "http://x#a"] {
            assert!(bad.parse::<Base>().is_err(), "{bad}");
        }
        assert_eq!(base("https://x/keys/").to_string(), "https://x/keys");
    }

    #[test]
    fn only_meshkey_s_own_answers_count() {
        let body = |text: &str| serde_json::from_str(text).unwrap();
        assert_eq!(judge(StatusCode::OK, &body(r#"{"status":"ok"}"#)), Answer::Good);
        assert!(matches!(judge(StatusCode::OK, &Value::Null), Answer::Stranger(_)));
        assert!(matches!(judge(StatusCode::NOT_FOUND, &body(r#"{"code":"not_found"}"#)), Answer::Stranger(_)));
        let bad = body(r#"{"code":"store_unavailable","detail":"gone"}"#);
        assert!(matches!(judge(StatusCode::SERVICE_UNAVAILABLE, &bad), Answer::Bad(_)));
    }
}
