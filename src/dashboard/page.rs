//! What every page has: its frame, and the headers that confine it.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderName},
    },
};
use maud::{DOCTYPE, Markup, html};

use super::{
    assets::{SCRIPT, STYLE},
    ending::notice,
    looks::Looks,
};
use crate::{
    domain::{name::MalformedName, pasted::holds_a_key, session::Left},
    service::sessions::SignedIn,
};

/// Nothing is loaded from elsewhere, nothing runs that is not ours, nobody frames it, and forms go nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What confines a page. Not `no-referrer`: a browser would then not say of a form whence it comes.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Who is signed in, for the head of a page.
pub struct Signed<'a> {
    /// What the person is called.
    pub name: &'a str,
    /// The token of the session's forms.
    pub token: &'a str,
    /// Who, for the script alone.
    pub id: String,
    /// For how long the session lasts.
    pub left: Left,
    /// How the browser wants its pages.
    pub looks: Looks,
}

impl<'a> Signed<'a> {
    /// This one, with the token of the session.
    #[must_use]
    pub fn new(by: &'a SignedIn, token: &'a str) -> Self {
        Self { name: by.name().as_str(), token, id: by.user().to_string(), left: by.left(), looks: Looks::default() }
    }

    /// The same for a browser that wants its pages so.
    #[must_use]
    pub fn with_looks(self, looks: Looks) -> Self {
        Self { looks, ..self }
    }
}

/// A page, before it is put on the wire.
pub struct Page<'a> {
    status: StatusCode,
    title: &'a str,
    signed: Option<Signed<'a>>,
    frame: Option<Markup>,
    main: Markup,
}

impl<'a> Page<'a> {
    /// A page with this title, which is its heading too.
    #[must_use]
    pub const fn new(title: &'a str, main: Markup) -> Self {
        Self { status: StatusCode::OK, title, signed: None, frame: None, main }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same for who is signed in.
    #[must_use]
    pub fn signed(self, signed: Signed<'a>) -> Self {
        Self { signed: Some(signed), ..self }
    }

    /// The same within a frame: where one is, and can go.
    #[must_use]
    pub fn within(self, frame: Markup) -> Self {
        Self { frame: Some(frame), ..self }
    }

    /// The whole document.
    #[must_use]
    pub fn markup(&self) -> Markup {
        let looks = self.signed.as_ref().map(|signed| signed.looks).unwrap_or_default();
        html! {
            (DOCTYPE)
            html lang="en-GB" data-theme=[looks.theme()] data-shortcuts=[looks.has_shortcuts().then_some("on")] {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · Meshkey" }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href=(STYLE.path);
                    script src=(SCRIPT.path) defer {}
                }
                body class=[self.frame.is_some().then_some("wide")] {
                    a.skip href="#main" { "Skip to the content" }
                    header {
                        a.brand href="/" { "Meshkey" }
                        p.note.warn.insecure data-insecure hidden {
                            "This page came over plain HTTP: passwords and secrets can be read on the way. Open it by HTTPS."
                        }
                        @if let Some(signed) = &self.signed {
                            nav aria-label="Account" {
                                a href="/account" { (signed.name) }
                                (signed.looks.switch(signed.token))
                                form method="post" action="/sign-out" {
                                    (token(signed.token))
                                    button.plain { "Sign out" }
                                }
                            }
                        }
                    }
                    @if let Some(frame) = &self.frame { div.frame { (frame) } }
                    @if let Some(Signed { token, id, left, .. }) = &self.signed { (notice(token, id, *left)) }
                    main id="main" tabindex="-1" {
                        h1 { (self.title) }
                        (self.main)
                    }
                    footer { a href="/docs/" { "API documentation" } }
                }
            }
        }
    }

    /// The answer.
    #[must_use]
    pub fn answer(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        answer.content_type("text/html; charset=utf-8");
        for header in HEADERS {
            answer.insert_header(header);
        }
        answer.body(self.markup().into_string())
    }
}

impl From<Page<'_>> for HttpResponse {
    fn from(page: Page<'_>) -> Self {
        page.answer()
    }
}

/// The hidden field that ties a form to its session.
#[must_use]
pub fn token(token: &str) -> Markup {
    html! { input type="hidden" name=(super::forms::TOKEN) value=(token); }
}

/// What went wrong with a form, said before it. It is read out, since it has come with the page.
#[must_use]
pub fn alert(text: &str) -> Markup {
    html! { p.alert role="alert" { (text) } }
}

/// Errors are said in lower case below, and begin a line here. One that quotes a key says so instead: no page shows a key again.
#[must_use]
pub fn sentence(text: &str) -> String {
    let instead = MalformedName::Key.to_string();
    let text = if holds_a_key(text) { instead.as_str() } else { text };
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// To another page of ours, by `GET`.
#[must_use]
pub fn lead_to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}
