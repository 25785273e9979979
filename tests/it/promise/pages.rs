//! What every page promises, which is no part of the contract of the API: it is HTML, confined, and kept by nobody.

use meshkey::dashboard::routes::PATHS;

use super::{Seen, ensure, header};

/// Whether there is a page at this path, whatever its query says.
pub fn is_page(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let is_at = |pattern: &&str| {
        let (mut parts, mut known) = (path.split('/'), pattern.split('/'));
        let is_one = |part: &str, known: &str| part == known || known.starts_with('{') && !part.is_empty();
        known.by_ref().all(|known| parts.next().is_some_and(|part| is_one(part, known))) && parts.next().is_none()
    };
    PATHS.iter().any(is_at)
}

/// Whether it is the page that says to a browser that there is none.
pub fn is_of_nowhere(seen: &Seen<'_>) -> bool {
    let is_html = header(seen, "content-type").is_some_and(|kind| kind.starts_with("text/html"));
    seen.status == 404 && is_html && !["/v1/", "/docs/"].iter().any(|start| seen.path.starts_with(start))
}

/// Why the answer is none that a page may give.
pub fn judge(seen: &Seen<'_>) -> Result<(), String> {
    let said = |name: &str| header(seen, name).unwrap_or_default();
    ensure(said("x-content-type-options") == "nosniff", || "it may be taken for something else".to_owned())?;
    ensure(!said("x-request-id").is_empty(), || "no x-request-id".to_owned())?;
    if seen.path.starts_with("/assets/") && seen.status == 200 {
        return ensure(said("cache-control").contains("immutable"), || "an asset that does not last".to_owned());
    }
    ensure(said("cache-control") == "no-store", || "a page that may be kept".to_owned())?;
    if seen.status == 303 {
        let to = said("location");
        let is_own = to.starts_with('/') && !to.starts_with("//") && !to.contains('\\');
        return ensure(is_own && seen.bytes.is_empty(), || format!("it leads elsewhere: {to}"));
    }
    // What a page's own script has asked for.
    if seen.method == "POST" && seen.status == 200 && said("content-type") == "application/json" {
        return Ok(());
    }
    // Before it is known that it is for a page, something else may be wrong.
    if [400, 414].contains(&seen.status) && said("content-type").starts_with("application/problem+json") {
        return Ok(());
    }
    ensure(said("content-type") == "text/html; charset=utf-8", || "no HTML".to_owned())?;
    let policy = said("content-security-policy");
    let is_strict = policy.starts_with("default-src 'none';") && !policy.contains("unsafe") && !policy.contains('*');
    ensure(is_strict, || format!("the policy is {policy}"))?;
    ensure(["same-origin", "no-referrer"].contains(&said("referrer-policy").as_str()), || {
        "others hear of it".to_owned()
    })?;
    ensure(said("cross-origin-opener-policy") == "same-origin", || "others may hold its window".to_owned())?;
    let body = String::from_utf8_lossy(seen.bytes);
    let has_inline = [" style=", "<style", " onclick=", "javascript:"].into_iter().find(|part| body.contains(part));
    ensure(has_inline.is_none(), || format!("within the page is {has_inline:?}"))?;
    let is_whole = body.starts_with("<!DOCTYPE html><html lang=") && body.ends_with("</html>");
    ensure(seen.method == "HEAD" || is_whole, || "no whole page".to_owned())
}
