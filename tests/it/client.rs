//! A small HTTP client that believes nothing: each answer is held against the contract before a test sees it.

use std::{fmt, time::Duration};

use meshkey::{domain::SessionSecret, http::session::COOKIE};
use reqwest::{
    Method, RequestBuilder,
    header::{CONTENT_TYPE, HeaderMap},
    redirect::Policy,
};
use serde_json::{Value, json};

use super::{
    canary,
    promise::{PROMISE, Seen},
};

const JSON: &str = "application/json";
/// A connection that stands still is closed by the server after five seconds: none is used that may be closed in that moment.
const IDLE: Duration = Duration::from_secs(1);
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Asks one house, with one key or with none.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    org: String,
    secret: Option<String>,
    session: Option<(String, String)>,
}

/// A request that is still being put together, for odd headers and bodies.
#[must_use]
pub struct Request {
    builder: RequestBuilder,
    method: Method,
    path: String,
}

/// What came back.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// JSON as it is, other text as a string, no body as null.
    pub body: Value,
    asked: String,
}

impl Client {
    /// A client without a key; `org` is where [`Client::issue`] issues.
    pub fn new(base: &str, org: &str) -> Self {
        let http =
            reqwest::Client::builder().no_proxy().pool_idle_timeout(IDLE).redirect(Policy::none()).build().unwrap();
        Self { http, base: base.to_owned(), org: org.to_owned(), secret: None, session: None }
    }

    /// The same, with this key.
    pub fn with_key(&self, secret: &str) -> Self {
        Self { secret: Some(secret.to_owned()), ..self.clone() }
    }

    /// The same, as a page of the dashboard asks: by this session, with the token of its forms.
    pub fn with_session(&self, session: &SessionSecret) -> Self {
        let shown = (session.reveal().to_string(), session.form_token());
        Self { secret: None, session: Some(shown), ..self.clone() }
    }

    /// The same, without a key.
    pub fn without_key(&self) -> Self {
        Self { secret: None, ..self.clone() }
    }

    /// The address of the service.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The text of the key.
    pub fn secret(&self) -> &str {
        self.secret.as_deref().expect("the client has no key")
    }

    /// Where the org's things are: `/v1/orgs/{org}` and what follows.
    pub fn at(&self, rest: &str) -> String {
        format!("/v1/orgs/{}{rest}", self.org)
    }

    /// A request with the client's key in `Authorization`, to be completed.
    pub fn raw(&self, method: &str, path: &str) -> Request {
        let request = self.bare(method, path);
        match (&self.secret, &self.session) {
            (Some(secret), _) => request.header("Authorization", &format!("Bearer {secret}")),
            (None, Some((session, token))) => {
                let request = request.header("Cookie", &format!("{COOKIE}={session}"));
                request.header("Sec-Fetch-Site", "same-origin").header("X-Form-Token", token)
            }
            (None, None) => request,
        }
    }

    /// A request without any credential, to be completed.
    pub fn bare(&self, method: &str, path: &str) -> Request {
        let method: Method = method.to_uppercase().parse().unwrap();
        let builder = self.http.request(method.clone(), format!("{}{path}", self.base));
        Request { builder, method, path: path.to_owned() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.raw("GET", path).send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.raw("POST", path).json(&body).send().await
    }

    /// A `POST` of a form, as clients of OAuth send it.
    pub async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.raw("POST", path).form(pairs).send().await
    }

    /// A `POST` without a body, for the verbs.
    pub async fn act(&self, path: &str) -> Answer {
        self.raw("POST", path).send().await
    }

    /// A merge patch, under `If-Match`.
    pub async fn patch(&self, path: &str, body: Value, etag: &str) -> Answer {
        self.raw("PATCH", path).header("If-Match", etag).body(MERGE_PATCH, body.to_string()).send().await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.raw("PUT", path).json(&body).send().await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.raw("DELETE", path).send().await
    }

    /// Issues a key in the client's org; gives it, and a client that holds it. A label is added where none is given.
    pub async fn issue(&self, mut wanted: Value) -> (Value, Self) {
        let members = wanted.as_object_mut().unwrap();
        members.entry("label").or_insert_with(|| json!("test"));
        let key = self.post(&self.at("/keys"), wanted).await.expect(201).body;
        let holder = self.with_key(key["secret"].as_str().unwrap());
        (key, holder)
    }
}

impl Request {
    /// Adds a header line; the same name twice makes two lines.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body(JSON, body.to_string())
    }

    /// A form.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        self.body("application/x-www-form-urlencoded", serde_urlencoded::to_string(pairs).unwrap())
    }

    /// A body of any kind.
    pub fn body(mut self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.builder = self.builder.header(CONTENT_TYPE, content_type).body(body);
        self
    }

    /// Sends, for an answer that comes bit by bit.
    pub async fn open(self) -> reqwest::Response {
        self.builder.send().await.unwrap()
    }

    /// Sends, and holds the answer against the contract.
    pub async fn send(self) -> Answer {
        let asked = format!("{} {}", self.method, self.path);
        self.try_send().await.unwrap_or_else(|fault| panic!("{asked}: {fault:?}"))
    }

    /// The same, where there may be nobody to answer.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let asked = format!("{} {}", self.method, self.path);
        let response = self.builder.send().await?;
        // A head that came too late, as where a server stood still: nobody has seen the request.
        let is_unseen = response.status() == 408 && response.content_length() == Some(0);
        let response = if is_unseen { response.error_for_status()? } else { response };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A stream does not end by itself: its events have tests of their own.
        let is_stream = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let bytes = if is_stream { Vec::new() } else { response.bytes().await?.to_vec() };
        let method = self.method.as_str();
        PROMISE.hold(&Seen { method, path: &self.path, status, headers: &headers, bytes: &bytes });
        let answer = Answer { status, headers, body: parse(&bytes), asked };
        answer.ensure_no_secret();
        Ok(answer)
    }
}

impl Answer {
    /// A secret is in the one member of a success that shows it once, and nowhere else. Pages show examples.
    fn ensure_no_secret(&self) {
        let mut body = self.body.clone();
        if let (200 | 201, Some(members)) = (self.status, body.as_object_mut()) {
            members.remove("secret");
            if self.asked == "POST /v1/token" {
                members.remove("access_token");
            }
        }
        let is_page = self.headers.get(CONTENT_TYPE).is_some_and(|kind| {
            ["text/html", "yaml", "javascript"].iter().any(|page| kind.to_str().unwrap_or_default().contains(page))
        });
        if !is_page {
            canary::ensure_none(&self.asked, &format!("{:?}\n{body}", self.headers));
        }
    }

    /// Panics, showing all, unless this is the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Panics unless this is the problem of that status and code; gives it.
    ///
    /// That it is a whole problem was seen when it came, see [`PROMISE`].
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{self:?}");
        self.body.clone()
    }

    /// A header that must be there.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"));
        value.to_str().unwrap()
    }

    /// The `ETag`.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").to_owned()
    }

    /// The `items` of a page.
    #[track_caller]
    pub fn items(&self) -> &[Value] {
        self.body["items"].as_array().unwrap_or_else(|| panic!("no page: {self:?}"))
    }

    /// Whatever a client can see of it, without what differs from request to request.
    pub fn face(&self) -> String {
        let mut body = self.body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("request_id");
        }
        let headers =
            self.headers.iter().filter(|(name, _)| !["date", "connection", "x-request-id"].contains(&name.as_str()));
        let mut headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        format!("{}\n{}\n\n{body}", self.status, headers.join("\n"))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\n{} {:?}\n{:#}", self.asked, self.status, self.headers, self.body)
    }
}

fn parse(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(bytes)))
}
