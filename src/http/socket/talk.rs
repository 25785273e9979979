//! What goes on over one socket: each request is admitted like any other, and what is followed is handed on as by a stream.

use std::{convert::Infallible, sync::Arc, time::Duration};

use actix_web::ResponseError as _;
use futures_util::FutureExt as _;
use tokio::{
    sync::watch,
    task::JoinError,
    time::{Instant, Interval, MissedTickBehavior},
};
use tracing::info;
use tungstenite::protocol::frame::coding::CloseCode;

use super::{
    following::{Came, Following},
    said::Event,
    wire::{End, Frame, Gone, Wire},
};
use crate::{
    domain::{KeyId, SecretHash, audit::Trail},
    http::Problem,
    service::{
        Admitted, House, Refusal,
        live::{Ended, Heard, Seat, Still},
    },
};

/// How often they are asked whether they are there.
const PING: Duration = Duration::from_secs(15);
/// How often in a row, without any word from them, until they are taken to be gone when they would be asked again.
const UNANSWERED: u32 = 2;
/// For how long at most nothing can be handed to them.
const SLOW: Duration = Duration::from_mins(1);

/// One socket.
pub(super) struct Talk {
    pub(super) house: Arc<House>,
    wire: Wire,
    /// The mesh, as the path names it.
    pub(super) mesh: String,
    pub(super) hash: SecretHash,
    pub(super) key: KeyId,
    pub(super) trail: Trail,
    pub(super) request_id: String,
    still: Still,
    pub(super) following: Following,
    /// How often they were asked whether they are there since something was heard of them.
    asked: u32,
    /// When there was room last.
    roomy: Instant,
    closing: watch::Receiver<bool>,
    _seat: Seat,
}

/// Why it is over.
pub(super) enum Over {
    /// They have gone, or were told goodbye.
    Gone,
    /// With this code, and why.
    Close(CloseCode, &'static str),
    /// The key may not any more.
    Refused(Problem),
}

impl From<Gone> for Over {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<End> for Over {
    fn from(end: End) -> Self {
        match end {
            End::Gone => Self::Gone,
            End::Broke(code) => Self::Close(code, ""),
        }
    }
}

/// What comes next.
enum Next {
    Frame(Result<Frame, End>),
    Came(Result<Came, JoinError>),
    Look,
    Ping,
    Stop,
}

impl Talk {
    /// A socket that was let in.
    pub(super) fn new(
        house: Arc<House>,
        wire: Wire,
        by: Admitted,
        (mesh, hash): (String, SecretHash),
        seat: Seat,
    ) -> Result<Self, Refusal> {
        let (trail, closing, key) = (by.trail().clone(), house.live.closing(), by.credential()?.key);
        let request_id = trail.request_id.map(|id| id.to_string()).unwrap_or_default();
        let still = Still::new(Arc::clone(&house), by)?;
        let roomy = Instant::now();
        Ok(Self {
            house,
            wire,
            mesh,
            hash,
            key,
            trail,
            request_id,
            still,
            following: Following::default(),
            asked: 0,
            roomy,
            closing,
            _seat: seat,
        })
    }

    /// Talks until it is over.
    pub(super) async fn run(mut self) {
        let over = match self.talk().await {
            Ok(never) => match never {},
            Err(over) => over,
        };
        match over {
            Over::Gone => {}
            Over::Close(code, why) => self.wire.close(code, why).await,
            Over::Refused(problem) => {
                let (request_id, key, code) = (self.request_id, self.key.to_string(), problem.code());
                let status = problem.status_code();
                info!(request_id, key, code, status = status.as_u16(), "a socket was closed");
                let close = if status.is_server_error() { CloseCode::Again } else { CloseCode::Policy };
                self.wire.close(close, code).await;
            }
        }
    }

    async fn talk(&mut self) -> Result<Infallible, Over> {
        let mut ping = every(PING);
        self.say(&Event::Open).await?;
        loop {
            let next = tokio::select! {
                biased;
                _ = self.closing.wait_for(|is_closing| *is_closing) => Next::Stop,
                () = self.still.called() => Next::Look,
                next = next(&mut self.wire, &mut self.roomy, &mut self.following) => next,
                // Only where nothing has come that says it unasked.
                _ = ping.tick() => Next::Ping,
            };
            match next {
                Next::Stop => return Err(Over::Close(CloseCode::Away, "stopping")),
                Next::Look => self.ensure_still().await?,
                Next::Ping => self.ping().await?,
                Next::Frame(frame) => {
                    self.asked = 0;
                    self.take(frame?).await?;
                }
                Next::Came(Ok(came)) => self.hand_on(came).await?,
                Next::Came(Err(_)) => return Err(Over::Close(CloseCode::Error, "internal")),
            }
        }
    }

    async fn ping(&mut self) -> Result<(), Over> {
        if self.roomy.elapsed() > SLOW {
            return Err(Over::Close(CloseCode::Again, "too slow"));
        }
        // While there was no room nothing was read either.
        let has_room = self.wire.room().now_or_never().transpose()?.is_some();
        if has_room && self.asked >= UNANSWERED {
            return Err(Over::Close(CloseCode::Policy, "silent"));
        }
        if has_room {
            self.asked += 1;
            self.wire.ping().await?;
        }
        Ok(())
    }

    async fn ensure_still(&mut self) -> Result<(), Over> {
        self.still.ensure().await.map_err(|refusal| Over::Refused(refusal.into()))
    }

    async fn take(&mut self, frame: Frame) -> Result<(), Over> {
        match frame {
            Frame::Alive => Ok(()),
            Frame::Binary(_) => Err(Over::Close(CloseCode::Unsupported, "text alone is understood")),
            Frame::Text(text) => self.answer(&text).await,
        }
    }

    async fn hand_on(&mut self, (topic, mut reader, heard): Came) -> Result<(), Over> {
        // It may have waited for its turn, and for room, since it was judged.
        let heard = match heard {
            Ok(heard) => reader.ensure_still().await.map(|()| heard),
            Err(ended) => Err(ended),
        };
        match heard {
            Ok(Heard::Line(line)) => {
                let text = [br#"{"event":"message","message":"#, &*line.json, b"}"].concat();
                // JSON is UTF-8.
                self.wire.text(String::from_utf8(text).unwrap_or_default()).await?;
            }
            Ok(Heard::Behind(after)) => self.say(&Event::Behind { topic: &topic, after }).await?,
            Ok(Heard::Nothing) => {}
            Err(Ended::Stopping) => return Err(Over::Close(CloseCode::Away, "stopping")),
            Err(Ended::Refused(refusal)) => {
                // With the key, all of it is over.
                self.ensure_still().await?;
                self.following.end(&topic);
                let problem = Problem::from(refusal);
                let (title, _) = problem.words();
                return self.say(&Event::Ended { topic: &topic, code: problem.code(), title }).await;
            }
        }
        self.following.follow(topic, reader);
        Ok(())
    }

    /// Nothing is taken in before there is room for the answer to it, so that this does not wait.
    pub(super) async fn say(&mut self, event: &Event<'_>) -> Result<(), Over> {
        Ok(self.wire.text(serde_json::to_string(event).unwrap_or_default()).await?)
    }
}

/// What comes next, when there is room to answer it or to hand it on: of what they say and what they follow neither keeps the other out.
async fn next(wire: &mut Wire, roomy: &mut Instant, following: &mut Following) -> Next {
    if wire.room().await.is_err() {
        return Next::Frame(Err(End::Gone));
    }
    *roomy = Instant::now();
    tokio::select! {
        frame = wire.next() => Next::Frame(frame),
        Some(came) = following.next() => Next::Came(came),
    }
}

fn every(span: Duration) -> Interval {
    let mut ticks = tokio::time::interval_at(Instant::now() + span, span);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
