//! A line between the service and PostgreSQL that understands enough of the protocol (version 3) to fail one statement of
//! our choice.
//!
//! What goes to the server is taken in parts as the server answers them: a `Query`, or all up to a `Sync`. Only parts that
//! have something done are counted, not those that prepare it; and only those of connections in the role of the service:
//! its background has another.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    task::JoinHandle,
};

use crate::{house::House, tools};

/// What is done to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut, and the server has not seen it.
    CutBefore,
    /// The server has done it; the connection is cut before the answer comes back.
    CutAfter,
    /// The server answers this error in its place, and treats the transaction so.
    Error(&'static str),
    /// The server says that an administrator ends it, and does.
    Shutdown,
}

/// A statement to which that was done.
#[derive(Debug, Clone)]
pub struct Struck(pub String);

impl Struck {
    pub fn was_commit(&self) -> bool {
        self.0 == "COMMIT"
    }
}

#[derive(Default)]
struct Order {
    /// After how many further statements what is to be done.
    wanted: Option<(usize, Fault)>,
    struck: Option<Struck>,
}

/// The line. It ends when this is dropped.
pub struct Proxy {
    pub port: u16,
    order: Arc<Mutex<Order>>,
    task: JoinHandle<()>,
}

/// The server's end.
#[derive(Clone)]
enum Place {
    Socket(PathBuf),
    Host(String, u16),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Proxy {
    /// A line to the PostgreSQL of a house.
    pub async fn to(house: &House) -> Self {
        let db = house.sql("superuser").await;
        let (host, port) = tools::place(&db).await;
        let is_socket = host.starts_with('/');
        let place = if is_socket {
            Place::Socket(PathBuf::from(host).join(format!(".s.PGSQL.{port}")))
        } else {
            Place::Host(host, port.parse().unwrap())
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (order, port) = (Arc::<Mutex<Order>>::default(), listener.local_addr().unwrap().port());
        let orders = Arc::clone(&order);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (place, orders) = (place.clone(), Arc::clone(&orders));
                tokio::spawn(async move { Line::open(client, &place, orders).await?.serve().await });
            }
        });
        Self { port, order, task }
    }

    /// From now on, does this to the `nth` statement, and to no other.
    pub fn strike(&self, nth: usize, fault: Fault) {
        *self.order.lock().unwrap() = Order { wanted: Some((nth, fault)), struck: None };
    }

    /// Does nothing more; gives the statement to which it was done.
    pub fn rest(&self) -> Option<Struck> {
        std::mem::take(&mut *self.order.lock().unwrap()).struck
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection.
struct Line {
    client: Side,
    server: Side,
    order: Arc<Mutex<Order>>,
    is_service: bool,
    statements: HashMap<Vec<u8>, String>,
}

impl Line {
    async fn open(client: TcpStream, place: &Place, order: Arc<Mutex<Order>>) -> io::Result<Self> {
        client.set_nodelay(true)?;
        let server: Box<dyn Stream> = match place {
            Place::Socket(path) => Box::new(UnixStream::connect(path).await?),
            Place::Host(host, port) => Box::new(TcpStream::connect((host.as_str(), *port)).await?),
        };
        let (client, server) = (Side::new(Box::new(client)), Side::new(server));
        Ok(Self { client, server, order, is_service: false, statements: HashMap::new() })
    }

    async fn serve(mut self) -> io::Result<()> {
        let hello = self.client.packet(0).await?;
        self.is_service = find(&hello, b"role=meshkey_app");
        self.server.write(&hello).await?;
        loop {
            tokio::select! {
                message = self.server.packet(1) => self.client.write(&message?).await?,
                part = part(&mut self.client) => self.pass(part?).await?,
            }
        }
    }

    async fn pass(&mut self, part: Vec<Vec<u8>>) -> io::Result<()> {
        let sql = self.sql(&part);
        match sql.and_then(|sql| self.due(sql)) {
            None => self.server.write(&part.concat()).await,
            Some((Fault::CutBefore, _)) => self.cut().await,
            Some((Fault::CutAfter, _)) => {
                self.server.write(&part.concat()).await?;
                while self.server.packet(1).await?[0] != b'Z' {}
                self.cut().await
            }
            Some((Fault::Error(code), struck)) => self.answer(code, struck.was_commit()).await,
            Some((Fault::Shutdown, _)) => {
                self.client.write(&shutdown()).await?;
                self.cut().await
            }
        }
    }

    /// What the part asks, if it asks anything.
    fn sql(&mut self, part: &[Vec<u8>]) -> Option<String> {
        let mut asked = None;
        for message in part {
            let mut words = message[5..].split(|byte| *byte == 0);
            let mut word = || words.next().unwrap_or_default();
            match message[0] {
                b'Q' => asked = Some(text(word())),
                b'P' => {
                    let (name, sql) = (word().to_vec(), text(word()));
                    self.statements.insert(name, sql);
                }
                b'B' => {
                    word();
                    asked = Some(self.statements.get(word()).cloned().unwrap_or_default());
                }
                _ => {}
            }
        }
        asked
    }

    /// What is to be done to this statement.
    fn due(&self, sql: String) -> Option<(Fault, Struck)> {
        let mut order = self.order.lock().unwrap();
        let (left, fault) = order.wanted.filter(|_| self.is_service)?;
        order.wanted = (left > 1).then(|| (left - 1, fault));
        if left > 1 {
            return None;
        }
        let struck = Struck(sql);
        order.struck = Some(struck.clone());
        Some((fault, struck))
    }

    /// Has the server fail, so that its transaction is as it would be. A commit that fails is a rollback.
    async fn answer(&mut self, code: &str, was_commit: bool) -> io::Result<()> {
        let back = if was_commit { "ROLLBACK; " } else { "" };
        let raise = format!("{back}DO $$ BEGIN RAISE EXCEPTION 'as a test wants it' USING ERRCODE = '{code}'; END $$");
        self.server.write(&message(b'Q', &[raise.as_bytes(), &[0]])).await?;
        loop {
            let told = self.server.packet(1).await?;
            if matches!(told[0], b'E' | b'Z') {
                self.client.write(&told).await?;
            }
            if told[0] == b'Z' {
                return Ok(());
            }
        }
    }

    /// Ends the server's side first, and waits until it has taken back what it had begun; then the client's.
    async fn cut(&mut self) -> io::Result<()> {
        self.server.stream.shutdown().await?;
        while self.server.packet(1).await.is_ok() {}
        self.client.stream.shutdown().await?;
        Err(io::ErrorKind::ConnectionAborted.into())
    }
}

/// One side of a connection, and what has come from it and not been taken.
struct Side {
    stream: Box<dyn Stream>,
    come: Vec<u8>,
}

impl Side {
    fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, come: Vec::new() }
    }

    /// The next message, whose length stands behind this many bytes. May be given up and asked again.
    async fn packet(&mut self, head: usize) -> io::Result<Vec<u8>> {
        loop {
            if let Some(length) = self.come.get(head..head + 4) {
                let length = head + u32::from_be_bytes(length.try_into().unwrap()) as usize;
                if self.come.len() >= length {
                    return Ok(self.come.drain(..length).collect());
                }
            }
            if self.stream.read_buf(&mut self.come).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

/// What the server answers as one: up to a `Sync`, or a single message. May be given up and asked again.
async fn part(client: &mut Side) -> io::Result<Vec<Vec<u8>>> {
    let (mut at, mut part) = (0, Vec::new());
    loop {
        let rest = &client.come[at..];
        let length = rest.get(1..5).map(|length| 1 + u32::from_be_bytes(length.try_into().unwrap()) as usize);
        let Some(one) = length.and_then(|length| rest.get(..length)) else {
            if client.stream.read_buf(&mut client.come).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            continue;
        };
        part.push(one.to_vec());
        at += one.len();
        if matches!(one[0], b'S' | b'Q' | b'X' | b'p') {
            client.come.drain(..at);
            return Ok(part);
        }
    }
}

fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[kind][..], &length, &body].concat()
}

fn shutdown() -> Vec<u8> {
    let fields = "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0";
    message(b'E', &[fields.as_bytes()])
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn find(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
