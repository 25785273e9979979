//! Who breaks things: each server has its own breaker, and the database one.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use futures_util::future::join_all;
use nix::sys::signal::Signal;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use tokio::time::{Instant, sleep};

use super::{
    load::Load,
    postgres::{Postgres, free_port, superuser},
    replica::Replica,
    wire::{DEAF, DUMB, FREE, FROZEN, Flow, Wire},
};

/// What breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A server is killed, and started again.
    Kill,
    /// A server stands still.
    Stop,
    /// Nothing passes between a server and its database.
    Freeze,
    /// The database does not hear a server.
    Deafen,
    /// A server does not hear its database.
    Mute,
    /// The connections of a server are cut, and whatever was on the way is lost.
    Cut,
    /// The database ends the connections of a server.
    Terminate,
    /// The database crashes, and is started again.
    Crash,
    /// Somebody writes in another database, and does not come to an end.
    Writer,
    /// The database gets a synchronous standby, is killed, and the standby takes its place.
    Promote,
}

const OF_SERVERS: [Fault; 7] =
    [Fault::Kill, Fault::Stop, Fault::Freeze, Fault::Deafen, Fault::Mute, Fault::Cut, Fault::Terminate];
const OF_DATABASE: [Fault; 3] = [Fault::Crash, Fault::Writer, Fault::Promote];
/// How much longer than wanted it may go on, until everything has broken once, and enough has happened meanwhile.
const EXTRA: Duration = Duration::from_mins(2);

/// The plan, which one number determines, and what was done of it.
pub struct Nemesis<'a> {
    load: &'a Load<'a>,
    dice: RefCell<StdRng>,
    deck: RefCell<Vec<Fault>>,
    done: RefCell<BTreeMap<Fault, usize>>,
    /// Of the database that is the primary.
    port: Cell<u16>,
    until: Instant,
}

impl<'a> Nemesis<'a> {
    pub fn new(load: &'a Load<'a>, seed: u64, length: Duration) -> Self {
        Self {
            load,
            dice: RefCell::new(StdRng::seed_from_u64(seed)),
            deck: RefCell::default(),
            done: RefCell::default(),
            port: Cell::default(),
            until: Instant::now() + length,
        }
    }

    /// Breaks things until its time is over, and mends each.
    pub async fn run(&self, postgres: &mut Postgres, wires: &[Wire], replicas: &mut [Replica]) {
        self.port.set(postgres.port);
        let servers = replicas.iter_mut().zip(wires).map(|(replica, wire)| self.break_server(replica, wire));
        tokio::join!(join_all(servers), self.break_database(postgres, wires));
    }

    /// What was done, and how often.
    pub fn done(&self) -> BTreeMap<Fault, usize> {
        self.done.borrow().clone()
    }

    async fn break_server(&self, replica: &mut Replica, wire: &Wire) {
        while !self.is_over() {
            self.pass(300..2000).await;
            let fault = self.draw();
            match fault {
                Fault::Kill => {
                    replica.kill().await;
                    replica.start().await;
                }
                Fault::Stop => {
                    replica.signal(Signal::SIGSTOP);
                    self.pass(0..3000).await;
                    replica.signal(Signal::SIGCONT);
                }
                Fault::Freeze => self.hold(wire, FROZEN).await,
                Fault::Deafen => self.hold(wire, DEAF).await,
                Fault::Mute => self.hold(wire, DUMB).await,
                Fault::Terminate => terminate(self.port.get(), &replica.name).await,
                _ => wire.cut(),
            }
            self.count(fault);
        }
    }

    async fn break_database(&self, postgres: &mut Postgres, wires: &[Wire]) {
        while !self.is_over() {
            for fault in OF_DATABASE {
                self.pass(1000..4000).await;
                match fault {
                    Fault::Crash => {
                        postgres.crash(Signal::SIGQUIT).await;
                        postgres.start().await;
                    }
                    Fault::Promote => self.fail_over(postgres, wires).await,
                    _ => self.write_elsewhere(postgres).await,
                }
                self.count(fault);
            }
        }
    }

    async fn fail_over(&self, postgres: &mut Postgres, wires: &[Wire]) {
        let standby = postgres.standby(free_port(), postgres.port).await;
        self.pass(0..1000).await;
        postgres.crash(Signal::SIGKILL).await;
        standby.promote().await;
        for wire in wires {
            wire.cut();
            wire.lead(standby.port);
        }
        self.port.set(standby.port);
        *postgres = standby;
    }

    /// Holds a wire so for a while. What was on the way arrives late.
    async fn hold(&self, wire: &Wire, flow: Flow) {
        wire.set(flow);
        self.pass(0..3000).await;
        wire.set(FREE);
    }

    async fn write_elsewhere(&self, postgres: &Postgres) {
        let db = postgres.sql("postgres").await.unwrap();
        db.batch_execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
        self.pass(2000..4000).await;
        db.batch_execute("ROLLBACK").await.unwrap();
    }

    /// The next card of a deck that has all of them, so that none stays away for long.
    fn draw(&self) -> Fault {
        let mut deck = self.deck.borrow_mut();
        if deck.is_empty() {
            deck.extend(OF_SERVERS);
            deck.shuffle(&mut *self.dice.borrow_mut());
        }
        deck.pop().unwrap()
    }

    async fn pass(&self, milliseconds: std::ops::Range<u64>) {
        let length = self.dice.borrow_mut().random_range(milliseconds);
        sleep(Duration::from_millis(length)).await;
    }

    fn count(&self, fault: Fault) {
        *self.done.borrow_mut().entry(fault).or_default() += 1;
    }

    fn is_over(&self) -> bool {
        let all = OF_SERVERS.len() + OF_DATABASE.len();
        let now = Instant::now();
        let is_enough = || self.done.borrow().len() == all && self.load.has_enough();
        now >= self.until + EXTRA || now >= self.until && is_enough()
    }
}

async fn terminate(port: u16, name: &str) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    // The database may be down at this moment.
    if let Some(db) = superuser(port, "postgres").await {
        let _ = db.query(end, &[&name]).await;
    }
}
