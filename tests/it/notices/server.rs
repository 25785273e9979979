//! Who is called: a server of HTTP that keeps what it was told, and answers as it was bid.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::tools::eventually;

/// A call, as it came.
#[derive(Debug, Clone)]
pub struct Call {
    pub line: String,
    head: Vec<(String, String)>,
    pub body: String,
}

impl Call {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.head.iter().find(|(known, _)| known == name);
        found.map_or_else(|| panic!("no {name} in {self:?}"), |(_, value)| value)
    }
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    answer: Option<String>,
    connections: usize,
}

#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = Arc::clone(&server.state);
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                state.lock().unwrap().connections += 1;
                tokio::spawn(serve(line, Arc::clone(&state)));
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// From now on it answers so: a status, and lines of a head.
    pub fn answer(&self, status: &str, head: &str) {
        self.state.lock().unwrap().answer = Some(format!("{status}\r\n{head}"));
    }

    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// The calls, as soon as there are so many.
    pub async fn called(&self, count: usize) -> Vec<Call> {
        eventually("the call comes", async || Some(self.calls()).filter(|calls| calls.len() >= count)).await
    }
}

/// One call for each connection.
async fn serve(mut line: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let mut raw = Vec::new();
    let (head, body) = loop {
        let text = String::from_utf8_lossy(&raw).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if length.is_some_and(|length| length.parse() == Ok(body.len())) {
                break (head.to_owned(), body.to_owned());
            }
        }
        let mut part = [0; 4096];
        let count = line.read(&mut part).await.ok().filter(|count| *count > 0)?;
        raw.extend_from_slice(&part[..count]);
    };
    let mut lines = head.lines();
    let call = Call {
        line: lines.next().unwrap_or_default().to_owned(),
        head: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body,
    };
    let answer = {
        let mut state = state.lock().unwrap();
        state.calls.push(call);
        state.answer.clone().unwrap_or_else(|| "204 No Content\r\n".to_owned())
    };
    line.write_all(format!("HTTP/1.1 {answer}Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes()).await.ok()
}
