//! The frames of a WebSocket (RFC 6455), over the two halves of an HTTP request that was upgraded. What comes in is whole messages; pings
//! are answered; what breaks the rules closes it with the code that the RFC has for it. No more is kept of what comes than a message
//! may be long.

use std::{
    io::{self, ErrorKind, Read, Write},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::BodyStream,
    http::{
        Method,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    web::{Bytes, BytesMut, Payload},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;
use tungstenite::{
    Error, Message, Utf8Bytes,
    error::ProtocolError,
    handshake::derive_accept_key,
    protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext, frame::coding::CloseCode},
};

use crate::http::{Problem, catalogue};

/// How long at most there may be no room for a goodbye.
const PARTING: Duration = Duration::from_secs(1);
/// How many times something may be written that the connection has not taken yet.
const ROOM: usize = 8;
/// How much is read at once: thousands of sockets that say nothing are to cost little.
const READ_AT_ONCE: usize = 4 * 1024;

/// What came.
#[derive(Debug)]
pub enum Frame {
    /// Text.
    Text(Utf8Bytes),
    /// Bytes of any kind.
    Binary(Bytes),
    /// That they are there; where they asked whether we are, they are answered.
    Alive,
}

/// The other side has gone.
#[derive(Debug)]
pub struct Gone;

/// Nothing more comes.
#[derive(Debug)]
pub enum End {
    /// They have gone, or have said goodbye.
    Gone,
    /// They broke the rules, and are to be told so with this code (RFC 6455, 7.1.7).
    Broke(CloseCode),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// One side of a socket that is open.
pub struct Wire {
    frames: WebSocketContext,
    pipe: Pipe,
    payload: Payload,
    out: mpsc::Sender<Bytes>,
}

/// What has come and was not read, and what is to go out.
#[derive(Default)]
struct Pipe {
    heard: BytesMut,
    said: BytesMut,
    is_over: bool,
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.heard.is_empty() && !self.is_over {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = self.heard.len().min(into.len());
        into[..length].copy_from_slice(&self.heard.split_to(length));
        Ok(length)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.said.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire {
    /// Answers the handshake. No message, and no part of one, may be longer than `most` bytes. Of the protocols that are asked for, the
    /// first that is spoken is agreed on.
    pub fn open(
        request: &HttpRequest,
        payload: Payload,
        spoken: &[&str],
        most: usize,
    ) -> Result<(HttpResponse, Self), Problem> {
        let accepted = accepted(request)?;
        let config = WebSocketConfig::default().read_buffer_size(READ_AT_ONCE).write_buffer_size(0);
        let config = config.max_message_size(Some(most)).max_frame_size(Some(most));
        let (out, mut taken) = mpsc::channel(ROOM);
        let body = stream::poll_fn(move |context| taken.poll_recv(context).map(|said| said.map(Ok::<_, io::Error>)));
        let mut answer = HttpResponse::SwitchingProtocols();
        answer.upgrade("websocket").insert_header((header::SEC_WEBSOCKET_ACCEPT, accepted));
        let asked = words(request.headers(), &header::SEC_WEBSOCKET_PROTOCOL);
        if let Some(protocol) = asked.into_iter().find(|protocol| spoken.contains(protocol)) {
            answer.insert_header((header::SEC_WEBSOCKET_PROTOCOL, protocol));
        }
        let answer = answer.message_body(BodyStream::new(body)).map_err(|_| Problem::of(catalogue::INTERNAL))?;
        let frames = WebSocketContext::new(Role::Server, Some(config));
        Ok((answer.map_into_boxed_body(), Self { frames, pipe: Pipe::default(), payload, out }))
    }

    /// The next that comes. Nothing is lost where nobody waits for it any more.
    pub async fn next(&mut self) -> Result<Frame, End> {
        loop {
            self.flush().await?;
            match self.frames.read(&mut self.pipe) {
                Ok(Message::Text(text)) => return Ok(Frame::Text(text)),
                Ok(Message::Binary(bytes)) => return Ok(Frame::Binary(bytes)),
                Ok(Message::Ping(_) | Message::Pong(_)) => return Ok(Frame::Alive),
                // What they have said is said back (RFC 6455, 5.5.1) before the end of it is read.
                Ok(Message::Close(_) | Message::Frame(_)) => {
                    let _ = self.frames.flush(&mut self.pipe);
                }
                Err(error) if would_block(&error) => {
                    self.flush().await?;
                    self.hear().await;
                }
                Err(error) => return Err(code(&error).map_or(End::Gone, End::Broke)),
            }
        }
    }

    /// Waits until there is room for an answer to what comes next, and for one more: a ping that comes before it is answered too.
    pub async fn room(&mut self) -> Result<(), Gone> {
        self.flush().await?;
        self.out.reserve_many(2).await.map(drop).map_err(|_| Gone)
    }

    /// Sends text; waits until there is room for it.
    pub async fn text(&mut self, text: impl Into<Utf8Bytes>) -> Result<(), Gone> {
        self.say(Message::Text(text.into())).await
    }

    /// Sends bytes.
    pub async fn binary(&mut self, bytes: impl Into<Bytes>) -> Result<(), Gone> {
        self.say(Message::Binary(bytes.into())).await
    }

    /// Asks whether they are there.
    pub async fn ping(&mut self) -> Result<(), Gone> {
        self.say(Message::Ping(Bytes::new())).await
    }

    /// Closes it, and says why. What they still send is read by nobody; the server waits a little for them to close the connection.
    pub async fn close(mut self, code: CloseCode, why: &str) {
        let frame = CloseFrame { code, reason: why.into() };
        if self.frames.close(&mut self.pipe, Some(frame)).is_ok() {
            let _ = tokio::time::timeout(PARTING, self.flush()).await;
        }
    }

    async fn say(&mut self, message: Message) -> Result<(), Gone> {
        self.frames.write(&mut self.pipe, message).map_err(|_| Gone)?;
        self.flush().await
    }

    async fn hear(&mut self) {
        match self.payload.next().await {
            Some(Ok(bytes)) => self.pipe.heard.extend_from_slice(&bytes),
            Some(Err(_)) | None => self.pipe.is_over = true,
        }
    }

    /// Hands on what was said. Nothing is taken before there is room.
    async fn flush(&mut self) -> Result<(), Gone> {
        if self.pipe.said.is_empty() {
            return Ok(());
        }
        let room = self.out.reserve().await.map_err(|_| Gone)?;
        room.send(std::mem::take(&mut self.pipe.said).freeze());
        Ok(())
    }
}

fn would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == ErrorKind::WouldBlock)
}

/// With which code it is closed; none where nobody is there to be told.
fn code(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(CloseCode::Protocol),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Capacity(_) => Some(CloseCode::Size),
        _ => None,
    }
}

/// What answers the handshake (RFC 6455, 4.2).
pub(super) fn accepted(request: &HttpRequest) -> Result<String, Problem> {
    answered(request).map_err(|lack| {
        let detail = format!("this opens a WebSocket (RFC 6455), and the request is no handshake of one: {lack}");
        // Which version we speak (RFC 6455, 4.4).
        Problem::new(catalogue::INVALID_REQUEST, detail).with_header(header::SEC_WEBSOCKET_VERSION, "13")
    })
}

/// The same, or what it lacks.
fn answered(request: &HttpRequest) -> Result<String, &'static str> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err("its method is not GET");
    }
    if !request.head().upgrade() {
        return Err("there is no `Connection: Upgrade`");
    }
    if !words(headers, &header::UPGRADE).iter().any(|word| word.eq_ignore_ascii_case("websocket")) {
        return Err("there is no `Upgrade: websocket`");
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err("`Sec-WebSocket-Version` is not 13");
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    match key.filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16)) {
        Some(key) => Ok(derive_accept_key(key)),
        None => Err("`Sec-WebSocket-Key` is not 16 bytes in base64"),
    }
}

/// What stands in a header that is a list.
pub(super) fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty()).collect()
}
