//! What is wrong with an input, and where.

use serde::Serialize;

/// Where a fault stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A JSON pointer into the body, as a URI fragment.
    Pointer(String),
    /// A parameter of the query.
    Parameter(String),
}

impl Place {
    /// The pointer, or the name of the parameter.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Pointer(text) | Self::Parameter(text) => text,
        }
    }
}

/// One thing wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What is wrong, and what would do.
    pub detail: String,
    /// Where.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// The rule of a policy that it breaks, where it is one.
    #[serde(flatten)]
    pub policy: Option<InPolicy>,
}

impl Item {
    /// Something wrong at this place.
    #[must_use]
    pub const fn new(detail: String, place: Option<Place>) -> Self {
        Self { detail, place, policy: None }
    }
}

/// A rule, and whose policy it stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InPolicy {
    /// The rule.
    pub rule: &'static str,
    /// Whose policy: `org` or `mesh`.
    pub from: &'static str,
}
