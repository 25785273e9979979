//! A wire between a service and PostgreSQL that can stand still, in one direction or both, be cut, and lead elsewhere.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch::{Receiver, Sender},
    task::JoinHandle,
};

use super::postgres::free_port;

/// What passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    to_server: bool,
    to_client: bool,
    is_cut: bool,
}

/// Everything.
pub const FREE: Flow = Flow { to_server: true, to_client: true, is_cut: false };
/// Nothing, and nobody is told.
pub const FROZEN: Flow = Flow { to_server: false, to_client: false, is_cut: false };
/// Answers alone.
pub const DEAF: Flow = Flow { to_server: false, ..FREE };
/// Requests alone.
pub const DUMB: Flow = Flow { to_client: false, ..FREE };
const CUT: Flow = Flow { is_cut: true, ..FROZEN };

/// The connections of a time, and where they lead.
#[derive(Clone)]
struct Era {
    target: u16,
    flow: Sender<Flow>,
}

impl Era {
    fn new(target: u16) -> Self {
        Self { target, flow: Sender::new(FREE) }
    }
}

/// The wire. It ends when this is dropped.
pub struct Wire {
    pub port: u16,
    era: Arc<Mutex<Era>>,
    task: JoinHandle<()>,
}

impl Wire {
    /// A wire to this port.
    pub async fn to(target: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let era = Arc::new(Mutex::new(Era::new(target)));
        let now = Arc::clone(&era);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let era = now.lock().unwrap().clone();
                tokio::spawn(async move { carry(client, era).await });
            }
        });
        Self { port, era, task }
    }

    /// What passes from now on.
    pub fn set(&self, flow: Flow) {
        self.era.lock().unwrap().flow.send_replace(flow);
    }

    /// Ends every connection; new ones can be made.
    pub fn cut(&self) {
        let target = self.era.lock().unwrap().target;
        self.set(CUT);
        self.lead(target);
    }

    /// Where new connections lead. Those that are there stay as they are.
    pub fn lead(&self, target: u16) {
        *self.era.lock().unwrap() = Era::new(target);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.set(CUT);
        self.task.abort();
    }
}

async fn carry(client: TcpStream, era: Era) {
    let mut flow = era.flow.subscribe();
    tokio::select! {
        () = until(&mut flow, |flow| flow.is_cut) => {}
        _ = exchange(client, &era) => {}
    }
}

async fn exchange(client: TcpStream, era: &Era) -> io::Result<()> {
    let (mut up, mut down) = (era.flow.subscribe(), era.flow.subscribe());
    until(&mut up, |flow| flow.to_server).await;
    let server = TcpStream::connect(("127.0.0.1", era.target)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        ended = pump(from_client, to_server, &mut up, |flow| flow.to_server) => ended,
        ended = pump(from_server, to_client, &mut down, |flow| flow.to_client) => ended,
    }
}

/// Carries bytes as long as they may pass. What has come before a standstill arrives after it.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    flow: &mut Receiver<Flow>,
    may: fn(&Flow) -> bool,
) -> io::Result<()> {
    let mut bytes = vec![0; 16 << 10];
    loop {
        until(flow, may).await;
        let length = from.read(&mut bytes).await?;
        until(flow, may).await;
        if length == 0 {
            return Ok(());
        }
        to.write_all(&bytes[..length]).await?;
    }
}

/// Waits until it is so.
async fn until(flow: &mut Receiver<Flow>, wanted: impl FnMut(&Flow) -> bool) {
    flow.wait_for(wanted).await.expect("an era holds its own flow");
}
