//! `/v1/meshes/{mesh}/topics/{topic}/stream`: what is sent to a topic, as it comes (server-sent events, WHATWG HTML 9.2).

use actix_web::{
    HttpRequest, HttpResponse, ResponseError as _,
    http::{Method, header, header::HeaderName},
    web::{Bytes, Data},
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use tracing::info;

use super::{
    Caller, Input, Problem,
    body::NoBody,
    catalogue,
    guard::{OnTopic, may},
    messages::Seq,
};
use crate::{
    domain::peer::Via,
    service::{
        House,
        live::{Ended, Heard, Reader},
    },
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// What keeps nginx from holding events back.
const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");
/// Said where it is quiet. It is no event.
const QUIET: &[u8] = b":\n\n";

/// The query of a stream.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamQuery {
    after: Option<Seq>,
}

/// Opens one. It begins behind `Last-Event-ID`, or else behind `after`, or else with the next message.
pub async fn open(
    house: Data<House>,
    caller: Caller<OnTopic<may::Read>, Input<NoBody, StreamQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input: Input { query, request, .. }, .. } = caller;
    let said = last_event(&request)?.map(|seq| (seq, "Last-Event-ID"));
    let after = said.or(query.after.map(|seq| (seq, "after"))).map(|(seq, place)| (seq.get(), place));
    let reader = Reader::open(house.into_inner(), proof, Via::Stream, after).await?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CONTENT_TYPE, "text/event-stream")).insert_header(UNBUFFERED);
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if request.method() == Method::HEAD {
        return Ok(answer.streaming(stream::empty::<Result<Bytes, actix_web::Error>>()));
    }
    let events = stream::unfold(State::Opened(Box::new(reader)), |state| async move {
        let (bytes, state) = match state {
            State::Opened(reader) => (greeting(&reader), State::Listening(reader)),
            State::Listening(mut reader) => match reader.next().await {
                Ok(heard) => (written(&heard), State::Listening(reader)),
                Err(ended) => (farewell(ended), State::Over),
            },
            State::Over => return None,
        };
        Some((Ok::<_, actix_web::Error>(bytes), state))
    });
    Ok(answer.streaming(events))
}

enum State {
    Opened(Box<Reader>),
    Listening(Box<Reader>),
    Over,
}

/// Where the client has been, if it says so.
fn last_event(request: &HttpRequest) -> Result<Option<Seq>, Problem> {
    let mut said = request.headers().get_all(LAST_EVENT_ID);
    let Some(value) = said.next() else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse::<i64>().ok()).and_then(|seq| Seq::try_from(seq).ok());
    match (number, said.next()) {
        // A browser that has heard nothing yet may send an empty one.
        (None, None) if value.is_empty() => Ok(None),
        (Some(seq), None) => Ok(Some(seq)),
        _ => {
            Err(Problem::new(catalogue::INVALID_REQUEST, "Last-Event-ID is the number of a message, and is there once"))
        }
    }
}

/// Said first, so that who listens knows at once that it does, and behind which message: it has a number to come back with before it has
/// heard one. And how long it waits before it comes back, in milliseconds.
fn greeting(reader: &Reader) -> Bytes {
    format!("retry: 2000\nid: {}\nevent: open\ndata: {{}}\n\n", reader.last()).into()
}

fn written(heard: &Heard) -> Bytes {
    match heard {
        Heard::Line(line) => {
            let fields = format!("id: {}\nevent: message\ndata: ", line.seq);
            [fields.as_bytes(), &line.json, b"\n\n"].concat().into()
        }
        Heard::Nothing => Bytes::from_static(QUIET),
        Heard::Behind(last) => event("behind", &json!({ "after": last })),
    }
}

/// Why there is no more, in the words of the errors; a cause that is ours is for the log alone.
fn farewell(ended: Ended) -> Bytes {
    let told = match ended {
        Ended::Stopping => json!({ "code": "stopping", "title": "The server stops: come again." }),
        Ended::Refused(refusal) => {
            let problem = Problem::from(refusal);
            info!(code = problem.code(), status = problem.status_code().as_u16(), "a stream was ended");
            let (title, _) = problem.words();
            json!({ "code": problem.code(), "title": title })
        }
    };
    event("end", &told)
}

fn event(name: &str, data: &serde_json::Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
