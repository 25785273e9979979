//! Bodies: read within a size and a time, of a known type, and either legal or refused at a place.

use std::{fmt, future::Future, marker::PhantomData, time::Duration};

use actix_web::{
    HttpRequest,
    dev::Payload,
    http::{Method, header},
    web::{Bytes, BytesMut},
};
use futures_util::StreamExt as _;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_path_to_error::{Path, Segment};
use sha2::{Digest as _, Sha256};

use super::{
    Problem, catalogue,
    problem::{Item, Place},
};
use crate::{
    domain::{name::MalformedName, pasted::holds_a_key},
    service::edit::Patch,
};

/// The largest body.
pub const LARGEST: usize = 64 * 1024;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// A way of reading a body.
pub trait Body: Sized {
    /// Reads it.
    fn read(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<Self, Problem>>;
}

/// No body, or an empty object: nothing can be said here.
#[derive(Debug)]
pub struct NoBody;

/// A JSON body. It may hold a key, and so is never shown.
pub struct Json<T> {
    /// What it says.
    pub value: T,
    bytes: Bytes,
}

impl<T> Json<T> {
    /// SHA-256 of its bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }
}

/// A JSON body that may be left out.
pub struct Optional<T>(pub Json<T>);

/// A JSON Merge Patch (RFC 7396).
#[derive(Debug)]
pub struct Merge<T>(pub T);

/// A member that may be left out but not be `null`.
pub(super) fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<Option<T>, D::Error> {
    T::deserialize(input).map(Some)
}

/// A member that may be left out, or be `null` to clear it.
pub(super) fn patched<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<Patch<T>, D::Error> {
    Ok(Option::deserialize(input)?.map_or(Patch::Clear, Patch::Set))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

impl Body for NoBody {
    async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Problem> {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return refuse_body(request).map(|()| Self);
        }
        let bytes = bytes(request, payload).await?;
        if !bytes.is_empty() {
            parse::<Empty>(&bytes)?;
        }
        Ok(Self)
    }
}

impl<T: DeserializeOwned> Body for Json<T> {
    async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Problem> {
        ensure_type(
            request,
            &["application/json"],
            header::HeaderName::from_static("accept-post"),
            "application/json",
        )?;
        let bytes = bytes(request, payload).await?;
        Ok(Self { value: parse(&bytes)?, bytes })
    }
}

impl<T: DeserializeOwned + Default> Body for Optional<T> {
    async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Problem> {
        let says_nothing = !request.headers().contains_key(header::CONTENT_TYPE);
        if says_nothing {
            let bytes = bytes(request, payload).await?;
            if bytes.is_empty() {
                return Ok(Self(Json { value: T::default(), bytes }));
            }
            return Err(unsupported(header::HeaderName::from_static("accept-post"), "application/json"));
        }
        Json::read(request, payload).await.map(Self)
    }
}

impl<T: DeserializeOwned> Body for Merge<T> {
    async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Problem> {
        let (patch, types) =
            (header::HeaderName::from_static("accept-patch"), ["application/merge-patch+json", "application/json"]);
        ensure_type(request, &types, patch, "application/merge-patch+json, application/json")?;
        parse(&bytes(request, payload).await?).map(Self)
    }
}

/// Refuses a body without waiting for it: who was admitted is answered at once, and not when it pleases to go on.
fn refuse_body(request: &HttpRequest) -> Result<(), Problem> {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    let is_announced = length.is_some_and(|length| length != "0") || headers.contains_key(header::TRANSFER_ENCODING);
    if is_announced { Err(Problem::new(catalogue::INVALID_REQUEST, "a GET takes no body")) } else { Ok(()) }
}

fn unsupported(accepts: header::HeaderName, types: &'static str) -> Problem {
    Problem::of(catalogue::UNSUPPORTED_MEDIA_TYPE).with_header(accepts, types)
}

pub(crate) fn ensure_type(
    request: &HttpRequest,
    known: &[&str],
    accepts: header::HeaderName,
    types: &'static str,
) -> Result<(), Problem> {
    let said = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = said.split(';').next().unwrap_or_default().trim();
    if known.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
        Ok(())
    } else {
        Err(unsupported(accepts, types))
    }
}

pub(crate) async fn bytes(request: &HttpRequest, payload: &mut Payload) -> Result<Bytes, Problem> {
    let coding = request.headers().get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(unsupported(header::ACCEPT_ENCODING, "identity"));
    }
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > LARGEST) {
        return Err(Problem::of(catalogue::PAYLOAD_TOO_LARGE));
    }
    let whole = tokio::time::timeout(PATIENCE, collect(payload)).await;
    whole.unwrap_or_else(|_| Err(Problem::of(catalogue::REQUEST_TIMEOUT)))
}

async fn collect(payload: &mut Payload) -> Result<Bytes, Problem> {
    let mut whole = Bytes::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(catalogue::INVALID_REQUEST, "the body broke off"))?;
        if whole.len() + chunk.len() > LARGEST {
            return Err(Problem::of(catalogue::PAYLOAD_TOO_LARGE));
        }
        // Nearly every body is one chunk, which is not copied.
        whole = if whole.is_empty() { chunk } else { joined(whole, &chunk) };
    }
    Ok(whole)
}

/// In place, unless somebody else holds the first of them.
fn joined(first: Bytes, next: &[u8]) -> Bytes {
    let mut whole = BytesMut::from(first);
    whole.extend_from_slice(next);
    whole.freeze()
}

/// What has to be an object on the wire: serde would take a list for the members in their order, too.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }

        input.deserialize_map(Members(PhantomData)).map(Self)
    }
}

/// What is no JSON is a 400; what is JSON and means nothing legal is a 422, at its place.
///
/// To keep in mind where one is costs more than to read: it is done for bodies alone that are not as they should be.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    match serde_json::from_slice(bytes) {
        Ok(Object(value)) => Ok(value),
        Err(_) => parse_minding_places(bytes),
    }
}

fn parse_minding_places<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Object(value) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (pointer, cause) = (pointer(error.path()), error.into_inner());
        match cause.classify() {
            serde_json::error::Category::Data => {
                Problem::input(vec![Item::new(text(&cause), Some(Place::Pointer(pointer)))])
            }
            _ => Problem::new(catalogue::MALFORMED_JSON, cause.to_string()),
        }
    })?;
    json.end().map_err(|error| Problem::new(catalogue::MALFORMED_JSON, error.to_string()))?;
    Ok(value)
}

/// The error's text without line and column: the pointer says where. A key that stands in a wrong place is not told again.
fn text(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if holds_a_key(&text) {
        return MalformedName::Key.to_string();
    }
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

fn pointer(path: &Path) -> String {
    let mut pointer = "#".to_owned();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer = format!("{pointer}/{index}"),
            Segment::Map { key } => pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}
