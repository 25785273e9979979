//! From a primary to its synchronous standby, under load: no end that was answered is lost, and none comes back to life.

use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::timeout;

use super::{
    asking::{Road, done},
    history::Outcome,
    keys::Way,
    load::Load,
    postgres::{Postgres, free_port},
    replica::{Replica, url_of_two},
    town::Town,
    wire::{FROZEN, Wire},
};
use crate::tools::{eventually, one};

/// The longest that it may take, however busy the machine is.
const LONGEST: Duration = Duration::from_mins(4);

/// A town whose database has a standby.
pub struct Pair {
    pub town: Town,
    pub standby: Postgres,
    /// Through which the standby follows.
    pub link: Wire,
}

impl Pair {
    /// Where each server finds its database through its own wire alone.
    pub async fn new() -> Self {
        Self::of(Town::new().await, free_port()).await
    }

    /// Where each server knows the address of the standby too.
    async fn known() -> Self {
        let port = free_port();
        Self::of(Town::where_each(|wire, name| url_of_two(wire, port, name)).await, port).await
    }

    async fn of(town: Town, port: u16) -> Self {
        let link = Wire::to(town.postgres.port).await;
        let standby = town.postgres.standby(port, link.port).await;
        Self { town, standby, link }
    }
}

/// Has the clients work, fails over in the midst of it, and judges what happened before and after.
async fn under_load(town: &mut Town, fail_over: impl AsyncFnOnce(&mut Postgres, &[Wire])) {
    let Town { postgres, wires, replicas, doors, .. } = town;
    let load = Load::new(doors, 0);
    let change = async {
        load.until_ended(15).await;
        fail_over(postgres, wires).await;
        doors.until_ready().await;
        load.until_ended(15).await;
    };
    timeout(LONGEST, load.beside(change)).await.expect("an end of it");
    load.ensure_right().await;
    replicas.iter_mut().for_each(Replica::ensure_well);
}

#[tokio::test]
async fn a_primary_is_killed_and_no_answered_end_is_lost_or_comes_back() {
    let Pair { mut town, standby, link: _link } = Pair::known().await;
    under_load(&mut town, async |primary, _| {
        primary.crash(Signal::SIGKILL).await;
        standby.promote().await;
    })
    .await;
}

#[tokio::test]
async fn a_primary_is_isolated_and_no_answered_end_is_lost_or_comes_back() {
    let Pair { mut town, standby, link } = Pair::new().await;
    under_load(&mut town, async |primary, wires| {
        link.set(FROZEN);
        for wire in wires {
            wire.set(FROZEN);
        }
        ensure_mute(primary).await;
        standby.promote().await;
        for wire in wires {
            wire.lead(standby.port);
        }
    })
    .await;
}

/// A primary without its standby takes itself for one, and can be read; but it confirms nothing.
async fn ensure_mute(postgres: &Postgres) {
    let db = postgres.sql("postgres").await.unwrap();
    assert_eq!(one(&db, "SELECT pg_is_in_recovery()").await, "f");
    let write = timeout(Duration::from_secs(2), db.batch_execute("CREATE TABLE unconfirmed ()"));
    assert!(write.await.is_err(), "it confirms what its standby does not have");
}

/// Whoever asks a primary that was left alone is told what it knows: that is not taken for an answer.
#[tokio::test]
async fn a_server_that_reaches_only_the_old_primary_does_not_believe_it() {
    let Pair { town, standby, link } = Pair::new().await;
    let load = Load::new(&town.doors, 0);
    let key = load.make(Way::Revoke).await;
    link.set(FROZEN);
    standby.promote().await;
    for wire in &town.wires[1..] {
        wire.cut();
        wire.lead(standby.port);
    }
    let admin = town.doors.holder(1, &key.ground.admin);
    let path = admin.at(&format!("/keys/{}/revoke", key.id));
    eventually("a revocation", async || done(admin.raw("POST", &path)).await.filter(|answer| answer.status < 500))
        .await;
    let refused = async || (load.ask(&key, 1, Road::Verify).await == Outcome::Refused).then_some(());
    eventually("a decision", refused).await;
    for road in [Road::Verify, Road::Verify] {
        assert_eq!(load.ask(&key, 0, road).await, Outcome::Unknown);
    }
}
