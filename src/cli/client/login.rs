//! `meshkey login`: the terminal gets a key of its person's, by a page in a browser (RFC 8628), and keeps it.

mod browser;
mod flow;

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde_json::{Value, json};

use super::{
    super::{Failure, Outcome, show::line},
    ask::Ask,
    complete,
    connection::Client,
    flags::ClientFlags,
    kept::{Credential, Credentials, Place, Profiles, VARIABLE},
    logout,
    print::text,
    token::Token,
    when,
};
use crate::domain::{Capability, suggest};

/// Sign this terminal in.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey login --url https://keys.example.com\n  \
meshkey login --profile work --cap send,read --topic deploys --mesh main --expires 8h\n  \
meshkey login --token-stdin < ci.key\n\n\
A page in the browser shows what is asked for; what is given is chosen there.")]
pub(in crate::cli) struct Login {
    /// Propose what the key may do, several by commas; what a member does if nothing is said
    #[arg(long = "cap", short, value_name = "CAPABILITY", value_delimiter = ',', add = ArgValueCandidates::new(complete::capabilities))]
    capabilities: Vec<String>,
    /// Propose a topic, or a pattern such as ci.*; may be given several times
    #[arg(long = "topic", short, value_name = "TOPIC", value_delimiter = ',', add = ArgValueCandidates::new(complete::topics))]
    topics: Vec<String>,
    /// Propose all topics, now and later
    #[arg(long, conflicts_with = "topics")]
    all_topics: bool,
    /// Propose how long the key lives, such as 8h or 30d; 90 days if nothing is said, which is the most
    #[arg(long, short, value_name = "SPAN")]
    expires: Option<String>,
    /// What the key is to be called; the name of this host if nothing is said
    #[arg(long, value_name = "NAME")]
    device_name: Option<String>,
    /// Open no browser: only show where to go
    #[arg(long, visible_alias = "device")]
    no_browser: bool,
    /// Keep a key that is read from stdin, and ask nobody
    #[arg(long, conflicts_with_all = ["capabilities", "topics", "all_topics", "expires", "device_name", "no_browser"])]
    token_stdin: bool,
    #[command(flatten)]
    client: ClientFlags,
}

impl Login {
    /// Signs in.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        self.client.ensure_no_curl("login")?;
        let flags = self.client.with_profile()?;
        let place = Place::needed()?;
        // Where nothing can be kept, nobody is asked.
        drop(place.hold()?);
        let name = flags.profile()?.name.clone();
        let client = Client::with(&flags, None)?;
        let before = Credentials::read(&place)?.of(&name).cloned();
        if let Some(before) = before.as_ref().filter(|before| before.url != client.base().as_str()) {
            return Err(Failure::Conflict(format!(
                "the profile {name} is signed in to {}: `meshkey logout --profile {name}` first, or choose another name by --profile",
                before.url
            )));
        }
        let credential = if self.token_stdin { given(&flags).await? } else { self.authorize(&client).await? };
        self.keep(&client, &place, &name, &credential).await?;
        if let Some(before) = before.filter(|before| before.is_own && before.key != credential.key) {
            replaced(&client, &name, &before).await;
        }
        tell(&client, &name, &credential)
    }

    async fn authorize(&self, client: &Client) -> Result<Credential, Failure> {
        self.check_capabilities(client)?;
        let asked = self.asked(client)?;
        let pairs: Vec<_> = asked.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let begun = client.ask(&Ask::form(&["v1", "device-authorization"], &pairs)).await?.value()?;
        flow::show(client, &begun, self.no_browser);
        flow::wait(client, &begun).await
    }

    /// What can be no capability is refused at once. What an org may have declared is known only when its person is.
    fn check_capabilities(&self, client: &Client) -> Result<(), Failure> {
        for name in &self.capabilities {
            let known: Capability = name.parse().map_err(|error| Failure::Usage(format!("--cap: {error}")))?;
            if !known.is_built_in() {
                let hint = suggest::hint(name, Capability::BUILT_IN.iter().map(Capability::name));
                client.say(&format!(
                    "note: '{name}' is no capability of Meshkey's own{hint}; the org may have declared it"
                ));
            }
        }
        Ok(())
    }

    /// What is proposed.
    fn asked(&self, client: &Client) -> Result<Vec<(&'static str, String)>, Failure> {
        let topics = self.topics.iter().map(|topic| format!("topic:{}", topic.trim_start_matches('#')));
        let scope: Vec<_> = self.capabilities.iter().cloned().chain(topics).collect();
        let host = || nix::unistd::gethostname().ok().and_then(|host| host.into_string().ok());
        let seconds = self.expires.as_deref().map(life).transpose()?;
        let said = [
            ("client_id", Some("meshkey-cli".to_owned())),
            ("scope", Some(scope.join(" ")).filter(|scope| !scope.is_empty())),
            ("topics", self.all_topics.then(|| "all".to_owned())),
            ("device_name", self.device_name.clone().or_else(host)),
            ("org", client.flags.named_org()),
            ("mesh", client.flags.named_mesh()),
            ("key_expires_in", seconds),
        ];
        Ok(said.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }

    /// Keeps it; a key that cannot be kept is revoked at once, or it would live on without anybody who has it.
    async fn keep(&self, client: &Client, place: &Place, name: &str, credential: &Credential) -> Result<(), Failure> {
        let kept = Credentials::keep(place, name, credential.clone()).and_then(|()| {
            Profiles::change(place, |profiles| {
                profiles.profiles.entry(name.to_owned()).or_default().url = Some(credential.url.clone());
                Ok(())
            })
        });
        let Err(failure) = kept else { return Ok(()) };
        if credential.is_own {
            match logout::revoke(&client.flags, credential).await {
                Ok(_) => client.say("what cannot be kept was revoked again"),
                Err(_) => client.say(&format!("the key {} was made and could not be kept: revoke it", credential.key)),
            }
        }
        Err(failure)
    }
}

fn life(text: &str) -> Result<String, Failure> {
    let known = || Failure::Usage(format!("'{text}' is no span: expected 8h, 30d or the like, 90d at most"));
    let span = when::span(text).filter(|span| (300..=90 * 86_400).contains(&span.whole_seconds())).ok_or_else(known)?;
    Ok(span.whole_seconds().to_string())
}

/// A key that somebody has already.
async fn given(flags: &ClientFlags) -> Result<Credential, Failure> {
    let token = Token::from_stdin()?;
    let secret = token.text.clone();
    let client = Client::with(flags, Some(token))?;
    let own = client.own().await?;
    if let Some((named, from)) = client.flags.org_and_origin().filter(|(named, _)| !is_of(own, named)) {
        let org = text(own, "org.slug");
        return Err(Failure::Conflict(format!(
            "the key is one of the org {org}, and {from} says {named}: nothing was kept"
        )));
    }
    let optional = |path: &str| Some(text(own, path)).filter(|text| !text.is_empty());
    Ok(Credential {
        url: client.base().to_string(),
        token: secret,
        key: text(own, "key.id"),
        user: optional("key.user"),
        org: text(own, "org.slug"),
        expires_at: optional("key.expires_at"),
        is_own: false,
    })
}

fn is_of(own: &Value, org: &str) -> bool {
    ["org.slug", "org.id"].iter().any(|path| text(own, path) == org)
}

/// The key of before is of no use to anybody any more.
async fn replaced(client: &Client, name: &str, before: &Credential) {
    match logout::revoke(&client.flags, before).await {
        Ok(true) => client.say(&format!("The key that the profile {name} had before, {}, is revoked", before.key)),
        Ok(false) => {}
        Err(failure) => {
            client.say(&format!("the key of before, {}, could not be revoked: {failure}", before.key));
        }
    }
}

fn tell(client: &Client, name: &str, credential: &Credential) -> Result<Outcome, Failure> {
    let Credential { url, key, user, org, expires_at, .. } = credential;
    if !client.flags.is_table() {
        let told: Value =
            json!({ "profile": name, "url": url, "org": org, "user": user, "key": key, "expires_at": expires_at });
        line(&told.to_string())?;
        return Ok(Outcome::Done);
    }
    let who = user.as_deref().map(|user| format!(" as {user}")).unwrap_or_default();
    let end = expires_at.as_deref().map_or_else(|| "for ever".to_owned(), |end| format!("until {end}"));
    client.say(&format!("Signed in to {org} at {url}{who}, {end}. Profile: {name}"));
    for variable in ["MESHKEY_TOKEN", "MESHKEY_TOKEN_FILE"] {
        if std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
            client.say(&format!("note: {variable} is set, and counts before the profile"));
        }
    }
    if ["--profile", VARIABLE].contains(&client.flags.profile()?.from) {
        client.say(&format!("To use it from now on: meshkey profile use {name}"));
    }
    Ok(Outcome::Done)
}
