//! The floor of streams: answers that stay open and say nothing, and a message that is handed to all who listen, without looking at
//! anybody, and without keeping it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use actix_web::{
    Error, HttpResponse,
    web::{self, Bytes, Data, Json, Path, ServiceConfig},
};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::broadcast::{Receiver, Sender};

/// How many messages wait for who is slow, as at ours.
const KEPT: usize = 64;
/// Said first.
const GREETING: &[u8] = b"retry: 2000\nid: 0\nevent: open\ndata: {}\n\n";

/// Who listens where.
#[derive(Default)]
pub struct Topics(Mutex<HashMap<String, Sender<Bytes>>>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    body: u64,
}

/// The routes, spelled as ours.
pub fn configure(service: &mut ServiceConfig) {
    let stream = web::resource("/v1/meshes/main/topics/{topic}/stream").route(web::get().to(listen));
    let messages = web::resource("/v1/meshes/main/topics/{topic}/messages").route(web::post().to(send));
    service.service(stream).service(messages);
}

impl Topics {
    fn with<T>(&self, topic: String, work: impl FnOnce(&Sender<Bytes>) -> T) -> T {
        let mut topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(topics.entry(topic).or_insert_with(|| Sender::new(KEPT)))
    }
}

async fn listen(topics: Data<Topics>, topic: Path<String>) -> HttpResponse {
    let line = topics.with(topic.into_inner(), Sender::subscribe);
    let events = stream::unfold((Some(Bytes::from_static(GREETING)), line), next);
    HttpResponse::Ok().content_type("text/event-stream").streaming(events)
}

type State = (Option<Bytes>, Receiver<Bytes>);

async fn next((greeting, mut line): State) -> Option<(Result<Bytes, Error>, State)> {
    let bytes = match greeting {
        Some(greeting) => greeting,
        None => line.recv().await.ok()?,
    };
    Some((Ok(bytes), (None, line)))
}

async fn send(topics: Data<Topics>, topic: Path<String>, rest: Data<Bytes>, sent: Json<Message>) -> HttpResponse {
    let mut event = format!("id: 1\nevent: message\ndata: {{\"body\":{},\"rest\":", sent.body).into_bytes();
    event.extend_from_slice(&rest);
    event.extend_from_slice(b"}\n\n");
    // Nobody may be there.
    let _ = topics.with(topic.into_inner(), |line| line.send(event.into()));
    HttpResponse::Created().body(rest.as_ref().clone())
}
