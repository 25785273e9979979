//! The receiving end: a mail server that speaks as much SMTP as it takes to be given a mail, and keeps what it was given.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
};

use crate::tools::eventually;

/// A mail, as it came.
#[derive(Debug, Clone)]
pub struct Mail {
    pub from: String,
    pub to: String,
    /// Its head and its text, as it was before it was made fit for the way.
    pub head: String,
    pub text: String,
}

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    /// What it says to every `RCPT`, where it is not content.
    refusal: Option<String>,
    asked: usize,
}

/// A mail server.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = Arc::clone(&receiver.state);
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(serve(line, Arc::clone(&state)));
            }
        });
        receiver
    }

    /// The setting of a service that hands mail to it.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// From now on it takes nothing, and says why; or takes all again.
    pub fn refuse(&self, why: Option<&str>) {
        self.state.lock().unwrap().refusal = why.map(str::to_owned);
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.state.lock().unwrap().mails.clone()
    }

    /// How often somebody wanted to hand over a mail.
    pub fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    /// The mails, as soon as there are so many.
    pub async fn received(&self, count: usize) -> Vec<Mail> {
        eventually("the mail comes", async || Some(self.mails()).filter(|mails| mails.len() >= count)).await
    }
}

async fn say(line: &mut OwnedWriteHalf, text: &str) -> Option<()> {
    line.write_all(format!("{text}\r\n").as_bytes()).await.ok()
}

/// Speaks with one client until it goes (RFC 5321).
async fn serve(line: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let (read, mut write) = line.into_split();
    let mut lines = BufReader::new(read).lines();
    say(&mut write, "220 mail.example ready").await?;
    let (mut from, mut to) = (String::new(), String::new());
    while let Ok(Some(said)) = lines.next_line().await {
        let word = said.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        match word.as_str() {
            "EHLO" => say(&mut write, "250-mail.example\r\n250 8BITMIME").await?,
            "MAIL" => {
                from = between(&said);
                say(&mut write, "250 fine").await?;
            }
            "RCPT" => {
                to = between(&said);
                let refusal = {
                    let mut state = state.lock().unwrap();
                    state.asked += 1;
                    state.refusal.clone()
                };
                say(&mut write, refusal.as_deref().unwrap_or("250 fine")).await?;
            }
            "DATA" => {
                say(&mut write, "354 go on").await?;
                let mut raw = Vec::new();
                while let Ok(Some(part)) = lines.next_line().await {
                    if part == "." {
                        break;
                    }
                    raw.push(part.strip_prefix('.').unwrap_or(&part).to_owned());
                }
                let raw = raw.join("\n");
                let (head, text) = raw.split_once("\n\n").unwrap_or((&raw, ""));
                let mail = Mail { from: from.clone(), to: to.clone(), head: head.to_owned(), text: plain(head, text) };
                state.lock().unwrap().mails.push(mail);
                say(&mut write, "250 taken").await?;
            }
            "QUIT" => {
                say(&mut write, "221 bye").await?;
                return None;
            }
            _ => say(&mut write, "250 fine").await?,
        }
    }
    None
}

fn between(said: &str) -> String {
    let (_, rest) = said.split_once('<').unwrap_or_default();
    rest.split('>').next().unwrap_or_default().to_owned()
}

/// The text without quoted-printable (RFC 2045, 6.7), where it is in that.
fn plain(head: &str, text: &str) -> String {
    if !head.to_lowercase().contains("quoted-printable") {
        return text.to_owned();
    }
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = (first == b'=').then(|| after.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = code.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = if byte.is_some() { &after[2..] } else { after };
        bytes.push(byte.unwrap_or(first));
    }
    String::from_utf8(bytes).unwrap()
}
