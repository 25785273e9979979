//! One operation of the contract, as far as the tests need to know it.

use serde_json::Value;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// In whose manner an operation asks and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Ours.
    Own,
    /// That of OAuth, for its clients.
    OAuth,
    /// A person, for itself.
    Person,
    /// A gateway asks, with any method: no caller is admitted, and the key is judged by the gate in the path.
    Gateway,
}

/// An operation.
#[derive(Clone)]
pub struct Operation {
    pub id: String,
    pub method: String,
    pub path: String,
    /// Whether anyone may call it.
    pub open: bool,
    /// In whose manner it asks and answers.
    pub door: Door,
    /// What a caller must hold, any of them; empty: any live key.
    pub needs: Vec<String>,
    /// How far the need must reach: `org`, `mesh`, `topic` or `within`.
    pub reach: String,
    /// Whether a key that is confined to topics is refused, although the reach is `within`.
    pub topics_all: bool,
    pub body: Option<Body>,
    /// The names of the parameters, with where they stand: `query:limit`, `header:If-Match`.
    pub parameters: Vec<String>,
    /// The statuses that mean success.
    pub successes: Vec<u16>,
    pub(super) source: Value,
}

/// The body that an operation takes.
#[derive(Clone)]
pub struct Body {
    pub media: String,
    /// The documented example; of several the first by name.
    pub example: Value,
    /// The names of its members that are texts.
    pub texts: Vec<String>,
}

impl Operation {
    /// Whether the path has this parameter.
    pub fn names(&self, parameter: &str) -> bool {
        self.path.contains(&format!("{{{parameter}}}"))
    }

    /// Whether the operation takes this parameter, as in `query:limit`.
    pub fn takes(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|known| known == parameter)
    }

    /// Whether the key named in the path may always ask.
    pub fn is_open_to_itself(&self) -> bool {
        self.needs.iter().any(|need| need == "self")
    }

    /// The one capability that is demanded, if any.
    pub fn capability(&self) -> Option<&str> {
        self.needs.iter().map(String::as_str).find(|need| *need != "self")
    }

    /// How loosely each segment of the path fits.
    pub(super) fn looseness(&self) -> Vec<u8> {
        let one = |segment: &str| match segment {
            "{path}" => 2,
            parameter if parameter.starts_with('{') => 1,
            _ => 0,
        };
        self.path.split('/').map(one).collect()
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        let (mut wanted, mut given) = (self.path.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                // `{path}` is all the rest, whatever it holds.
                (None, None) | (Some("{path}"), Some(_)) => return true,
                (Some(wanted), Some(given)) if wanted == given || (wanted.starts_with('{') && !given.is_empty()) => {}
                _ => return false,
            }
        }
    }
}

/// Every operation of the document.
pub(super) fn all(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in METHODS.iter().filter(|method| methods.get(**method).is_some()) {
            operations.push(operation(document, path, method, &methods[*method]));
        }
    }
    operations
}

fn operation(document: &Value, path: &str, method: &str, source: &Value) -> Operation {
    let demands = source["security"].as_array().unwrap_or_else(|| panic!("{method} {path} says no security"));
    let mut needs: Vec<String> = demands
        .iter()
        .flat_map(|demand| demand.as_object().unwrap().values())
        .flat_map(|roles| roles.as_array().unwrap())
        .map(|role| role.as_str().unwrap().to_owned())
        .collect();
    needs.sort();
    needs.dedup();
    Operation {
        id: text(&source["operationId"]),
        method: method.to_owned(),
        path: path.to_owned(),
        open: demands.is_empty(),
        door: match source["x-door"].as_str() {
            None => Door::Own,
            Some("oauth") => Door::OAuth,
            Some("gateway") => Door::Gateway,
            Some("person") => Door::Person,
            Some(other) => panic!("no such door: {other}"),
        },
        needs,
        reach: text(&source["x-reach"]),
        topics_all: source["x-topics"] == "all",
        body: body(document, &source["requestBody"]),
        parameters: parameters(document, source),
        successes: source["responses"]
            .as_object()
            .unwrap()
            .keys()
            .filter_map(|code| code.parse().ok())
            .filter(|code| *code < 400)
            .collect(),
        source: source.clone(),
    }
}

fn body(document: &Value, source: &Value) -> Option<Body> {
    let (media, content) = source["content"].as_object()?.iter().next()?;
    let first = content["examples"].as_object().and_then(|examples| examples.values().next());
    let example = first.map_or(&content["example"], |example| &example["value"]).clone();
    let members = resolved(document, &content["schema"])["properties"].as_object().cloned().unwrap_or_default();
    let is_text = |schema: &Value| {
        let kind = &resolved(document, schema)["type"];
        kind == "string" || kind.as_array().is_some_and(|kinds| kinds.contains(&Value::from("string")))
    };
    let texts = members.into_iter().filter(|(_, schema)| is_text(schema)).map(|(name, _)| name).collect();
    Some(Body { media: media.clone(), example, texts })
}

fn resolved(document: &Value, written: &Value) -> Value {
    match written["$ref"].as_str() {
        Some(pointer) => document.pointer(&pointer[1..]).unwrap().clone(),
        None => written.clone(),
    }
}

fn parameters(document: &Value, source: &Value) -> Vec<String> {
    let written = source["parameters"].as_array().into_iter().flatten();
    written
        .map(|one| resolved(document, one))
        .map(|found| format!("{}:{}", text(&found["in"]), text(&found["name"])))
        .collect()
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
