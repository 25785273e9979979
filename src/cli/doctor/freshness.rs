//! What remembering keys leans on: that commits last, that changes are told of and heard, and that what is told is read.

use super::finding::Finding;
use crate::{
    app::Database,
    db::{
        fresh::check,
        inspect::{self, Facts},
    },
};

/// How full the queue of notifications may be before somebody should look, and before it is as good as full.
const QUEUE: [f64; 2] = [0.1, 0.5];

/// Whether a failover could undo what was answered.
pub(super) fn durability(facts: &Facts) -> Finding {
    let Facts { commit, standbys, followers, .. } = facts;
    let follow = if *followers == 1 { "1 standby follows".to_owned() } else { format!("{followers} standbys follow") };
    match (standbys.is_empty(), followers) {
        (true, 0) => Finding::ok("durability", "durable on one node: synchronous_standby_names is empty"),
        (true, _) => {
            let told = format!("durable on one node: {follow}, and no commit waits for one");
            Finding::warn("durability", told).fix(
                "a failover can undo a revocation that was answered: set synchronous_standby_names, as \
                 docs/how-to/production.md has it",
            )
        }
        (false, 0) => Finding::warn("durability", format!("commits wait for {standbys}, and no standby follows"))
            .fix("bring one back: until then every change hangs, and what waits for it"),
        (false, _) => {
            let ours = "our own connections say on";
            Finding::ok(
                "durability",
                format!("commits wait for {standbys}, synchronous_commit = {commit} ({ours}); {follow}"),
            )
        }
    }
}

/// Whether changes over keys are told of, seen and heard, as `serve` demands.
pub(super) async fn feed(database: &Database, is_current: bool) -> Finding {
    match inspect::is_heard(&database.target).await {
        Ok(true) => {}
        Ok(false) => {
            return Finding::fail("feed", "what one connection announces, another does not hear")
                .fix("give the direct address of the database: a pooler in between swallows LISTEN");
        }
        Err(error) => return Finding::fail("feed", error.to_string()),
    }
    if !is_current {
        return Finding::ok("feed", "what one connection announces, another hears");
    }
    match check::ensure_whole(&database.target).await {
        Ok(()) => Finding::ok("feed", "changes are told of and seen, and what one connection announces, another hears"),
        Err(error) => Finding::fail("feed", error.to_string()).fix("serve refuses to start until this is put right"),
    }
}

/// Whether notifications are taken out of their queue. One that is full would end every wait for the replicas.
pub(super) fn queue(facts: &Facts) -> Finding {
    let told = format!("the queue of notifications is {:.0} % full", facts.queue * 100.0);
    let fix = "a session that listens stays in a transaction: end it (pg_stat_activity, the oldest xact_start)";
    match facts.queue {
        usage if usage < QUEUE[0] => Finding::ok("queue", told),
        usage if usage < QUEUE[1] => Finding::warn("queue", told).fix(fix),
        _ => Finding::fail("queue", told).fix(fix),
    }
}
