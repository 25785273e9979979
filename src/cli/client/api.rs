//! `meshkey api`: any request, with the key and the exit codes of all other verbs.

use std::path::{Path, PathBuf};

use clap::Args;
use reqwest::{Method, Url};
use serde_json::{Map, Value};

use super::{
    super::{Failure, Outcome, show::line},
    ask::Ask,
    connection::Client,
    flags::ClientFlags,
    stream::{self, Cut},
};

/// The headers that are the business of other flags.
const OTHERS: [&str; 5] = ["authorization", "x-api-key", "content-type", "content-length", "host"];

/// Send any request, and print what is answered.
#[derive(Args)]
pub(in crate::cli) struct Api {
    /// GET, POST, PUT, PATCH or DELETE
    #[arg(value_name = "METHOD", value_parser = method)]
    method: Method,
    /// The path, such as /v1/whoami
    #[arg(value_name = "PATH")]
    path: String,
    /// File with the body, which is JSON; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "members")]
    input: Option<PathBuf>,
    /// A member of the body: what is JSON is that, all else is a text; may be given several times
    #[arg(long = "data", short = 'd', value_name = "NAME=VALUE")]
    members: Vec<String>,
    /// A header, such as 'If-Match: "v1"'; may be given several times
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<String>,
    #[command(flatten)]
    client: ClientFlags,
}

fn method(text: &str) -> Result<Method, String> {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    let upper = text.to_uppercase();
    let found = known.into_iter().find(|name| *name == upper).and_then(|name| name.parse().ok());
    found.ok_or_else(|| format!("known: {}{}", known.join(", "), crate::domain::suggest::hint(&upper, known)))
}

impl Api {
    /// Sends.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let mut ask = ask(self.method.clone(), &self.path)?;
        for header in &self.headers {
            let (name, value) = header_line(header)?;
            ask = ask.header(name, value);
        }
        if let Some(body) = self.body()? {
            let is_patch = self.method == Method::PATCH;
            ask.body = Some((if is_patch { "application/merge-patch+json" } else { "application/json" }, body));
        }
        if client.flags.print_curl {
            return client.act(&ask).await.map(|_| Outcome::Done);
        }
        let mut response = client.open_ended(&ask).await?;
        if is_stream(&response) {
            return self.hand_on(&mut response).await;
        }
        let answer = client.unless_problem(client.whole(&ask, response).await?).await?;
        if self.client.field.is_some() {
            client.show(&answer, "id", |_| Vec::new())?;
        } else if !answer.text.is_empty() {
            line(answer.text.trim_end())?;
        }
        Ok(Outcome::Done)
    }

    /// A stream goes on as it comes.
    async fn hand_on(&self, response: &mut reqwest::Response) -> Result<Outcome, Failure> {
        if self.client.field.is_some() {
            return Err(Failure::Usage("--field: a stream of events has no members".to_owned()));
        }
        let cut = |why: Cut| Failure::Unavailable(why.to_string());
        stream::pour(response, &mut std::io::stdout()).await?.map_err(cut).map(|()| Outcome::Done)
    }

    fn body(&self) -> Result<Option<String>, Failure> {
        let failed = |error| Failure::Usage(format!("cannot read the body: {error}"));
        match &self.input {
            Some(path) if path == Path::new("-") => std::io::read_to_string(std::io::stdin()).map(Some).map_err(failed),
            Some(path) => std::fs::read_to_string(path).map(Some).map_err(failed),
            None if self.members.is_empty() => Ok(None),
            None => members(&self.members).map(|body| Some(body.to_string())),
        }
    }
}

fn is_stream(response: &reqwest::Response) -> bool {
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim() == "text/event-stream")
}

fn members(all: &[String]) -> Result<Value, Failure> {
    let mut body = Map::new();
    for member in all {
        let (name, value) =
            member.split_once('=').ok_or_else(|| Failure::Usage("--data: expected NAME=VALUE".into()))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        if body.insert(name.to_owned(), value).is_some() {
            return Err(Failure::Usage(format!("--data: {name} is given twice")));
        }
    }
    Ok(Value::Object(body))
}

/// The path as it was written, so that what the service says of it can be seen.
fn ask(method: Method, path: &str) -> Result<Ask, Failure> {
    let wrong = |_| Failure::Usage(format!("'{path}' is no path: expected one such as /v1/whoami"));
    if !path.starts_with('/') || path.starts_with("//") {
        return Err(Failure::Usage(format!("'{path}' is no path: it begins with one /, such as /v1/whoami")));
    }
    let url = Url::parse("http://any").and_then(|base| base.join(path)).map_err(wrong)?;
    Ok(Ask::to(method, url))
}

fn header_line(line: &str) -> Result<(&str, &str), Failure> {
    let (name, value) = line.split_once(':').ok_or_else(|| Failure::Usage("--header: expected NAME: VALUE".into()))?;
    if OTHERS.contains(&name.trim().to_lowercase().as_str()) {
        let why = format!("--header: {} is set by meshkey; the key comes from MESHKEY_TOKEN_FILE", name.trim());
        return Err(Failure::Usage(why));
    }
    Ok((name.trim(), value.trim()))
}
