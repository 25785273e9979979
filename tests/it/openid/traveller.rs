//! Somebody with a browser that goes to a provider and back: it keeps the cookies of both.

use std::collections::BTreeMap;

use reqwest::{Client, Url, redirect::Policy};
use serde_json::json;

use super::provider::Provider;
use crate::{
    client::{Answer, Request},
    house::House,
    sign_in::visitor::{COOKIE, EMAIL, PASSWORD, Visitor, person},
};

/// Where the service is reached by, as its settings say.
pub const URL: &str = "https://keys.example.org";
/// The cookie of a way to a provider and back.
pub const WAY: &str = "__Host-meshkey-openid";

/// A house with these providers, in which Dana has a password.
pub async fn house_with(providers: &[(&str, &Provider)], more: &[(&str, &str)]) -> House {
    let settings: Vec<_> = providers.iter().flat_map(|(name, provider)| provider.settings(name)).collect();
    let mut settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.push(("MESHKEY_PUBLIC_URL", URL));
    settings.extend(more);
    let house = House::with(&settings).await;
    person(&house, EMAIL, "Dana", PASSWORD).await;
    house
}

/// A house with one provider; none where that cannot be had.
pub async fn house() -> Option<(House, Provider)> {
    let provider = Provider::start("localhost", URL, &json!({}))?;
    Some((house_with(&[("one", &provider)], &[]).await, provider))
}

/// Somebody.
pub struct Traveller {
    pub here: Visitor,
    pub way: Option<String>,
    there: Client,
    cookies: BTreeMap<String, String>,
}

impl Traveller {
    pub fn new(house: &House) -> Self {
        Self::as_is(Visitor::new(house))
    }

    /// Dana, signed in with the password.
    pub async fn dana(house: &House) -> Self {
        Self::as_is(Visitor::dana(house).await)
    }

    fn as_is(here: Visitor) -> Self {
        let there = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { here, way: None, there, cookies: BTreeMap::new() }
    }

    /// A request here with both cookies.
    pub fn bare(&self, method: &str, path: &str) -> Request {
        let request = self.here.bare(method, path);
        match &self.way {
            Some(way) => request.header("cookie", &format!("{WAY}={way}")),
            None => request,
        }
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let (pair, rest) = line.to_str().unwrap().split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(
                rest.starts_with("Path=/; Max-Age=") && rest.ends_with("; Secure; HttpOnly; SameSite=Lax"),
                "{rest}"
            );
            match name {
                COOKIE => self.here.cookie = (!value.is_empty()).then(|| value.to_owned()),
                WAY => self.way = Some(value.to_owned()),
                other => panic!("the cookie {other}"),
            }
        }
    }

    /// Sends a form here.
    pub async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.here.token();
        let fields: Vec<_> = fields.iter().copied().chain([("form_token", token.as_str())]).collect();
        let answer = self.bare("POST", path).header("sec-fetch-site", "same-origin").form(&fields).send().await;
        self.keep(&answer);
        answer
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = self.bare("GET", path).header("sec-fetch-site", "none").send().await;
        self.keep(&answer);
        answer
    }

    /// Sends a form here that leads to a provider; gives where.
    pub async fn leave(&mut self, path: &str, fields: &[(&str, &str)]) -> Url {
        let answer = self.send(path, fields).await.expect(200);
        let to = answer.header("refresh").strip_prefix("0;url=").unwrap().to_owned();
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        to.parse().unwrap()
    }

    /// Signs in at the provider, or does not want to; gives the path here to which that leads.
    pub async fn sign_in_there(&mut self, at: Url, login: Option<&str>) -> String {
        let form = login.map_or([("refuse", "yes")], |login| [("login", login)]);
        let mut at = at;
        let mut answered = None;
        for _ in 0..10 {
            let request = match answered.take() {
                Some(form) => {
                    let body = serde_urlencoded::to_string(form).unwrap();
                    self.there.post(at.clone()).header("content-type", "application/x-www-form-urlencoded").body(body)
                }
                None => self.there.get(at.clone()),
            };
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
            for line in answer.headers().get_all("set-cookie") {
                let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            let Some(to) = answer.headers().get("location") else {
                let status = answer.status();
                let body = answer.text().await.unwrap();
                assert!(status == 200 && body.contains("name=\"login\""), "{status} {body}");
                answered = Some(&form);
                continue;
            };
            at = at.join(to.to_str().unwrap()).unwrap();
            if let Some(path) = at.as_str().strip_prefix(URL) {
                return path.to_owned();
            }
        }
        panic!("it leads nowhere")
    }

    /// All the way: to the provider, and back.
    pub async fn travel(&mut self, path: &str, fields: &[(&str, &str)], login: Option<&str>) -> Answer {
        let there = self.leave(path, fields).await;
        let back = self.sign_in_there(there, login).await;
        self.get(&back).await
    }

    /// Signs in by the provider called one.
    pub async fn enter(&mut self, login: &str) -> Answer {
        self.travel("/sign-in/openid/one", &[], Some(login)).await
    }

    /// Connects what the provider called one says.
    pub async fn connect(&mut self, login: &str) -> Answer {
        self.travel("/account/identities", &[("connect", "one")], Some(login)).await
    }

    /// Asks the provider nothing that it remembers.
    pub fn forget_there(&mut self) {
        self.cookies.clear();
    }
}

/// The address with another value of one of its parameters, or without it.
pub fn with(address: &str, name: &str, value: Option<&str>) -> String {
    let whole: Url = Url::parse(URL).unwrap().join(address).unwrap();
    let mut pairs: Vec<(String, String)> =
        whole.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    pairs.retain(|(known, _)| known != name);
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    let mut whole = whole;
    whole.query_pairs_mut().clear().extend_pairs(pairs);
    whole.as_str().strip_prefix(URL).map_or_else(|| whole.to_string(), str::to_owned)
}
