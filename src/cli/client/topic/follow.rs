//! `meshkey topic follow`: every message once and as it comes, over as many connections as that takes.

use std::{io, os::fd::AsFd as _, time::Duration};

use clap::Args;
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::{
    io::Interest,
    net::unix::pipe::Sender,
    time::{Instant, sleep},
};

use super::{
    super::{
        super::{Failure, Outcome},
        ask::Ask,
        connection::Client,
        print::text,
        stream::events,
    },
    One, own_mesh,
};

/// The longest that it waits before it comes back.
const LONGEST: Duration = Duration::from_secs(30);

/// Print each message as it is sent, until it is interrupted.
#[derive(Args)]
pub(super) struct Follow {
    #[command(flatten)]
    one: One,
    /// Begin behind the message of this number, with 0 at the first; with the next that is sent if nothing is said
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
}

impl Follow {
    /// Follows.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let mesh = own_mesh(client).await?;
        let stream = Ask::get(&["v1", "meshes", &mesh, "topics", self.one.name(), "stream"]);
        let ask = stream.clone().query("after", self.after.map(|after| after.to_string()));
        if client.flags.print_curl {
            return client.act(&ask).await.map(|_| Outcome::Done);
        }
        let mut follower = Follower { client, stream, last: self.after, waits: Waits::new(), is_told: false };
        let following = async {
            let response = client.stream(&ask).await?;
            client.say(&format!("following #{} in {mesh}", self.one.name()));
            follower.follow(response).await
        };
        tokio::select! {
            failure = following => Err(failure.map_or_else(|failure| failure, |never| match never {})),
            () = reader_is_gone() => Err(Failure::Closed),
        }
    }
}

/// Comes true when nobody reads what is printed any more, though nothing is printed; never where that cannot be seen, as of a file.
async fn reader_is_gone() {
    // A second name of it, which is watched and never written to: what holds for the first, such as that it blocks, stays so.
    let out = io::stdout().as_fd().try_clone_to_owned().and_then(Sender::from_owned_fd_unchecked);
    match out {
        Ok(out) if out.ready(Interest::ERROR).await.is_ok() => {}
        _ => std::future::pending().await,
    }
}

/// What never comes.
enum Never {}

/// Why there is no more for now.
struct Pause {
    why: String,
    /// Whether it was the key that was judged, so that to ask again is to be told.
    is_judged: bool,
}

struct Follower<'a> {
    client: &'a Client,
    stream: Ask,
    /// The last that was printed, or behind which it was opened.
    last: Option<i64>,
    waits: Waits,
    /// Whether it was said that it is away.
    is_told: bool,
}

impl Follower<'_> {
    async fn follow(&mut self, mut response: reqwest::Response) -> Result<Never, Failure> {
        loop {
            let opened = Instant::now();
            let pause = self.listen(response).await?;
            if opened.elapsed() > LONGEST {
                self.go_on();
            }
            response = self.come_back(pause).await?;
        }
    }

    /// Prints what comes, and gives why no more does.
    async fn listen(&mut self, response: reqwest::Response) -> Result<Pause, Failure> {
        let mut events = events(response);
        while let Some(event) = events.next().await {
            let event = match event {
                Ok(event) => event,
                Err(error) => return Ok(Pause { why: cause(&error), is_judged: false }),
            };
            self.waits.ask_for(event.retry);
            let data = event.data.as_deref().unwrap_or_default();
            match event.event.as_deref() {
                Some("open") if self.last.is_none() => self.last = Some(seq(event.id.as_deref())?),
                Some("message") => self.print(seq(event.id.as_deref())?, data)?,
                Some("end") => return Ok(ended(data)),
                _ => {}
            }
        }
        Ok(Pause { why: "the connection was closed".to_owned(), is_judged: false })
    }

    fn print(&mut self, seq: i64, data: &str) -> Result<(), Failure> {
        if self.last.is_some_and(|last| seq <= last) {
            return Ok(());
        }
        let message = serde_json::from_str(data).map_err(|_| unknown())?;
        self.client.show_text(data, &message, "id", |message| vec![words(message)])?;
        self.last = Some(seq);
        self.go_on();
        Ok(())
    }

    /// It goes on: what went wrong is over.
    fn go_on(&mut self) {
        self.waits.begin_anew();
        self.is_told = false;
    }

    /// Opens it again behind what was printed, however often that has to be tried. A refusal is the end: who was here before may
    /// still hold the place that there is, so that too many is none.
    async fn come_back(&mut self, pause: Pause) -> Result<reqwest::Response, Failure> {
        let (ask, behind) = match self.last {
            Some(last) => (self.stream.clone().header("Last-Event-ID", &last.to_string()), format!(", behind #{last}")),
            None => (self.stream.clone(), String::new()),
        };
        let mut at_once = pause.is_judged && self.waits.are_new();
        loop {
            let wait = self.waits.next();
            if !std::mem::take(&mut at_once) {
                if !std::mem::replace(&mut self.is_told, true) {
                    self.client.say(&format!("{}: coming back{behind}", pause.why));
                }
                sleep(wait).await;
            }
            match self.client.stream(&ask).await {
                Err(Failure::Unavailable(_) | Failure::Refused { code: 8 | 9, .. }) => {}
                done => return done,
            }
        }
    }
}

fn unknown() -> Failure {
    Failure::Other("the answer is none of Meshkey's; is the URL right?".to_owned())
}

/// The number of a message.
fn seq(id: Option<&str>) -> Result<i64, Failure> {
    id.and_then(|id| id.parse().ok()).ok_or_else(unknown)
}

/// What the last event says.
fn ended(data: &str) -> Pause {
    let told: Value = serde_json::from_str(data).unwrap_or_default();
    if told["code"] == "stopping" {
        return Pause { why: "the server stops".to_owned(), is_judged: false };
    }
    Pause { why: format!("the stream was ended: {}", text(&told, "title")), is_judged: true }
}

/// The innermost of what went wrong.
fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// `2026-11-23T09:10:11Z  #7  ci  done`, in one line.
fn words(message: &Value) -> String {
    let at = text(message, "created_at");
    let at = at.split_once('.').map_or_else(|| at.clone(), |(seconds, _)| format!("{seconds}Z"));
    let line = format!("{at}  #{}  {}  {}", text(message, "seq"), text(message, "author.label"), text(message, "body"));
    line.replace('\n', " ")
}

/// How long to wait, longer each time.
struct Waits {
    first: Duration,
    times: u32,
}

impl Waits {
    const fn new() -> Self {
        Self { first: Duration::from_secs(2), times: 0 }
    }

    /// So the service wants it.
    fn ask_for(&mut self, retry: Option<u64>) {
        if let Some(retry) = retry {
            self.first = Duration::from_millis(retry).clamp(Duration::from_millis(100), LONGEST);
        }
    }

    const fn are_new(&self) -> bool {
        self.times == 0
    }

    const fn begin_anew(&mut self) {
        self.times = 0;
    }

    /// Twice as long as the last time, and not to the same moment as all others who were cut off with us.
    fn next(&mut self) -> Duration {
        let long = self.first.saturating_mul(1 << self.times.min(16)).min(LONGEST);
        self.times = self.times.saturating_add(1);
        long.mul_f64(rand::random_range(0.75..1.25))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_longer_each_time_and_never_for_ever() {
        let mut waits = Waits::new();
        for retry in [None, Some(0), Some(u64::MAX)] {
            waits.ask_for(retry);
            waits.begin_anew();
            let about = waits.first;
            assert!((Duration::from_millis(100)..=LONGEST).contains(&about));
            let all: Vec<Duration> = (0..300).map(|_| waits.next()).collect();
            assert!(all[0] >= about.mul_f64(0.75) && all.iter().all(|wait| *wait <= LONGEST.mul_f64(1.25)));
            assert!(all[299] >= LONGEST.mul_f64(0.75) && !waits.are_new());
        }
    }

    #[test]
    fn a_message_is_one_line_and_steers_nothing() {
        let message = serde_json::json!({
            "created_at": "2026-11-23T09:10:11.123456Z", "seq": 7, "author": { "label": "a\u{1b}[2Jb\nc" }, "body": { "x": "\u{9b}1\n" },
        });
        assert_eq!(words(&message), "2026-11-23T09:10:11Z  #7  a\u{fffd}[2Jb c  {\"x\":\"\u{fffd}1\\n\"}");
    }
}
