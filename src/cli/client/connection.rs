//! The way to the service: each request is sent once, follows no redirect, and never says the key it carries.

use std::time::Duration;

use reqwest::{StatusCode, Url, redirect::Policy};
use serde_json::Value;
use tokio::{sync::OnceCell, time::timeout};

use super::{
    super::{Failure, show},
    answer::Answer,
    ask::Ask,
    flags::{ClientFlags, Form, PROFILE},
    token::Token,
};

/// How long the service may take to be reached.
const REACH: Duration = Duration::from_secs(5);
/// How long an answer may take: a revocation with all that the key issued may take a minute.
const PATIENCE: Duration = Duration::from_secs(90);

/// The way to a service, with the key to ask with.
pub(in crate::cli) struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<Token>,
    /// What the command line said.
    pub(super) flags: ClientFlags,
    own: OnceCell<Value>,
}

impl Client {
    /// Opens the way. Nothing is sent yet.
    pub(super) fn open(flags: &ClientFlags) -> Result<Self, Failure> {
        let flags = flags.settled()?;
        let token = Token::find(&flags, &base(&flags)?)?;
        Self::with(&flags, token)
    }

    /// The same with this key, or with none, whatever was said of keys.
    pub(super) fn with(flags: &ClientFlags, token: Option<Token>) -> Result<Self, Failure> {
        let base = base(flags)?;
        let http = reqwest::Client::builder().redirect(Policy::none()).connect_timeout(REACH);
        let http = http.user_agent(concat!("meshkey/", env!("CARGO_PKG_VERSION")));
        let http = if is_local(&base) { http.no_proxy() } else { http };
        let http = http.build().map_err(|error| Failure::Other(error.to_string()))?;
        Ok(Self { http, base, token, flags: flags.clone(), own: OnceCell::new() })
    }

    /// Sends, and gives the answer if it is no problem.
    pub(super) async fn ask(&self, ask: &Ask) -> Result<Answer, Failure> {
        self.unless_problem(self.raw(ask).await?).await
    }

    /// The answer, if it is no problem.
    pub(super) async fn unless_problem(&self, answer: Answer) -> Result<Answer, Failure> {
        if !answer.is_problem() {
            return Ok(answer);
        }
        let meant = self.mesh_meant(&answer).await;
        let refused = self.refused(answer);
        Err(meant.iter().fold(refused, |refused, line| refused.saying(line)))
    }

    /// Sends what the command is for; or, where that was wanted, prints it as a `curl` command and gives nothing.
    pub(super) async fn act(&self, ask: &Ask) -> Result<Option<Answer>, Failure> {
        if self.flags.print_curl {
            show::line(&ask.as_curl(&self.base)?)?;
            return Ok(None);
        }
        self.ask(ask).await.map(Some)
    }

    /// Sends, and gives whatever is answered.
    pub(super) async fn raw(&self, ask: &Ask) -> Result<Answer, Failure> {
        self.whole(ask, self.send(ask).await?).await
    }

    /// An answer that has begun to come, when all of it is there.
    pub(super) async fn whole(&self, ask: &Ask, response: reqwest::Response) -> Result<Answer, Failure> {
        let status = response.status();
        let etag = response.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        let retry = response.headers().get("retry-after").and_then(|after| after.to_str().ok()).map(str::to_owned);
        let text = timeout(PATIENCE, response.text()).await.map_err(|_| self.late())?;
        let text = text.map_err(|error| self.out_of_reach(&error))?;
        let named = self.named_elsewhere(ask, status)?;
        Ok(Answer { status: status.as_u16(), text, etag, retry, named })
    }

    /// Where something is not found: the org and the mesh of the request that a variable or the profile named, and which it was.
    pub(super) fn named_elsewhere(&self, ask: &Ask, status: StatusCode) -> Result<Vec<String>, Failure> {
        if status != StatusCode::NOT_FOUND {
            return Ok(Vec::new());
        }
        let named = [("org", self.flags.org_and_origin()), ("mesh", self.flags.mesh_and_origin())];
        let named = named.into_iter().filter_map(|(what, named)| named.map(|(name, from)| (what, name, from)));
        let mut told = Vec::new();
        for (what, name, from) in named.filter(|(_, _, from)| !from.starts_with("--")) {
            if ask.names(&self.base, &name)? {
                let profile = if from == PROFILE { format!(" {}", self.flags.profile()?.name) } else { String::new() };
                told.push(format!("the {what} '{name}' came from {from}{profile}"));
            }
        }
        Ok(told)
    }

    /// Sends, and gives the answer when it begins to come.
    async fn send(&self, ask: &Ask) -> Result<reqwest::Response, Failure> {
        self.sent(ask, PATIENCE).await
    }

    /// The same, where it may go on coming for as long as it likes.
    pub(super) async fn open_ended(&self, ask: &Ask) -> Result<reqwest::Response, Failure> {
        timeout(PATIENCE, self.sent(ask, Duration::MAX)).await.map_err(|_| self.late())?
    }

    /// Sends a request all of whose answer has to come in this time.
    async fn sent(&self, ask: &Ask, patience: Duration) -> Result<reqwest::Response, Failure> {
        let url = ask.url(&self.base)?;
        let shown = format!("{} {}", ask.method, url.path());
        let mut request = self.http.request(ask.method.clone(), url).timeout(patience);
        request = match &self.token {
            Some(token) => request.bearer_auth(token.text.as_str()),
            None if ask.is_open => request,
            None => return Err(no_key()),
        };
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        if let Some((media_type, body)) = &ask.body {
            request = request.header("Content-Type", *media_type).body(body.clone());
        }
        self.chat(&format!("> {shown}"));
        let response = request.send().await.map_err(|error| self.out_of_reach(&error))?;
        let id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("-");
        self.chat(&format!("< {} request {id}", response.status()));
        Ok(response)
    }

    /// The answer as a failure.
    pub(super) fn refused(&self, answer: Answer) -> Failure {
        let origin = self.token.as_ref().map_or("", |token| token.origin.as_str());
        answer.refusal(matches!(self.flags.form(), Form::Json | Form::Jsonl), origin)
    }

    fn out_of_reach(&self, error: &reqwest::Error) -> Failure {
        let (mut why, mut source) = (String::new(), std::error::Error::source(error));
        while let Some(cause) = source {
            why = format!(": {cause}");
            source = cause.source();
        }
        if error.is_timeout() {
            return self.late();
        }
        Failure::Unavailable(format!("{} cannot be reached{why}; --url or MESHKEY_URL names another", self.base))
    }

    fn late(&self) -> Failure {
        Failure::Unavailable(format!("{} did not answer in time; --url or MESHKEY_URL names another", self.base))
    }

    /// Where the service is.
    pub(super) const fn base(&self) -> &Url {
        &self.base
    }

    /// Where the key came from, if there is one.
    pub(super) fn origin(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.origin.as_str())
    }

    /// The text of the key, for who asked for it.
    pub(super) fn secret(&self) -> Result<&str, Failure> {
        self.token.as_ref().map(|token| token.text.as_str()).ok_or_else(no_key)
    }

    /// Who asks.
    pub(super) async fn own(&self) -> Result<&Value, Failure> {
        self.own.get_or_try_init(async || self.ask(&Ask::get(&["v1", "whoami"])).await?.value()).await
    }

    /// The org that is meant: the one that was named, or that of the key.
    pub(super) async fn org(&self) -> Result<String, Failure> {
        match self.flags.named_org() {
            Some(named) => Ok(named),
            None => Ok(super::print::text(self.own().await?, "org.slug")),
        }
    }

    /// The same, as far as that is known without asking.
    pub(super) fn org_known(&self) -> Option<String> {
        self.flags.named_org().or_else(|| self.own.get().map(|own| super::print::text(own, "org.slug")))
    }

    /// The mesh that is meant, if one is: the one that was named, or that of the key.
    pub(super) async fn mesh(&self) -> Result<Option<String>, Failure> {
        if let Some(named) = self.flags.named_mesh() {
            return Ok(Some(named));
        }
        let own = super::print::text(self.own().await?, "mesh.slug");
        Ok(Some(own).filter(|own| !own.is_empty()))
    }

    /// The mesh that is meant, where there must be one.
    pub(super) async fn the_mesh(&self) -> Result<String, Failure> {
        let none =
            || Failure::Usage("choose a mesh: --mesh NAME or MESHKEY_MESH; `meshkey mesh list` shows them".into());
        self.mesh().await?.ok_or_else(none)
    }

    /// The request as a `curl` command.
    pub(super) fn as_curl(&self, ask: &Ask) -> Result<String, Failure> {
        ask.as_curl(&self.base)
    }

    /// Tells people something, unless they want quiet.
    pub(super) fn say(&self, text: &str) {
        if !self.flags.quiet {
            eprintln!("{text}");
        }
    }

    /// Tells people that a change holds everywhere, where the answer says so.
    pub(super) fn say_effective(&self, answer: &Answer) {
        if let Some(words) = answer.value().ok().as_ref().and_then(show::effective_in) {
            self.say(&words);
        }
    }

    fn chat(&self, text: &str) {
        if self.flags.verbose {
            eprintln!("{text}");
        }
    }
}

fn no_key() -> Failure {
    let how = "no key to ask with: sign in with `meshkey login`, or put a key in a file and name it by MESHKEY_TOKEN_FILE or \
               --token-file; on the server's host `meshkey org key ORG` makes an admin key";
    Failure::NotSignedIn(how.to_owned())
}

fn base(flags: &ClientFlags) -> Result<Url, Failure> {
    let (text, from) = flags.url_and_origin();
    let from = if from == PROFILE { "the url of the profile" } else { "--url or MESHKEY_URL" };
    service(&text, from, flags)
}

/// Where a service may be; `from` is who says it.
pub(super) fn service(text: &str, from: &str, flags: &ClientFlags) -> Result<Url, Failure> {
    let wrong = |why: &str| Failure::Usage(format!("{from}: {why}"));
    let url =
        Url::parse(text).map_err(|error| wrong(&format!("expected a URL such as https://keys.example: {error}")))?;
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err(wrong("expected a URL that begins with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("a name, password, query or fragment has no place in it; the key comes from a file"));
    }
    if url.scheme() == "http" && !is_local(&url) && !flags.insecure_http {
        return Err(wrong(
            "http:// to another host shows the key to everyone between: use https://, or --insecure-http",
        ));
    }
    Ok(url)
}

fn is_local(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}
