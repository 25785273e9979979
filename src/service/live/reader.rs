//! Somebody who listens to a topic: from where it was on, every message once, for as long as its key may read there.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    time::{Instant, sleep_until},
};

use super::{hub::Line, places::Seat, still::Still};
use crate::{
    db::{live::Place, messages, topics},
    domain::{OrgId, page::Limit, peer::Via},
    service::{Admitted, House, Refusal},
};

/// How long it may be quiet until something is said, so that everybody on the way knows that somebody is still there.
const QUIET: Duration = Duration::from_secs(15);

/// What came.
#[derive(Debug)]
pub enum Heard {
    /// A message.
    Line(Line),
    /// Nothing for a while.
    Nothing,
    /// More came than was taken: it goes on from the log, behind this number, and nothing is missing.
    Behind(i64),
}

/// Why it ended.
#[derive(Debug)]
pub enum Ended {
    /// The key may not any more, or it could not be told.
    Refused(Refusal),
    /// The server stops.
    Stopping,
}

/// Somebody who listens.
pub struct Reader {
    house: Arc<House>,
    still: Still,
    org: OrgId,
    place: Place,
    last: i64,
    /// Whether there may be more in the log than the line has.
    is_behind: bool,
    is_to_be_told: bool,
    read: VecDeque<Line>,
    line: broadcast::Receiver<Line>,
    closing: watch::Receiver<bool>,
    spoke: Instant,
    _seat: Seat,
}

impl Reader {
    /// Listens to the topic of the request: behind a number, or from now on. With the number stands where the request has it.
    pub async fn open(
        house: Arc<House>,
        by: Admitted,
        via: Via,
        after: Option<(i64, &'static str)>,
    ) -> Result<Self, Refusal> {
        let (org, mesh, topic) = (by.org(), by.mesh_id()?, by.topic()?.clone());
        let seat = house.live.take(&by, Some(topic.clone()), via)?;
        let end = house.look(org, async |transaction| {
            Ok(topics::show(transaction, org, mesh, &topic).await?.ok_or(Refusal::NotFound)?.last_seq)
        });
        let (end, place) = (end.await?, (mesh, topic));
        if let Some((_, place)) = after.filter(|(after, _)| *after > end) {
            return Err(Refusal::invalid(place, format!("the last message of this topic has the number {end}")));
        }
        // Only then, and from the log up to there: what comes meanwhile is in one of the two.
        let line = house.live.hub.listen(org, &place, end);
        let closing = house.live.closing.subscribe();
        let last = after.map_or(end, |(after, _)| after);
        Ok(Self {
            still: Still::new(Arc::clone(&house), by)?,
            org,
            place,
            last,
            is_behind: true,
            is_to_be_told: false,
            read: VecDeque::new(),
            line,
            closing,
            spoke: Instant::now(),
            _seat: seat,
            house,
        })
    }

    /// The number of the message behind which it begins or goes on.
    #[must_use]
    pub const fn last(&self) -> i64 {
        self.last
    }

    /// The next that comes, or why nothing does any more.
    pub async fn next(&mut self) -> Result<Heard, Ended> {
        let heard = self.hear().await?;
        // Between hearing and handing on nothing is waited for but this: what was revoked by then hears nothing any more.
        self.ensure_still().await?;
        self.spoke = Instant::now();
        if let Heard::Line(line) = &heard {
            self.last = line.seq;
            self.house.meters.streamed();
        }
        Ok(heard)
    }

    /// Judges the key once more, where what came could not be handed on at once.
    pub async fn ensure_still(&mut self) -> Result<(), Ended> {
        self.still.ensure().await.map_err(Ended::Refused)
    }

    async fn hear(&mut self) -> Result<Heard, Ended> {
        loop {
            if *self.closing.borrow() {
                return Err(Ended::Stopping);
            }
            if std::mem::take(&mut self.is_to_be_told) {
                return Ok(Heard::Behind(self.last));
            }
            if let Some(line) = self.read.pop_front() {
                return Ok(Heard::Line(line));
            }
            if self.is_behind {
                // Once, and then it listens for hours: not to have room for both.
                Box::pin(self.read_on()).await.map_err(Ended::Refused)?;
                continue;
            }
            tokio::select! {
                biased;
                _ = self.closing.changed() => {}
                line = self.line.recv() => match line {
                    Ok(line) if line.seq <= self.last => {}
                    Ok(line) if line.seq == self.last + 1 => return Ok(Heard::Line(line)),
                    Ok(_) => self.is_behind = true,
                    Err(RecvError::Lagged(_)) => {
                        (self.is_behind, self.is_to_be_told) = (true, true);
                        self.house.meters.fell_behind();
                    }
                    // Nobody hands out any more.
                    Err(RecvError::Closed) => return Err(Ended::Stopping),
                },
                () = self.still.called() => self.ensure_still().await?,
                () = sleep_until(self.spoke + QUIET) => return Ok(Heard::Nothing),
            }
        }
    }

    /// Reads on in the log.
    async fn read_on(&mut self) -> Result<(), Refusal> {
        self.still.ensure().await?;
        let (org, last, limit) = (self.org, self.last, Limit::LIVE);
        let (mesh, topic) = &self.place;
        let look = self
            .house
            .look(org, async |transaction| Ok(messages::after(transaction, org, *mesh, topic, last, limit).await?));
        let mut found = look.await?;
        self.is_behind = found.len() > limit.get();
        found.truncate(limit.get());
        self.read.extend(found.iter().map(Line::of));
        Ok(())
    }
}
