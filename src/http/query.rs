//! Queries: only the parameters that a route documents, each once.

use actix_web::HttpRequest;
use serde::{Deserialize, de::DeserializeOwned};
use serde_path_to_error::Segment;

use super::{
    Problem,
    problem::{Item, Place},
};
use crate::{domain::page::Limit, service::house::Mode};

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
    if let Some((name, _)) = form(request.query_string()).find(|(_, value)| value.contains('\0')) {
        let place = Some(Place::Parameter(name.into_owned()));
        return Err(Problem::input(vec![Item { detail: "a NUL character is no part of any text".to_owned(), place }]));
    }
    let pairs = serde_urlencoded::Deserializer::new(form(request.query_string()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let last = error.path().iter().next_back().map(|segment| match segment {
            Segment::Map { key } => key.clone(),
            _ => String::new(),
        });
        let place = last.map(Place::Parameter);
        Problem::input(vec![Item { detail: error.into_inner().to_string(), place }])
    })
}

fn form(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}
