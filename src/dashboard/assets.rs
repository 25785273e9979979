//! The one style sheet and the one script. Each has the beginning of its SHA-256 in its name, so that it may be kept for ever.

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header, web::Path};
use sha2::{Digest as _, Sha256};

use super::Fault;
use crate::http::{Problem, catalogue};

/// Something that pages refer to.
pub struct Asset {
    /// Where it is.
    pub path: String,
    kind: &'static str,
    text: &'static str,
}

impl Asset {
    fn new(ending: &str, kind: &'static str, text: &'static str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        Self { path: format!("/assets/meshkey-{hash:016x}.{ending}"), kind, text }
    }
}

/// The style of every page.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| Asset::new("css", "text/css; charset=utf-8", STYLES));
/// What pages do beside what HTML does. Every page works without it; passkeys do not.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| Asset::new("js", "text/javascript; charset=utf-8", SCRIPTS));
const STYLES: &str = concat!(
    include_str!("assets/meshkey.css"),
    include_str!("assets/org.css"),
    include_str!("assets/key.css"),
    include_str!("assets/places.css"),
    include_str!("assets/audit.css"),
    include_str!("assets/list.css"),
    include_str!("assets/issue.css"),
);
const SCRIPTS: &str = concat!(
    include_str!("assets/meshkey.js"),
    include_str!("assets/passkeys.js"),
    include_str!("assets/ending.js"),
    include_str!("assets/org.js"),
    include_str!("assets/copy.js"),
    include_str!("assets/audit.js"),
    include_str!("assets/list.js"),
    include_str!("assets/issue.js"),
    include_str!("assets/reveal.js"),
);

/// One of them.
pub async fn show(name: Path<String>) -> Result<HttpResponse, Fault> {
    let is_named = |asset: &&Asset| asset.path.rsplit('/').next() == Some(name.as_str());
    let asset = [&*STYLE, &*SCRIPT].into_iter().find(is_named);
    let asset = asset.ok_or_else(|| Problem::of(catalogue::NOT_FOUND))?;
    Ok(HttpResponse::Ok()
        .content_type(asset.kind)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.text))
}
