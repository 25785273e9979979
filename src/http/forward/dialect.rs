//! Dialects: which gateway asks, and in which one pair of headers it tells what its client asked for. The others are not looked
//! at: a client could have sent them.

use actix_web::http::header::{HeaderMap, HeaderName};

use crate::{
    domain::path::{NotCanonical, canonical},
    service::forward::Told,
};

/// A gateway, by how it asks.
#[derive(Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Its name in the path.
    pub name: &'static str,
    /// Where the original request stands.
    pub original: Original,
}

/// Where the request that is to be judged stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original {
    /// In these two headers: the method, and the path with its query.
    Headers(&'static str, &'static str),
    /// The same, with the whole URL in the second.
    HeadersWithUrl(&'static str, &'static str),
    /// In the request itself: its method, and the path behind ours.
    Request,
    /// Nowhere.
    Untold,
}

const ORIGINAL: Original = Original::Headers("x-original-method", "x-original-uri");
const FORWARDED: Original = Original::Headers("x-forwarded-method", "x-forwarded-uri");

/// Every dialect.
pub const ALL: [Dialect; 8] = [
    Dialect { name: "nginx", original: ORIGINAL },
    Dialect { name: "ingress-nginx", original: Original::HeadersWithUrl("x-original-method", "x-original-url") },
    Dialect { name: "traefik", original: FORWARDED },
    Dialect { name: "caddy", original: FORWARDED },
    Dialect { name: "haproxy", original: ORIGINAL },
    Dialect { name: "apisix", original: FORWARDED },
    Dialect { name: "skipper", original: Original::Untold },
    Dialect { name: "envoy", original: Original::Request },
];

/// What of a question of a gateway cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The gateway asks wrongly.
    Misconfigured(&'static str),
    /// Its client asks for something that can be read in two ways.
    Path(NotCanonical),
}

impl Dialect {
    /// The dialect of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|dialect| dialect.name == name)
    }

    /// What its client asked for: told once, and in a way that can be read in one way only. None, where the gateway does not
    /// tell. `method` and `behind` are of the question itself: its method, and the path behind ours with its slash.
    pub fn told<'a>(
        &self,
        headers: &'a HeaderMap,
        method: &'a str,
        behind: Option<&'a str>,
    ) -> Result<Option<Told<'a>>, Fault> {
        let (method, target) = match self.original {
            Original::Untold => return Ok(None),
            Original::Request => {
                (method, behind.ok_or(Fault::Misconfigured("the path of the request does not follow"))?)
            }
            Original::Headers(method, uri) => (only(headers, method)?, only(headers, uri)?),
            Original::HeadersWithUrl(method, url) => (only(headers, method)?, without_origin(only(headers, url)?)?),
        };
        let path = canonical(target).map_err(Fault::Path)?;
        Ok(Some(Told { method, path }))
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Fault> {
    let mut values = headers.get_all(HeaderName::from_static(name));
    let first = values.next().ok_or(Fault::Misconfigured("a header that tells of the request is missing"))?;
    if values.next().is_some() {
        return Err(Fault::Misconfigured("a header that tells of the request is there twice"));
    }
    match first.to_str() {
        Ok("") => Err(Fault::Misconfigured("a header that tells of the request is empty")),
        Ok(text) => Ok(text),
        Err(_) => Err(Fault::Path(NotCanonical("a character that is not visible ASCII"))),
    }
}

/// What stands behind the scheme and the host of a URL.
fn without_origin(url: &str) -> Result<&str, Fault> {
    let (_, rest) = url.split_once("://").ok_or(Fault::Misconfigured("the header has no whole URL"))?;
    Ok(rest.find('/').map_or("", |at| &rest[at..]))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn told(dialect: &str, lines: &[(&'static str, &str)], behind: Option<&str>) -> Result<(), Fault> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Dialect::named(dialect).unwrap().told(&headers, "HEAD", behind).map(drop)
    }

    #[test]
    fn the_request_is_told_by_its_own_pair_and_no_other() {
        let mut headers = HeaderMap::new();
        for (_, method, uri, prefix) in PAIRS {
            headers.insert(HeaderName::from_static(method), HeaderValue::from_static("POST"));
            let target = format!("{prefix}/of/{uri}?x=/y");
            headers.insert(HeaderName::from_static(uri), HeaderValue::from_str(&target).unwrap());
        }
        for (dialect, _, uri, _) in PAIRS {
            let told = Dialect::named(dialect).unwrap().told(&headers, "HEAD", Some("/behind")).unwrap().unwrap();
            assert_eq!((told.method, told.path.as_str()), ("POST", &*format!("/of/{uri}")), "{dialect}");
        }
        let envoy = Dialect::named("envoy").unwrap().told(&headers, "PUT", Some("/behind")).unwrap().unwrap();
        assert_eq!((envoy.method, envoy.path.as_str()), ("PUT", "/behind"));
        assert_eq!(Dialect::named("skipper").unwrap().told(&headers, "GET", None), Ok(None));
    }

    /// The pair of each dialect that has one, and a prefix of its target.
    const PAIRS: [(&str, &str, &str, &str); 6] = [
        ("nginx", "x-original-method", "x-original-uri", ""),
        ("ingress-nginx", "x-original-method", "x-original-url", "https://example.com"),
        ("traefik", "x-forwarded-method", "x-forwarded-uri", ""),
        ("caddy", "x-forwarded-method", "x-forwarded-uri", ""),
        ("haproxy", "x-original-method", "x-original-uri", ""),
        ("apisix", "x-forwarded-method", "x-forwarded-uri", ""),
    ];

    #[test]
    fn each_dialect_reads_its_own_pair_and_that_once() {
        for (dialect, method, uri, prefix) in PAIRS {
            let (sound, odd) = (format!("{prefix}/a?b=//"), format!("{prefix}/a//b"));
            assert_eq!(told(dialect, &[(method, "GET"), (uri, &sound)], None), Ok(()));
            let others =
                ["x-original-uri", "x-original-url", "x-forwarded-uri"].into_iter().filter(|name| *name != uri);
            for other in others {
                let more = [(method, "GET"), (uri, &*sound), (other, &*odd), (other, "x")];
                assert_eq!(told(dialect, &more, Some("//")), Ok(()), "{other} is none of {dialect}'s");
            }
            let refused = told(dialect, &[(method, "GET"), (uri, &odd)], None);
            assert!(matches!(refused, Err(Fault::Path(_))), "{dialect}");
            let wrong: [&[(&str, &str)]; 7] = [
                &[],
                &[(method, "GET")],
                &[(uri, &sound)],
                &[(method, "GET"), (method, "GET"), (uri, &sound)],
                &[(method, "GET"), (uri, &sound), (uri, &sound)],
                &[(method, "GET"), (uri, "")],
                &[(method, ""), (uri, &sound)],
            ];
            for lines in wrong {
                assert!(matches!(told(dialect, lines, None), Err(Fault::Misconfigured(_))), "{dialect} {lines:?}");
            }
        }
    }

    #[test]
    fn a_whole_url_is_one_and_no_other_has_one() {
        let url = |dialect, name, text| told(dialect, &[("x-original-method", "GET"), (name, text)], None);
        assert!(matches!(url("ingress-nginx", "x-original-url", "/a"), Err(Fault::Misconfigured(_))));
        assert!(matches!(url("ingress-nginx", "x-original-url", "https://x"), Err(Fault::Path(_))));
        assert!(matches!(url("nginx", "x-original-uri", "https://x/a"), Err(Fault::Path(_))));
        assert!(matches!(url("nginx", "x-original-uri", "/é"), Err(Fault::Path(_))));
    }

    #[test]
    fn envoy_tells_in_its_request_and_skipper_nowhere() {
        assert_eq!(told("envoy", &[], Some("/a")), Ok(()));
        assert!(matches!(told("envoy", &[], Some("/a/../b")), Err(Fault::Path(_))));
        assert!(matches!(told("envoy", &[], None), Err(Fault::Misconfigured(_))));
        assert_eq!(told("skipper", &[("x-original-uri", "//")], None), Ok(()));
        assert_eq!(Dialect::named("apache"), None);
    }
}
