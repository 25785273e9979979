//! What `openapi.yaml` promises: its operations, and whether an answer keeps the promise.
//!
//! Every answer that a test receives passes [`Promise::hold`]: nothing undocumented leaves the service unseen.

mod operation;
mod pages;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::Validator;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use self::operation::text;
pub use self::operation::{Door, Operation};

/// The contract, read once.
pub static PROMISE: LazyLock<Promise> = LazyLock::new(Promise::read);

/// The document and its operations.
pub struct Promise {
    document: Value,
    pub operations: Vec<Operation>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An answer as it came.
pub struct Seen<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub bytes: &'a [u8],
}

impl Promise {
    fn read() -> Self {
        let document: Value = serde_saphyr::from_str(include_str!("../../openapi.yaml")).unwrap();
        let operations = operation::all(&document);
        Self { document, operations, validators: Mutex::default() }
    }

    /// The operations that demand a key, and answer in our own manner. The others have tests of their own.
    pub fn guarded(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(|operation| !operation.open && operation.door == Door::Own)
    }

    /// The operation of that id.
    pub fn named(&self, id: &str) -> &Operation {
        self.operations.iter().find(|operation| operation.id == id).unwrap_or_else(|| panic!("no operation {id}"))
    }

    /// Every code that a problem can have.
    pub fn codes(&self) -> Vec<String> {
        self.document["components"]["schemas"]["ProblemCode"]["enum"].as_array().unwrap().iter().map(text).collect()
    }

    /// Every example that does not fit its schema, with the reason.
    pub fn wrong_examples(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        self.try_examples("", &self.document, &mut wrong);
        wrong
    }

    fn try_examples(&self, place: &str, node: &Value, wrong: &mut Vec<String>) {
        if let (Some(schema), false) = (node.get("schema"), node["example"].is_null() && node["examples"].is_null()) {
            let several = node["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]);
            let faults = several.chain(node.get("example")).map(|example| self.ensure_fits(place, schema, example));
            wrong.extend(faults.filter_map(Result::err));
        }
        let members = node.as_object().into_iter().flatten();
        members.for_each(|(name, inner)| self.try_examples(&format!("{place}/{name}"), inner, wrong));
    }

    /// The methods that a path promises, in upper case; none where it is not promised at all.
    pub fn methods(&self, path: &str) -> Vec<String> {
        self.at(path).iter().map(|operation| operation.method.to_uppercase()).collect()
    }

    /// The operations at a path: segment by segment, a literal goes before a parameter, and that before all the rest.
    fn at(&self, path: &str) -> Vec<&Operation> {
        let fitting: Vec<_> = self.operations.iter().filter(|operation| operation.matches(path)).collect();
        let nearest = fitting.iter().map(|operation| operation.looseness()).min();
        fitting.into_iter().filter(|operation| Some(operation.looseness()) == nearest).collect()
    }

    /// Panics, saying why, unless the answer is one that the contract promises.
    #[track_caller]
    pub fn hold(&self, seen: &Seen<'_>) {
        if let Err(fault) =
            if pages::is_page(seen.path) || pages::is_of_nowhere(seen) { pages::judge(seen) } else { self.judge(seen) }
        {
            let body = String::from_utf8_lossy(seen.bytes);
            panic!(
                "{} {} broke the contract: {fault}\n{} {:?}\n{body}",
                seen.method, seen.path, seen.status, seen.headers
            );
        }
    }

    fn judge(&self, seen: &Seen<'_>) -> Result<(), String> {
        ensure_common_headers(seen)?;
        let here = self.at(seen.path);
        let is_problem = seen.status >= 400 && seen.method != "HEAD";
        let problem = if is_problem { Some(self.problem(seen, &here)?) } else { None };
        let method = if seen.method == "HEAD" { "get" } else { &seen.method.to_lowercase() };
        let Some(operation) =
            here.iter().find(|operation| operation.door == Door::Gateway || operation.method == method)
        else {
            return ensure_nothing_is_served(seen, &here);
        };
        if seen.status == 414 {
            return Ok(()); // promised in the text, for every path
        }
        if seen.status == 403 && problem.as_ref().is_some_and(|problem| problem["code"] == "cross_site") {
            return Ok(()); // promised in the text, for every session
        }
        self.ensure_promised(operation, seen, problem.as_ref())
    }

    /// The body as a problem, if it is a whole one. A path without a pattern may go without `instance`.
    fn problem(&self, seen: &Seen<'_>, here: &[&Operation]) -> Result<Value, String> {
        let (has_pattern, is_oauth) = (!here.is_empty(), here.iter().any(|operation| operation.door == Door::OAuth));
        let (media, schema) =
            if is_oauth { ("application/json", "OAuthProblem") } else { ("application/problem+json", "Problem") };
        ensure_content_type(seen, media)?;
        let mut problem: Value = serde_json::from_slice(seen.bytes).map_err(|fault| fault.to_string())?;
        if let (false, Some(members)) = (has_pattern, problem.as_object_mut()) {
            members.entry("instance").or_insert_with(|| json!("none"));
        }
        self.ensure_valid(&format!("#/components/schemas/{schema}"), &problem)?;
        ensure(is_oauth || problem["error"].is_null(), || "`error` is for clients of OAuth".to_owned())?;
        let code = problem["code"].as_str().unwrap_or_default();
        let id = header(seen, "x-request-id").unwrap_or_default();
        ensure(problem["status"] == seen.status, || "`status` is not the status".to_owned())?;
        ensure(problem["type"] == format!("/docs/errors/{code}"), || "`type` is not the page of `code`".to_owned())?;
        ensure(problem["request_id"] == id, || "`request_id` is not that of the header".to_owned())?;
        Ok(problem)
    }

    fn ensure_promised(&self, operation: &Operation, seen: &Seen<'_>, problem: Option<&Value>) -> Result<(), String> {
        let written = &operation.source["responses"][seen.status.to_string()];
        ensure(!written.is_null(), || format!("{} does not document {}", operation.id, seen.status))?;
        let response = self.resolve(written);
        self.ensure_headers(response, seen)?;
        if let Some(problem) = problem {
            ensure(problem["instance"] == operation.path, || "`instance` is not the pattern of the path".to_owned())?;
            let described = written.get("description").unwrap_or(&response["description"]).as_str().unwrap_or_default();
            let code = problem["code"].as_str().unwrap_or_default();
            ensure(described.contains(&format!("`{code}`")), || {
                format!("{} does not document {} {code}", operation.id, seen.status)
            })?;
        }
        if seen.method == "HEAD" {
            return ensure(seen.bytes.is_empty(), || "HEAD has a body".to_owned());
        }
        self.ensure_body(&operation.id, response, seen)
    }

    fn ensure_headers(&self, response: &Value, seen: &Seen<'_>) -> Result<(), String> {
        for (name, written) in response["headers"].as_object().into_iter().flatten() {
            let promised = self.resolve(written);
            match header(seen, name) {
                Some(value) => self.ensure_fits(&format!("header {name}"), &promised["schema"], &json!(value))?,
                None => ensure(promised["required"] != true, || format!("no header {name}"))?,
            }
        }
        Ok(())
    }

    fn ensure_body(&self, id: &str, response: &Value, seen: &Seen<'_>) -> Result<(), String> {
        let given = header(seen, "content-type").unwrap_or_default();
        let written = response["content"].as_object().into_iter().flatten();
        let (mut same, mut all) = (written.clone().filter(|(media, _)| is_media(&given, media)), written);
        let Some((media, content)) = same.next().or_else(|| all.next()) else {
            return ensure(seen.bytes.is_empty(), || "there is a body where none is promised".to_owned());
        };
        ensure_content_type(seen, media)?;
        if !media.ends_with("json") {
            return Ok(());
        }
        let body = serde_json::from_slice(seen.bytes).map_err(|fault| fault.to_string())?;
        self.ensure_fits(&format!("{id} {}", seen.status), &content["schema"], &body)
    }

    fn ensure_valid(&self, schema: &str, value: &Value) -> Result<(), String> {
        self.ensure_fits(schema, &json!({ "$ref": schema }), value)
    }

    fn ensure_fits(&self, name: &str, schema: &Value, value: &Value) -> Result<(), String> {
        let validator = self.validator(name, schema);
        let faults: Vec<_> =
            validator.iter_errors(value).map(|fault| format!("{} ({})", fault, fault.instance_path())).collect();
        ensure(faults.is_empty(), || format!("{name}: {}", faults.join("; ")))
    }

    /// The validator of a schema, with all components beside it, so that references resolve.
    fn validator(&self, name: &str, schema: &Value) -> Arc<Validator> {
        let mut known = self.validators.lock().unwrap();
        let name = format!("{name} {schema}");
        let made = known.entry(name).or_insert_with(|| {
            let whole = json!({ "allOf": [schema], "components": self.document["components"] });
            Arc::new(jsonschema::draft202012::new(&whole).unwrap())
        });
        Arc::clone(made)
    }

    fn resolve<'a>(&'a self, written: &'a Value) -> &'a Value {
        match written["$ref"].as_str() {
            Some(pointer) => self.document.pointer(&pointer[1..]).unwrap_or_else(|| panic!("no {pointer}")),
            None => written,
        }
    }
}

fn ensure_common_headers(seen: &Seen<'_>) -> Result<(), String> {
    for (name, wanted) in [("cache-control", "no-store"), ("x-content-type-options", "nosniff")] {
        ensure(header(seen, name).as_deref() == Some(wanted), || format!("{name} is not {wanted}"))?;
    }
    ensure(header(seen, "x-request-id").is_some_and(|id| !id.is_empty()), || "no x-request-id".to_owned())
}

/// A path or method that is not promised is answered by 404 or 405, or by a refusal that comes before.
fn ensure_nothing_is_served(seen: &Seen<'_>, here: &[&Operation]) -> Result<(), String> {
    let served = || format!("not promised, and yet answered by {}", seen.status);
    let is_page = seen.path.starts_with("/docs/") && seen.status == 200; // as the description of `/docs` says
    if is_page {
        return Ok(());
    }
    if seen.path.starts_with("/v1/forward-auth") {
        return ensure([401, 403, 429, 503].contains(&seen.status), served); // as the description of that door says
    }
    if here.is_empty() {
        return ensure([400, 401, 404, 414].contains(&seen.status), served);
    }
    ensure([400, 401, 405].contains(&seen.status), served)?;
    let allowed = header(seen, "allow").unwrap_or_default();
    let forgotten = here.iter().find(|operation| !allowed.contains(&operation.method.to_uppercase()));
    ensure(seen.status != 405 || forgotten.is_none(), || format!("Allow is {allowed:?}"))
}

fn is_media(given: &str, wanted: &str) -> bool {
    given.split(';').next() == Some(wanted)
}

fn ensure_content_type(seen: &Seen<'_>, wanted: &str) -> Result<(), String> {
    let given = header(seen, "content-type").unwrap_or_default();
    ensure(is_media(&given, wanted), || format!("content type {given:?} is not {wanted}"))
}

/// A header's value; several lines are joined, as HTTP allows.
fn header(seen: &Seen<'_>, name: &str) -> Option<String> {
    let lines: Vec<_> =
        seen.headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

fn ensure(holds: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault()) }
}
