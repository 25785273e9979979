//! The beats of this process: one connection, one beat at a time, for as long as it lives.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc::UnboundedReceiver, time::timeout};
use tokio_postgres::{Client, Notification};
use tracing::{info, warn};
use uuid::Uuid;

use super::{Break, Duty, Wishes, boot, hooks::Point, memory::Memory};
use crate::{
    db::{
        self,
        connect::Target,
        fresh::{
            CHANNEL,
            beat::{Brought, Drum, Identity},
        },
        store::{GUARD, OPERATOR},
    },
    domain::fresh::{Bound, Course, Lost, Sent},
};

/// How long to wait before the database is connected to again.
const REST: Duration = Duration::from_millis(100);
/// A beat is a durable write: what it says must not be lost in a crash.
const OPTIONS: &str = "-c synchronous_commit=on -c default_transaction_isolation=read\\ committed";

/// Who beats.
pub(super) struct Beats {
    target: Target,
    duty: Duty,
    bound: Bound,
    memory: Arc<Memory>,
    who: Identity,
    course: Option<Course>,
    /// The number of the last beat: the row of this process takes no smaller one.
    number: i64,
}

impl Beats {
    pub(super) fn new(target: &Target, wishes: &Wishes, memory: Arc<Memory>) -> Self {
        let hold = i32::try_from(wishes.bound.hold().as_millis()).unwrap_or(i32::MAX);
        let who = Identity { boot: new_boot(), name: wishes.name.clone(), hold };
        let role = if wishes.duty == Duty::Guard { GUARD } else { OPERATOR };
        let target = target.as_role(role).with_options(OPTIONS);
        Self { target, duty: wishes.duty, bound: wishes.bound, memory, who, course: None, number: 0 }
    }

    /// Beats for ever.
    pub(super) async fn run(&mut self) {
        self.memory.meters().beats_begin();
        loop {
            let Err(error) = self.session().await;
            self.memory.meters().beat_failed();
            self.memory.tell_of_lapse();
            warn!(%error, "the connection on which changes are heard has ended; it is made anew");
            tokio::time::sleep(REST).await;
        }
    }

    /// Takes the row of this process away: nobody has to wait for who trusts nothing any more.
    pub(super) async fn leave(&self) {
        self.memory.distrust();
        let leave = async {
            let drum = self.drum(self.target.connect().await?).await?;
            Ok::<_, Break>(drum.leave(self.who.boot).await?)
        };
        if !matches!(timeout(self.bound.patience(), leave).await, Ok(Ok(()))) {
            info!("the row of this replica stays behind: a revocation may wait for it once");
        }
    }

    async fn drum(&self, client: Client) -> Result<Drum, db::Error> {
        match self.duty {
            Duty::Serve => Drum::new(client).await,
            Duty::Guard => Drum::of_guard(client).await,
        }
    }

    async fn session(&mut self) -> Result<std::convert::Infallible, Break> {
        let connect = async {
            let (client, heard) = self.target.connect_hearing().await?;
            client.batch_execute(&format!("LISTEN {CHANNEL}")).await.map_err(db::Error::from)?;
            Ok::<_, Break>((self.drum(client).await?, heard))
        };
        let (drum, mut heard) = self.soon(connect).await?;
        self.go_on(&drum).await?;
        loop {
            let is_more_to_say = self.beat(&drum).await?;
            if !is_more_to_say {
                self.rest(&mut heard).await?;
            }
        }
    }

    /// Until the next beat is due, or somebody calls. Calls that came meanwhile are one call.
    async fn rest(&self, heard: &mut UnboundedReceiver<Notification>) -> Result<(), Break> {
        tokio::select! {
            called = heard.recv() => called.map(drop).ok_or(Break::Closed)?,
            () = tokio::time::sleep(self.bound.beat()) => {}
        }
        while heard.try_recv().is_ok() {}
        Ok(())
    }

    /// A new connection: it may lead to another server than the one before.
    async fn go_on(&mut self, drum: &Drum) -> Result<(), Break> {
        let here = self.soon(async { Ok(drum.begin().await?) }).await?;
        match self.course.as_ref().map(|course| course.ensure_goes_on(&here.server)) {
            Some(Ok(())) => Ok(()),
            Some(Err(lost)) => self.begin(drum, Some(lost)).await,
            None => self.begin(drum, None).await,
        }
    }

    /// Trusts nothing, reads where the database stands, and only then forgets everything: a look-up that began before the
    /// snapshot may lack a change that the snapshot has.
    async fn begin(&mut self, drum: &Drum, lost: Option<Lost>) -> Result<(), Break> {
        self.course = None;
        self.memory.tell_of_lapse();
        self.memory.distrust();
        if let Some(lost) = lost {
            warn!(reason = %lost, "all that was remembered is forgotten");
            self.memory.meters().reset(lost);
        }
        if lost == Some(Lost::NotOurs) {
            (self.who.boot, self.number) = (new_boot(), 0);
        }
        self.memory.hooks().at(Point::CourseBegins).await;
        let applied = self.soon(async { Ok(drum.begin().await?) }).await?;
        self.memory.hooks().at(Point::CourseRead).await;
        self.memory.forget(&applied.server);
        self.course = Some(Course::begin(self.bound, self.number, applied));
        Ok(())
    }

    /// Beats once; tells whether to beat again at once.
    async fn beat(&mut self, drum: &Drum) -> Result<bool, Break> {
        let Some(course) = &mut self.course else { return Err(Break::Closed) };
        let sent = course.send(boot());
        self.number = sent.number;
        self.memory.hooks().at(Point::BeatSent).await;
        let brought = self.soon(async { Ok(drum.beat(&self.who, &sent).await?) }).await?;
        let acknowledged = boot();
        self.memory.hooks().at(Point::Acknowledged).await;
        let Some(course) = &mut self.course else { return Err(Break::Closed) };
        match course.ensure_follows(&brought.heard) {
            Ok(()) => Ok(self.take_up(&sent, brought, acknowledged).await),
            Err(lost) => self.begin(drum, Some(lost)).await.map(|()| true),
        }
    }

    /// Applies first, and trusts only then.
    async fn take_up(&mut self, sent: &Sent, brought: Brought, acknowledged: crate::domain::fresh::Tick) -> bool {
        let Some(course) = &mut self.course else { return true };
        let Brought { heard, changes, clock } = brought;
        self.memory.apply(&changes);
        self.memory.hooks().at(Point::Applied).await;
        let applied = heard.now.clone();
        let trust = course.take_up(sent, heard, acknowledged, !changes.is_empty());
        self.memory.tell_of_lapse();
        self.memory.publish(&applied, sent.at, clock, trust);
        self.memory.meters().acknowledged(sent.at, changes.len());
        trust.is_more_to_say
    }

    /// What does not come soon is given up, with the connection: the database may go on with it.
    async fn soon<T>(&self, work: impl Future<Output = Result<T, Break>>) -> Result<T, Break> {
        timeout(self.bound.patience(), work).await.unwrap_or(Err(Break::Late))
    }
}

/// By chance, and never read from the machine: copies of a machine, and two processes on one, must differ.
fn new_boot() -> Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}
