//! Take the audit along: every event that is wanted, the oldest first, as of one instant, a part at a time.
//!
//! A task of its own reads ahead by one part, on a connection that no other request waits for, and ends when nobody takes
//! its parts any more. Before each part the caller is judged again: a key that is revoked meanwhile gets no further.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use thiserror::Error;
use tokio::{sync::mpsc, time::timeout};
use tracing::info;

use super::{confined, ensure_everywhere};
use crate::{
    db::{
        self,
        audit::{Filter, list, walk},
        store::{Walker, begin, begin_snapshot},
    },
    domain::{
        Capability, Moment, OrgId, Owner, Requirement,
        audit::{Action, Change, Event, Subject},
    },
    service::{
        Admitted, House, Refusal, authority,
        house::{Mode, record},
        patience::in_time,
    },
};

/// How long an export may take as a whole.
pub const LIFE: Duration = Duration::from_mins(10);
/// How long it waits for the client to take the next part.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How many events a part has at most.
const PART: u32 = 500;
/// How many places of the chain one query looks at: however few events are wanted, none takes long.
const STRETCH: i64 = 20_000;

/// Why an export ends before its end.
#[derive(Debug, Error)]
pub enum Cut {
    /// It could not go on.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It took longer than it may, or the client took too long to take a part.
    #[error("it was not taken in time")]
    Late,
    /// Nobody takes it any more.
    #[error("the client is gone")]
    Gone,
}

impl From<db::Error> for Cut {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// A part; none at the end.
type Part = Option<Vec<Event>>;

/// An export under way. It ends when it is dropped.
pub struct Export {
    first: Option<Part>,
    rest: mpsc::Receiver<Result<Part, Cut>>,
}

impl Export {
    /// The next part; none behind the last. An error means that it is not whole, and that nothing follows.
    pub async fn next(&mut self) -> Result<Part, Cut> {
        match self.first.take() {
            Some(first) => Ok(first),
            None => self.rest.recv().await.unwrap_or(Err(Cut::Late)),
        }
    }
}

/// Begins an export of the events that are wanted, in this format. What can be refused is refused here, before its first part; and
/// that they were taken along is written down before the first of them goes out, unless it is only tried.
pub async fn export(
    house: Arc<House>,
    by: Admitted,
    (wanted, mesh): (&Filter, Option<&str>),
    format: &'static str,
    mode: Mode,
) -> Result<Export, Refusal> {
    ensure_everywhere(&by)?;
    let (turn, client) =
        in_time::<_, Refusal>(async { Ok((house.walks.take(by.org()).await?, house.store.walker().await?)) }).await?;
    let filter = house
        .within(by.org(), mode, async |transaction| {
            authority::hold(transaction, &by).await?;
            let filter = confined(transaction, &by, wanted, mesh).await?;
            record(transaction, by.org(), by.actor(), by.trail(), taken_along(by.org(), &filter, format)).await?;
            Ok(filter)
        })
        .await?;
    let (hand, mut rest) = mpsc::channel(1);
    let work = Work { house, by, filter, hand };
    tokio::spawn(async move {
        let done = timeout(LIFE, work.read(client)).await.unwrap_or(Err(Cut::Late));
        drop(turn);
        work.end(done).await;
    });
    let first = in_time::<_, Refusal>(async {
        match rest.recv().await {
            Some(Ok(part)) => Ok(part),
            Some(Err(Cut::Refused(refusal))) => Err(refusal),
            Some(Err(Cut::Late | Cut::Gone)) | None => Err(Refusal::TooLong),
        }
    })
    .await?;
    Ok(Export { first: Some(first), rest })
}

/// That events were taken along: of the org or of a mesh, and by which filters. Not whom these name: that is whatever the caller has
/// said, and need not be of this org at all.
fn taken_along(org: OrgId, filter: &Filter, format: &'static str) -> Change {
    let subject = match filter.mesh {
        Some(mesh) => Subject { kind: "mesh", id: mesh.to_string() },
        None => Subject { kind: "org", id: org.to_string() },
    };
    let by = [
        ("actor", filter.actor_id.is_some() || filter.actor_kind.is_some()),
        ("subject", filter.subject.is_some()),
        ("address", filter.addresses.is_some()),
        ("request_id", filter.request_id.is_some()),
    ];
    let by: Vec<_> = by.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name).collect();
    let after = json!({
        "format": format, "filtered_by": by, "actions": filter.actions, "since": filter.since.map(Moment::from),
        "until": filter.until.map(Moment::from),
    });
    Change { action: Action::AuditExported, subject, mesh: filter.mesh, before: None, after: Some(after) }
}

/// The task that reads.
struct Work {
    house: Arc<House>,
    by: Admitted,
    filter: Filter,
    hand: mpsc::Sender<Result<Part, Cut>>,
}

impl Work {
    async fn read(&self, mut client: Walker) -> Result<(), Cut> {
        let org = self.by.org();
        let snapshot = begin_snapshot(client.connection()?, org).await?;
        let end = walk::end(&snapshot, org).await?.seq;
        let mut seq = 0;
        while seq < end {
            let last = end.min(seq + STRETCH);
            let part = in_time(list::after(&snapshot, org, &self.filter, (seq, last), PART.into())).await?;
            seq = match part.last() {
                Some(event) if part.len() == PART as usize => event.seq,
                _ => last,
            };
            self.hand_over(part).await?;
        }
        snapshot.commit().await.map_err(db::Error::from)?;
        client.give_back();
        Ok(())
    }

    async fn hand_over(&self, part: Vec<Event>) -> Result<(), Cut> {
        if self.hand.is_closed() {
            return Err(Cut::Gone);
        }
        if part.is_empty() {
            return Ok(());
        }
        in_time(self.ensure_still()).await?;
        match timeout(PATIENCE, self.hand.send(Ok(Some(part)))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Cut::Gone),
            Err(_) => Err(Cut::Late),
        }
    }

    /// Judges the caller again, as it is now and not as the snapshot shows it.
    async fn ensure_still(&self) -> Result<(), Refusal> {
        let _turn = self.house.turns.take(self.by.org()).await?;
        let mut client = self.house.store.client().await?;
        let now = begin(&mut client, self.by.org()).await?;
        let rights = authority::again_with_rights(&now, &self.by).await?;
        let within = Owner::new(self.by.org(), self.filter.mesh);
        Ok(rights.rights().permits(&Requirement { within, capability: Capability::Admin, topic: None })?)
    }

    /// The last word waits for as long as there is somebody to hear it: nothing is held for it.
    async fn end(self, done: Result<(), Cut>) {
        if let Err(cut) = &done {
            let (by, org) = (self.by.actor().id().map(|id| id.to_string()), self.by.org().to_string());
            info!(by, org, reason = %cut, "an export was cut off");
        }
        let _ = self.hand.send(done.map(|()| None)).await;
    }
}
