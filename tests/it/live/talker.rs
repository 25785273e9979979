//! A client of the socket that wants every event to be right.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest as _,
        handshake::client::{Request, Response},
    },
};

use super::SOCKET;
use crate::client::Client;

/// However slow the machine is.
const DEADLINE: Duration = Duration::from_mins(1);

/// Talks.
pub struct Talker(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// A handshake, to be completed.
pub fn handshake(by: &Client, path: &str) -> Request {
    format!("{}{path}", by.base().replacen("http", "ws", 1)).into_client_request().unwrap()
}

impl Talker {
    /// Opens one with the key of this client, and hears that it is open.
    pub async fn open(by: &Client) -> Self {
        Self::at(by, SOCKET).await
    }

    /// The same at another mesh.
    pub async fn at(by: &Client, path: &str) -> Self {
        let mut request = handshake(by, path);
        request.headers_mut().insert("authorization", format!("Bearer {}", by.secret()).parse().unwrap());
        Self::of(request).await.0
    }

    /// Opens one with a ticket, as a browser does.
    pub async fn with_ticket(by: &Client, ticket: &str) -> Self {
        let (talker, response) = Self::of(with_ticket(by, ticket)).await;
        assert_eq!(response.headers()["sec-websocket-protocol"], "meshkey");
        talker
    }

    async fn of(request: Request) -> (Self, Response) {
        let (socket, response) = connect_async(request).await.unwrap();
        assert_eq!(response.status(), 101);
        let mut talker = Self(socket);
        assert_eq!(talker.next().await, json!({ "event": "open" }));
        (talker, response)
    }

    pub async fn say(&mut self, text: &Value) {
        self.put(Message::text(text.to_string())).await;
    }

    pub async fn put(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// Says it, and hears the answer, which comes next.
    pub async fn ask(&mut self, text: Value) -> Value {
        self.say(&text).await;
        let answer = self.next().await;
        assert_eq!(answer["re"], text["id"], "{answer}");
        answer
    }

    /// Follows a topic from here on.
    pub async fn follow(&mut self, topic: &str) -> i64 {
        let answer = self.ask(json!({ "do": "subscribe", "id": topic, "topic": topic })).await;
        assert_eq!((&answer["event"], &answer["topic"]), (&json!("subscribed"), &json!(topic)), "{answer}");
        answer["after"].as_i64().unwrap()
    }

    /// The next event.
    pub async fn next(&mut self) -> Value {
        match self.frame().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("no event: {other:?}"),
        }
    }

    /// The next messages, which come next, and nothing between them.
    pub async fn messages(&mut self, count: usize) -> Vec<Value> {
        let mut all = Vec::new();
        while all.len() < count {
            let mut event = self.next().await;
            assert_eq!(event["event"], "message", "{event}");
            all.push(event["message"].take());
        }
        all
    }

    /// The code and the reason with which it is closed, which nothing follows.
    pub async fn end(&mut self) -> (u16, String) {
        let Message::Close(Some(frame)) = self.frame().await else { panic!("it was not closed") };
        let rest = tokio::time::timeout(DEADLINE, self.0.next()).await.unwrap();
        assert!(rest.is_none_or(|rest| rest.is_err()), "something followed");
        (frame.code.into(), frame.reason.to_string())
    }

    /// What comes next, whatever it is, but for the question whether we are there, which was answered.
    pub async fn frame(&mut self) -> Message {
        loop {
            let message = tokio::time::timeout(DEADLINE, self.0.next()).await.expect("nothing was heard");
            match message.expect("it is over").unwrap() {
                Message::Ping(_) => {}
                message => return message,
            }
        }
    }
}

/// The handshake of a browser: it can set no header but this.
pub fn with_ticket(by: &Client, ticket: &str) -> Request {
    with_ticket_at(by, ticket, SOCKET)
}

/// The same at another mesh.
pub fn with_ticket_at(by: &Client, ticket: &str, path: &str) -> Request {
    let mut request = handshake(by, path);
    request.headers_mut().insert("sec-websocket-protocol", format!("meshkey, {ticket}").parse().unwrap());
    request
}

/// The answer to a handshake that is refused: its status and its body.
pub async fn refused(request: Request) -> (u16, Value) {
    match connect_async(request).await {
        Err(tungstenite::Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            (response.status().as_u16(), serde_json::from_slice(body).unwrap_or_default())
        }
        other => panic!("not refused: {other:?}"),
    }
}
