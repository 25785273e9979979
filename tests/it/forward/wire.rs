//! Requests as they are on the wire: no library puts a path or a header right.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::PATIENCE;
use crate::promise::{PROMISE, Seen};

/// A header line.
pub type Line = (String, String);

/// An answer.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// Sends a request without a body, and reads the answer to its end.
pub async fn ask(address: &str, method: &str, target: &str, lines: &[Line]) -> Said {
    let lines = written(lines);
    raw(address, &format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{lines}\r\n")).await
}

/// Header lines as they are sent.
pub fn written(lines: &[Line]) -> String {
    lines.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect()
}

/// Sends these bytes, and reads the answer to its end.
pub async fn raw(address: &str, request: &str) -> Said {
    tokio::time::timeout(PATIENCE, exchange(address, request)).await.unwrap_or_else(|_| panic!("no answer: {request}"))
}

/// Sends these bytes, and then others once there is an answer; gives all that came until somebody hangs up.
pub async fn talk(address: &str, request: &str, then: &str) -> String {
    let talk = async {
        let (mut stream, mut bytes) = (TcpStream::connect(address).await.unwrap(), Vec::new());
        stream.write_all(request.as_bytes()).await.unwrap();
        while !String::from_utf8_lossy(&bytes).contains("\r\n\r\n") {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "{}", String::from_utf8_lossy(&bytes));
        }
        stream.write_all(then.as_bytes()).await.unwrap();
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    tokio::time::timeout(PATIENCE, talk).await.unwrap_or_else(|_| panic!("no answer: {request}"))
}

async fn exchange(address: &str, request: &str) -> Said {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A server that hangs up hard has answered before.
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {request}: {text}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let body = if headers.contains_key("transfer-encoding") { unchunked(body) } else { body.to_owned() };
    Said { status: status.unwrap_or_else(|| panic!("no status: {text}")), headers, body }
}

/// The pieces of a body, put together.
fn unchunked(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        let Some(piece) = after.get(..length).filter(|_| length > 0) else { break };
        body.push_str(piece);
        rest = &after[length + 2..];
    }
    body
}

impl Said {
    /// Holds it against the contract.
    #[track_caller]
    pub fn hold(&self, method: &str, path: &str) {
        let Self { status, headers, body } = self;
        PROMISE.hold(&Seen { method, path, status: *status, headers, bytes: body.as_bytes() });
    }

    /// A header that must be there, once.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let all: Vec<_> = self.headers.get_all(name).iter().collect();
        assert_eq!(all.len(), 1, "{name}: {self:?}");
        all[0].to_str().unwrap()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// Panics unless this is the problem of that status and code, and tells of nobody; gives it.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{self:?}");
        for name in super::IDENTITY {
            assert_eq!(self.header(name), "-", "{name}");
        }
        body
    }
}
