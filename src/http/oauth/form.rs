//! Forms: what OAuth has for bodies. Parameters that are not known are ignored, and empty ones are not there (RFC 6749, 3.2).

use actix_web::{HttpRequest, dev::Payload, http::header::HeaderName};
use zeroize::Zeroizing;

use crate::http::{
    Problem,
    body::{Body, bytes, ensure_type},
    catalogue,
};

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
const TYPE: &str = "application/x-www-form-urlencoded";

/// A form. It holds a key, and so is never shown.
pub struct Form(Vec<(String, Zeroizing<String>)>);

impl Body for Form {
    async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Problem> {
        ensure_type(request, &[TYPE], ACCEPT_POST, TYPE).map_err(|_| no_form())?;
        let bytes = bytes(request, payload).await?;
        let pair = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
            (name.into_owned(), Zeroizing::new(value.into_owned()))
        };
        Ok(Self(form_urlencoded::parse(&bytes).map(pair).collect()))
    }
}

impl Form {
    /// A parameter that may be left out.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        match values.next() {
            None => Ok(first.filter(|value| !value.is_empty())),
            Some(_) => Err(invalid(format!("the parameter {name} may be given once"))),
        }
    }

    /// A parameter that means something. What is wrong with it is said without it: it may be a key in the wrong place.
    pub fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let text = self.get(name)?;
        text.map(str::parse).transpose().map_err(|_| invalid(format!("the parameter {name} is not a legal one")))
    }

    /// The token: the one parameter that must be there. Also looks at the hint, which changes nothing.
    pub fn token(&self) -> Result<&str, Problem> {
        self.get("token_type_hint")?;
        self.get("token")?.ok_or_else(|| invalid("the parameter token is missing".to_owned()))
    }
}

fn no_form() -> Problem {
    Problem::new(catalogue::UNSUPPORTED_MEDIA_TYPE, "the body must be a form, and say so in Content-Type")
        .with_header(ACCEPT_POST, TYPE)
}

/// A request that means nothing.
pub(super) fn invalid(detail: String) -> Problem {
    Problem::new(catalogue::INVALID_REQUEST, detail)
}
