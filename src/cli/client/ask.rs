//! A request before it is sent, and how it looks as a `curl` command.

use reqwest::{Method, Url};
use serde_json::Value;

use super::super::Failure;

/// Where a request goes.
#[derive(Debug, Clone)]
enum Place {
    /// To names, each one segment whatever stands in it.
    Segments(Vec<String>),
    /// To path and query as somebody wrote them.
    Written(Url),
}

/// A request before it is sent.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    /// The method.
    pub(super) method: Method,
    place: Place,
    query: Vec<(String, String)>,
    /// Beside the credential and the body's type.
    pub(super) headers: Vec<(String, String)>,
    /// The body and its media type.
    pub(super) body: Option<(&'static str, String)>,
    /// Whether anybody may ask it, without a key.
    pub(super) is_open: bool,
}

impl Ask {
    /// A request without a body. Each part of the path is one segment, whatever stands in it.
    pub(super) fn new(method: Method, path: &[&str]) -> Self {
        Self::at(method, Place::Segments(path.iter().map(|part| (*part).to_owned()).collect()))
    }

    /// A request to the path and query of `url`.
    pub(super) fn to(method: Method, url: Url) -> Self {
        Self::at(method, Place::Written(url))
    }

    fn at(method: Method, place: Place) -> Self {
        Self { method, place, query: Vec::new(), headers: Vec::new(), body: None, is_open: false }
    }

    /// A look.
    pub(super) fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    /// A verb without a body.
    pub(super) fn act(path: &[&str]) -> Self {
        Self::new(Method::POST, path)
    }

    /// A verb with a body.
    pub(super) fn post(path: &[&str], body: &Value) -> Self {
        Self::act(path).with_body("application/json", body)
    }

    /// A thing as it is to be.
    pub(super) fn put(path: &[&str], body: &Value) -> Self {
        Self::new(Method::PUT, path).with_body("application/json", body)
    }

    /// A form, as the doors of OAuth take it.
    pub(super) fn form(path: &[&str], pairs: &[(&str, &str)]) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs);
        let mut ask = Self::act(path);
        ask.body = Some(("application/x-www-form-urlencoded", form.finish()));
        ask.is_open = true;
        ask
    }

    /// A change, by a merge patch (RFC 7396), of what was seen as `etag`.
    pub(super) fn patch(path: &[&str], body: &Value, etag: &str) -> Self {
        let ask = Self::new(Method::PATCH, path).with_body("application/merge-patch+json", body);
        ask.header("If-Match", etag)
    }

    fn with_body(mut self, media_type: &'static str, body: &Value) -> Self {
        self.body = Some((media_type, body.to_string()));
        self
    }

    /// Also says this.
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Whether it names this, in its path, its query or its body.
    pub(super) fn names(&self, base: &Url, name: &str) -> Result<bool, Failure> {
        let url = self.url(base)?;
        let in_path = url.path_segments().is_some_and(|mut parts| parts.any(|part| part == name));
        let in_query = || url.query_pairs().any(|(_, value)| value == name);
        let quoted = Value::from(name).to_string();
        Ok(in_path || in_query() || self.body.as_ref().is_some_and(|(_, body)| body.contains(&quoted)))
    }

    /// With this parameter, if there is a value for it.
    pub(super) fn query(mut self, name: &str, value: Option<impl Into<String>>) -> Self {
        self.query.extend(value.map(|value| (name.to_owned(), value.into())));
        self
    }

    /// All checks and nothing changed, if that is wanted.
    pub(super) fn dry(self, dry: bool) -> Self {
        self.query("dry_run", dry.then_some("true"))
    }

    /// Where it goes. A name that would lead elsewhere is refused: URLs fold `.` and `..` away.
    pub(super) fn url(&self, base: &Url) -> Result<Url, Failure> {
        let mut url = base.clone();
        match &self.place {
            Place::Segments(names) => push(&mut url, names)?,
            Place::Written(written) => {
                url.set_path(&format!("{}{}", base.path().trim_end_matches('/'), written.path()));
                url.set_query(written.query());
            }
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    /// The request as a command for a shell. The key is left to the variable, never written out.
    pub(super) fn as_curl(&self, base: &Url) -> Result<String, Failure> {
        let mut lines = vec![format!("curl -sS -X {} {}", self.method, quoted(self.url(base)?.as_str()))];
        lines.push("-H \"Authorization: Bearer $MESHKEY_TOKEN\"".to_owned());
        lines.extend(self.headers.iter().map(|(name, value)| format!("-H {}", quoted(&format!("{name}: {value}")))));
        if let Some((media_type, body)) = &self.body {
            lines.push(format!("-H 'Content-Type: {media_type}'"));
            lines.push(format!("--data-binary {}", quoted(body)));
        }
        Ok(lines.join(" \\\n  "))
    }
}

fn push(url: &mut Url, names: &[String]) -> Result<(), Failure> {
    if let Some(name) = names.iter().find(|name| matches!(name.as_str(), "" | "." | "..")) {
        return Err(Failure::Usage(format!("'{name}' is no name")));
    }
    let mut segments = url.path_segments_mut().map_err(|()| Failure::Usage("the URL has no path".to_owned()))?;
    segments.pop_if_empty().extend(names);
    Ok(())
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &[&str]) -> Result<String, Failure> {
        Ask::get(path)
            .query("text", Some("a&b"))
            .url(&"https://keys.example/meshkey/".parse().unwrap())
            .map(String::from)
    }

    #[test]
    fn a_name_is_one_segment_whatever_stands_in_it() {
        assert_eq!(url(&["v1", "a/b?c#d%"]).unwrap(), "https://keys.example/meshkey/v1/a%2Fb%3Fc%23d%25?text=a%26b");
        for name in ["", ".", ".."] {
            assert!(url(&["v1", name]).is_err(), "{name}");
        }
    }

    #[test]
    fn a_word_for_a_shell_is_one_word() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
