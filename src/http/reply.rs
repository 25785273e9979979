//! Answers: bodies with the headers that go with them, and first answers given again.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode, header,
        header::{HeaderName, HeaderValue},
    },
};
use serde::Serialize;
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Problem, catalogue, preconditions::etag, trace::REPLAYED, view::DoneView};
use crate::service::{Kept, Once, Settled};

/// How long nearly every verdict is at most.
const ROOM: usize = 512;

/// The body, written down in one piece.
pub fn ok(body: &impl Serialize) -> Result<HttpResponse, Problem> {
    let mut text = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut text, body).map_err(|_| Problem::of(catalogue::INTERNAL))?;
    let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(HttpResponse::Ok().insert_header(json).body(text))
}

/// When a key ends that is told of, where it has an end.
const KEY_EXPIRES_AT: HeaderName = HeaderName::from_static("x-meshkey-key-expires-at");

/// The body, written down in one piece, and in a header of its own when the key ends that it is about: for who hands answers on.
pub fn ok_with_end(body: &impl Serialize, end: Option<OffsetDateTime>) -> Result<HttpResponse, Problem> {
    let mut answer = ok(body)?;
    let end = end.and_then(|end| end.format(&Rfc3339).ok()).and_then(|end| HeaderValue::from_str(&end).ok());
    if let Some(end) = end {
        answer.headers_mut().insert(KEY_EXPIRES_AT, end);
    }
    Ok(answer)
}

/// The body, and its version as the `ETag`.
pub fn versioned(body: &impl Serialize, version: i64) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, etag(version))).json(body)
}

/// An answer as it is kept for the next time the same is asked.
pub fn kept(status: StatusCode, location: Option<String>, version: Option<i64>, body: &impl Serialize) -> Kept {
    Kept { status: status.as_u16(), location, version, body: raw(body) }
}

fn raw(body: &impl Serialize) -> Box<RawValue> {
    to_raw_value(body).unwrap_or_default()
}

/// A first answer: as it is kept, but for what `now` shows this one time.
pub fn first(kept: &Kept, now: &impl Serialize) -> Result<HttpResponse, Problem> {
    Ok(builder(kept)?.json(now))
}

/// Done now, or answered as the first time.
pub fn once<T>(once: Once<T>, done: impl FnOnce(T) -> Result<HttpResponse, Problem>) -> Result<HttpResponse, Problem> {
    match once {
        Once::Done(value) => done(value),
        Once::Replayed(kept) => Ok(builder(&kept)?.insert_header((REPLAYED, "true")).json(&kept.body)),
    }
}

/// The same for a change that was waited for: what is answered again says so too.
pub fn once_settled<T>(
    once: Once<T>,
    settled: Option<&Settled>,
    done: impl FnOnce(T) -> Result<HttpResponse, Problem>,
) -> Result<HttpResponse, Problem> {
    let again = |mut kept: Kept| {
        let body: Map<String, Value> = serde_json::from_str(kept.body.get()).unwrap_or_default();
        kept.body = raw(&DoneView::new(body, settled));
        kept
    };
    self::once(
        match once {
            Once::Done(value) => Once::Done(value),
            Once::Replayed(kept) => Once::Replayed(again(kept)),
        },
        done,
    )
}

fn builder(kept: &Kept) -> Result<HttpResponseBuilder, Problem> {
    let status = StatusCode::from_u16(kept.status).map_err(|_| Problem::of(catalogue::INTERNAL))?;
    let mut answer = HttpResponse::build(status);
    if let Some(location) = &kept.location {
        answer.insert_header((header::LOCATION, location.as_str()));
    }
    if let Some(version) = kept.version {
        answer.insert_header((header::ETAG, etag(version)));
    }
    Ok(answer)
}
