//! HTTP/1.1 over one connection that is kept open: just enough of it to ask Meshkey, and cheaper than any client library,
//! so that what is measured is the server.

use std::{io, net::SocketAddr};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// One connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub struct Answer<'a> {
    /// The three digits.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

/// The bytes of a request.
pub fn request(method: &str, path: &str, key: &str, body: Option<&Value>) -> Vec<u8> {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n");
    match body.map(Value::to_string) {
        None => format!("{head}\r\n"),
        Some(body) => {
            let length = body.len();
            format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        }
    }
    .into_bytes()
}

/// The bytes of a request with a form.
pub fn form(path: &str, key: &str, pairs: &str) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n");
    let kind = "Content-Type: application/x-www-form-urlencoded";
    format!("{head}{kind}\r\nContent-Length: {}\r\n\r\n{pairs}", pairs.len()).into_bytes()
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 256 * 1024] })
    }

    /// Asks, and reads the whole answer.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        let (mut filled, mut expected) = (0, None);
        while expected.is_none_or(|(_, end)| filled < end) {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            expected = expected.or_else(|| extent(&self.buffer[..filled]));
        }
        let (head, end) = expected.unwrap_or_default();
        Ok(Answer { status: status(&self.buffer), body: &self.buffer[head..end] })
    }

    /// Asks, and reads JSON from an answer that must have this status.
    pub async fn json(&mut self, request: &[u8], status: u16) -> super::Outcome<Value> {
        let answer = self.ask(request).await?;
        if answer.status != status {
            return Err(answer.in_words().into());
        }
        Ok(serde_json::from_slice(answer.body)?)
    }
}

impl Answer<'_> {
    /// The answer, for an error.
    pub fn in_words(&self) -> String {
        format!("answered {}: {}", self.status, String::from_utf8_lossy(self.body))
    }
}

/// Where the body begins and ends, once the head is there.
fn extent(read: &[u8]) -> Option<(usize, usize)> {
    let head = read.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD)? + END_OF_HEAD.len();
    let length = read[..head].split(|byte| *byte == b'\n').find_map(length).unwrap_or(0);
    Some((head, head + length))
}

fn length(line: &[u8]) -> Option<usize> {
    let name = b"content-length:";
    let value = line.get(name.len()..).filter(|_| line[..name.len()].eq_ignore_ascii_case(name))?;
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// The digits behind `HTTP/1.1 `.
fn status(read: &[u8]) -> u16 {
    std::str::from_utf8(&read[9..12]).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
