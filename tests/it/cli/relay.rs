//! A line between a client and a service, which can be cut, turned elsewhere, and made to lose answers.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// The line.
pub struct Relay {
    base: String,
    line: Arc<Line>,
}

struct Line {
    to: Mutex<Option<String>>,
    cuts: watch::Sender<()>,
    turned_away: AtomicUsize,
    to_lose: AtomicUsize,
}

impl Relay {
    /// One that leads to this service.
    pub async fn to(base: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_here = format!("http://{}", listener.local_addr().unwrap());
        let line = Arc::new(Line {
            to: Mutex::default(),
            cuts: watch::Sender::new(()),
            turned_away: AtomicUsize::new(0),
            to_lose: AtomicUsize::new(0),
        });
        let relay = Self { base: base_here, line: Arc::clone(&line) };
        relay.turn_to(Some(base));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&line).carry(client));
            }
        });
        relay
    }

    /// Where it begins.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Where it leads from now on.
    pub fn turn_to(&self, base: Option<&str>) {
        *self.line.to.lock().unwrap() = base.map(|base| base.strip_prefix("http://").unwrap().to_owned());
    }

    /// Cuts all that is open.
    pub fn cut(&self) {
        self.line.cuts.send_replace(());
    }

    /// How many found nobody.
    pub fn turned_away(&self) -> usize {
        self.line.turned_away.load(Ordering::Relaxed)
    }

    /// The next so many answers do not arrive.
    pub fn lose_answers(&self, count: usize) {
        self.line.to_lose.store(count, Ordering::Relaxed);
    }
}

impl Line {
    async fn carry(self: Arc<Self>, mut client: TcpStream) {
        let mut cuts = self.cuts.subscribe();
        let Some(to) = self.to.lock().unwrap().clone() else {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let mut server = TcpStream::connect(to).await.unwrap();
        let one_less = |left: usize| left.checked_sub(1);
        if self.to_lose.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
            let mut asked = [0; 16 * 1024];
            let count = client.read(&mut asked).await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut server, &asked[..count]).await.unwrap();
            // It has answered.
            server.readable().await.unwrap();
            return;
        }
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => {}
            _ = cuts.changed() => {}
        }
    }
}
