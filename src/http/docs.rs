//! `/openapi.yaml`, the docs made from it, and one page for each problem. All of it is in the binary: it works offline.

use actix_web::{HttpResponse, http::header, web::Path};

use super::{
    Problem,
    catalogue::{self, Kind},
};

const CONTRACT: &str = include_str!("../../openapi.yaml");
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}code{font-size:1rem}dt{margin-top:1rem}pre{overflow:auto}";

/// The contract.
pub async fn contract() -> HttpResponse {
    HttpResponse::Ok().content_type("application/yaml").body(CONTRACT)
}

/// Leads to the docs.
pub async fn lead() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

/// Every problem, by status.
pub async fn errors() -> HttpResponse {
    let entry = |kind: &&Kind| {
        let Kind { code, status, title, .. } = kind;
        format!("<dt><a href=\"/docs/errors/{code}\"><code>{code}</code></a></dt><dd>{status} {title}</dd>")
    };
    let list: String = catalogue::ALL.iter().map(entry).collect();
    let lead = "Every error is <code>application/problem+json</code> with one of these codes.";
    page("Errors", &format!("<h1>Errors</h1><p>{lead}</p><dl>{list}</dl>"))
}

/// One problem: its page in `docs/reference/errors`.
pub async fn error(code: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = catalogue::ALL.iter().find(|kind| kind.code == code.as_str());
    let Kind { code, page: text, .. } = kind.ok_or_else(|| Problem::of(catalogue::NOT_FOUND))?;
    Ok(page(code, &(as_html(text) + "<p><a href=\"/docs/errors\">All errors</a></p>")))
}

/// A page of our own, which is in the binary.
fn as_html(markdown: &str) -> String {
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(markdown));
    html
}

fn page(title: &str, body: &str) -> HttpResponse {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} · Meshkey</title><style>{STYLE}</style>{body}</html>"
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ))
        .body(html)
}
