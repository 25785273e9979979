//! The path from a service to Meshkey: it counts connections, and can do what a broken Meshkey, or something else in its
//! place, would do.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What becomes of a connection.
#[derive(Debug, Clone)]
pub enum Mood {
    /// It leads to Meshkey.
    Passes,
    /// It is closed at the first word.
    HangsUp,
    /// Nobody answers.
    IsSilent,
    /// These bytes are the answer, whatever was asked.
    Says(String),
}

/// The path. It ends when this is dropped.
pub struct Path {
    pub base: String,
    mood: watch::Sender<Mood>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Path {
    pub async fn to(base: &str) -> Self {
        let place = base.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let ((mood, moods), connections) = (watch::channel(Mood::Passes), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Relaxed);
                tokio::spawn(serve(client, place.clone(), moods.clone()));
            }
        });
        Self { base, mood, connections, task }
    }

    /// Cuts what is open, and has it that way from now on.
    pub fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// How many there have been.
    pub fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(client: TcpStream, place: String, mut moods: watch::Receiver<Mood>) {
    let mood = moods.borrow_and_update().clone();
    tokio::select! {
        _ = answer(client, &place, mood) => {}
        _ = moods.changed() => {}
    }
}

async fn answer(mut client: TcpStream, place: &str, mood: Mood) -> io::Result<()> {
    if matches!(mood, Mood::Passes) {
        let mut server = TcpStream::connect(place).await?;
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
    let mut bytes = vec![0; 64 * 1024];
    // The question may come in two pieces; the second begins with its body.
    while client.read(&mut bytes).await? > 0 && !String::from_utf8_lossy(&bytes).contains('}') {}
    match mood {
        Mood::Says(text) => client.write_all(text.as_bytes()).await,
        Mood::IsSilent => client.read(&mut bytes).await.map(drop),
        Mood::HangsUp | Mood::Passes => Ok(()),
    }
}
