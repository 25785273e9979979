//! Queries: only the parameters that a route documents, each once.

use std::collections::HashSet;

use actix_web::HttpRequest;
use serde::{Deserialize, de::DeserializeOwned};
use serde_path_to_error::Segment;

use super::{
    Problem,
    problem::{Item, Place},
};
use crate::{
    domain::{audit::ActorId, page::Limit},
    service::{Refusal, house::Mode},
};

/// A route without parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

/// A route that can be tried without being done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DryRun {
    #[serde(default)]
    dry_run: bool,
}

impl DryRun {
    /// Whether to do it.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        if self.dry_run { Mode::Dry } else { Mode::Real }
    }
}

/// Whether a request is only to be tried, wherever that can be said: it is asked before its query is read.
pub(super) fn asks_for_dry_run(request: &HttpRequest) -> bool {
    let query = request.query_string();
    !query.is_empty() && form_urlencoded::parse(query.as_bytes()).any(|pair| pair == ("dry_run".into(), "true".into()))
}

/// A page of a plain list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paged {
    /// How many.
    #[serde(default)]
    pub limit: Limit,
    /// From where on.
    pub cursor: Option<String>,
}

/// A page of a list of things that can be archived.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagedArchive {
    /// How many.
    #[serde(default)]
    pub limit: Limit,
    /// From where on.
    pub cursor: Option<String>,
    /// Only archived ones, or only others.
    pub archived: Option<bool>,
}

/// Reads the query. An unknown parameter is an error.
pub fn read<Q: DeserializeOwned>(request: &HttpRequest) -> Result<Q, Problem> {
    let mut seen = HashSet::new();
    for (name, value) in form(request.query_string()) {
        if value.contains('\0') {
            return Err(wrong(&name, "a NUL character is no part of any text"));
        }
        if !seen.insert(name.clone()) {
            return Err(wrong(&name, "this parameter may be given once"));
        }
    }
    let pairs = serde_urlencoded::Deserializer::new(form(request.query_string()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let last = error.path().iter().next_back().map(|segment| match segment {
            Segment::Map { key } => key.clone(),
            _ => String::new(),
        });
        let place = last.map(Place::Parameter);
        Problem::input(vec![Item::new(error.into_inner().to_string(), place)])
    })
}

/// Who is meant: a key or a person by its id, or a kind of actor of which there is one.
pub(super) fn actor(parameter: &str, text: Option<&str>) -> Result<(Option<ActorId>, Option<&'static str>), Refusal> {
    match text {
        None => Ok((None, None)),
        Some("local") => Ok((None, Some("local"))),
        Some("system") => Ok((None, Some("system"))),
        Some(id) => match id.parse() {
            Ok(id) => Ok((Some(id), None)),
            Err(_) => Err(Refusal::invalid(parameter, "expected the id of a key or of a person, local, or system")),
        },
    }
}

fn wrong(name: &str, detail: &str) -> Problem {
    let place = Some(Place::Parameter(name.to_owned()));
    Problem::input(vec![Item::new(detail.to_owned(), place)])
}

fn form(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}
