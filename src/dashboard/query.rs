//! The query of a page: everything that a list shows stands in its address, so that it can be shared, and Back works.

use actix_web::HttpRequest;

/// What a query says, in its order.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// That of a request. What is empty says nothing.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        Self::read(request.query_string())
    }

    /// One that a form has brought along, with or without its question mark.
    #[must_use]
    pub fn said(text: &str) -> Self {
        Self::read(text.strip_prefix('?').unwrap_or(text))
    }

    fn read(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes()).filter(|(_, value)| !value.is_empty());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// What it says of this first; none where it says nothing.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All that it says of this.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it says exactly this.
    #[must_use]
    pub fn says(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|one| one == value)
    }

    /// Every name and value, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first name that is none of these.
    #[must_use]
    pub fn stranger(&self, known: &[&str]) -> Option<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(name))
    }

    /// The same, saying this and nothing else of it.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// The same, saying this beside what else it says of it.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, saying nothing of this.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(known, _)| known != name).cloned().collect())
    }

    /// The same without this one thing.
    #[must_use]
    pub fn without_one(&self, name: &str, value: &str) -> Self {
        Self(self.0.iter().filter(|(known, said)| known != name || said != value).cloned().collect())
    }

    /// The address of this path with it.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        if self.0.is_empty() {
            return path.to_owned();
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish();
        format!("{path}?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_said_again() {
        let query = Query::read("status=active&status=expired&text=a%20b&mesh=");
        assert_eq!(query.all("status").collect::<Vec<_>>(), ["active", "expired"]);
        assert_eq!((query.text("text"), query.text("mesh")), (Some("a b"), None));
        assert!(query.says("status", "expired") && !query.says("status", "revoked"));
        assert_eq!(query.without_one("status", "active").with("text", "&").at("/k"), "/k?status=expired&text=%26");
        assert_eq!(query.without("status").without("text").at("/k"), "/k");
        assert_eq!(query.stranger(&["status", "text"]), None);
        assert_eq!(query.stranger(&["status"]), Some("text"));
    }
}
