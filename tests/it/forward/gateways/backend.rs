//! A service behind a gateway: it tells what came to it.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::forward::{line, wire::Line};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub target: String,
    /// With names in lower case.
    pub lines: Vec<Line>,
    pub body: String,
}

/// The service.
pub struct Backend {
    pub address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// What makes a request an upgrade; the numbers are those of RFC 6455.
pub fn upgrade() -> Vec<Line> {
    vec![
        line("Upgrade", "websocket"),
        line("Connection", "Upgrade"),
        line("Sec-WebSocket-Version", "13"),
        line("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
}

const UPGRADED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

impl Seen {
    /// Every value of that header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.lines.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    fn of(head: &str, body: &str) -> Self {
        let mut lines = head.lines();
        let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let lines = lines.filter_map(|line| line.split_once(':'));
        let lines = lines.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
        let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        Self { method, target, lines, body: body.to_owned() }
    }
}

impl Backend {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let all = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&all)));
            }
        });
        Self { address, seen }
    }

    /// The one request that came since it was last asked.
    pub fn take(&self) -> Option<Seen> {
        let mut all = std::mem::take(&mut *self.seen.lock().unwrap());
        assert!(all.len() <= 1, "{all:?}");
        all.pop()
    }
}

/// Answers one request, and hangs up.
async fn serve(mut stream: TcpStream, all: Arc<Mutex<Vec<Seen>>>) {
    let mut bytes = Vec::new();
    let seen = loop {
        // Gateways try whether somebody is there.
        let Ok(1..) = stream.read_buf(&mut bytes).await else { return };
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let seen = Seen::of(head, body);
        let length = seen.all("content-length").first().and_then(|length| length.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            break seen;
        }
    };
    let (is_upgrade, is_head) = (!seen.all("upgrade").is_empty(), seen.method == "HEAD");
    all.lock().unwrap().push(seen);
    if is_upgrade {
        stream.write_all(UPGRADED.as_bytes()).await.unwrap();
        let mut ping = [0; 4];
        stream.read_exact(&mut ping).await.unwrap();
        stream.write_all(&ping).await.unwrap();
        return;
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\n";
    let _ = stream.write_all(format!("{head}{}", if is_head { "" } else { "here" }).as_bytes()).await;
}
