//! Who listens: many streams of server-sent events, on a thread of its own, that note when they hear what was sent when.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, runtime, sync::oneshot, task::JoinSet};

use super::Outcome;

/// How many are opened at once.
const AT_ONCE: usize = 64;
/// How long to wait for what was sent to be heard, and for all to be open.
const DEADLINE: Duration = Duration::from_mins(1);
/// What else this process has open.
const BESIDES: u64 = 256;
/// The end of an event.
const END: &[u8] = b"\n\n";
/// What stands before the moment at which a message was sent.
const BODY: &[u8] = b"\"body\":";

/// Those who listen. They are gone when it is dropped.
pub struct Listeners {
    heard: Arc<Heard>,
    thread: Option<JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
}

/// What they hear.
struct Heard {
    since: Instant,
    /// In milliseconds: how long after it was sent each heard each message.
    delays: Mutex<Vec<f64>>,
    gone: Mutex<Option<String>>,
}

/// Sees to it that this process may have so many connections open.
pub fn ensure_room(streams: usize) -> Outcome<()> {
    let wanted = streams as u64 + BESIDES;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if hard < wanted {
        return Err(format!("{streams} streams need {wanted} open files, and this process may have {hard}").into());
    }
    Ok(setrlimit(Resource::RLIMIT_NOFILE, soft.max(wanted), hard)?)
}

impl Listeners {
    /// Opens a stream for each of these requests, and hears that it is open. Moments are told as nanoseconds `since` then.
    pub async fn open(address: SocketAddr, requests: Vec<Vec<u8>>, since: Instant) -> Outcome<Self> {
        let heard = Arc::new(Heard { since, delays: Mutex::default(), gone: Mutex::default() });
        let ((stop, stopped), (opened, open)) = (oneshot::channel(), oneshot::channel());
        let listen = listen_to_all(address, requests, Arc::clone(&heard), opened, stopped);
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::spawn(move || runtime.block_on(listen));
        let listeners = Self { heard, thread: Some(thread), stop: Some(stop) };
        tokio::time::timeout(DEADLINE, open).await???;
        Ok(listeners)
    }

    /// Waits until so many have heard a message since this was last asked; and how long it took each, in milliseconds, sorted.
    pub async fn have_heard(&self, count: usize) -> Outcome<Vec<f64>> {
        let start = Instant::now();
        loop {
            if let Some(why) = &*lock(&self.heard.gone) {
                return Err(format!("a stream has ended: {why}").into());
            }
            let heard = lock(&self.heard.delays).len();
            if heard >= count {
                break;
            }
            if start.elapsed() > DEADLINE {
                return Err(format!("{heard} were heard of {count}").into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut delays = std::mem::take(&mut *lock(&self.heard.delays));
        if delays.len() > count {
            return Err(format!("{} were heard of {count}", delays.len()).into());
        }
        delays.sort_by(f64::total_cmp);
        Ok(delays)
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen_to_all(
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    heard: Arc<Heard>,
    opened: oneshot::Sender<io::Result<()>>,
    stopped: oneshot::Receiver<()>,
) {
    let open = stream::iter(requests).map(|request| open(address, request)).buffer_unordered(AT_ONCE);
    let streams: io::Result<Vec<_>> = open.try_collect().await;
    let mut listening = JoinSet::new();
    let streams = match streams {
        Ok(streams) => streams,
        Err(error) => return drop(opened.send(Err(error))),
    };
    for (stream, rest) in streams {
        listening.spawn(listen(stream, rest, Arc::clone(&heard)));
    }
    let _ = opened.send(Ok(()));
    // It comes, or who would say it is gone.
    let _ = stopped.await;
}

/// Asks, and reads until an event says that it is open.
async fn open(address: SocketAddr, request: Vec<u8>) -> io::Result<(TcpStream, Vec<u8>)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&request).await?;
    let mut read = Vec::new();
    loop {
        read_more(&stream, &mut read).await?;
        if let Some(at) = find(&read, b"\nevent: open\ndata: {}\n\n") {
            // What is left is the end of a chunk.
            return Ok((stream, read.split_off(at)));
        }
    }
}

async fn listen(stream: TcpStream, mut read: Vec<u8>, heard: Arc<Heard>) {
    let why = loop {
        if let Err(error) = read_more(&stream, &mut read).await {
            break format!("{error}, after {}", String::from_utf8_lossy(&read));
        }
        let now = heard.since.elapsed();
        while let Some(end) = find(&read, END) {
            let event: Vec<u8> = read.drain(..end + END.len()).collect();
            if let Some(sent) = moment(&event) {
                lock(&heard.delays).push(now.saturating_sub(sent).as_secs_f64() * 1e3);
            }
        }
    };
    *lock(&heard.gone) = Some(why);
}

/// Nobody has room of its own while it waits.
async fn read_more(stream: &TcpStream, read: &mut Vec<u8>) -> io::Result<()> {
    loop {
        stream.readable().await?;
        let mut room = [0; 4096];
        match stream.try_read(&mut room) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                read.extend_from_slice(&room[..count]);
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

fn find(read: &[u8], what: &[u8]) -> Option<usize> {
    read.windows(what.len()).position(|window| window == what)
}

/// When this was sent, if it is a message.
fn moment(event: &[u8]) -> Option<Duration> {
    let digits = &event[find(event, BODY)? + BODY.len()..];
    let digits = digits.iter().take_while(|digit| digit.is_ascii_digit());
    let nanos = digits.fold(None, |value: Option<u64>, digit| Some(value.unwrap_or(0) * 10 + u64::from(digit - b'0')));
    Some(Duration::from_nanos(nanos?))
}
