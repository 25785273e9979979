//! The database: reachable, new enough, durable, and hearing what is announced.

use time::OffsetDateTime;
use tokio_postgres::Client;

use super::{
    clock,
    finding::{Finding, Report},
    freshness, schema,
};
use crate::{
    app::{self, Database},
    config::{Settings, table},
    db::{
        connect,
        inspect::{self, Facts},
        store::{OPERATORS, WALKERS},
    },
};

/// Looks at all of it, as far as it answers.
pub(super) async fn look(settings: &Settings, database: &Database, report: &mut Report) {
    let client = match database.target.connect().await {
        Ok(client) => client,
        Err(error) => {
            let fix = "start it, or correct the address; `meshkey config show` tells where the address came from";
            report.add(Finding::fail("database", error.to_string()).fix(fix));
            return;
        }
    };
    let facts = match inspect::facts(&client).await {
        Ok(facts) => facts,
        Err(error) => return report.add(Finding::fail("database", connect::chain(&error))),
    };
    report.add(server(settings, database, &facts));
    report.add(freshness::durability(&facts));
    let is_current = schema::look(database, report).await;
    report.add(time(&client).await);
    report.add(freshness::feed(database, is_current).await);
    report.add(freshness::queue(&facts));
    report.add(pool(settings, &facts));
    if is_current {
        schema::look_inside(settings, database, report).await;
    }
}

fn server(settings: &Settings, database: &Database, facts: &Facts) -> Finding {
    let told = format!("PostgreSQL {}, {}", facts.version, app::database_in_words(settings));
    let fail = |why: &str| Finding::fail("database", format!("{told}: {why}"));
    let warn = |why: &str| Finding::warn("database", format!("{told}: {why}"));
    let way = "say sslmode=verify-full in its address, and sslrootcert where its authority is your own";
    let flushes = "set fsync = on and full_page_writes = on, and restart it";
    if facts.number < inspect::OLDEST {
        return fail("15 or later is needed").fix("upgrade it");
    }
    if facts.is_standby || facts.is_read_only {
        return fail("it takes no writes: a standby, or read-only").fix("name the primary, or end its read-only mode");
    }
    if !facts.is_durable {
        let why = "fsync is off, so that a crash can undo a revocation";
        return if settings.allow_fsync_off { warn(why).fix(flushes) } else { fail(why).fix(flushes) };
    }
    if !facts.is_synchronous {
        let why = "synchronous_commit is off, so that a crash can undo what was answered last";
        return warn(why).fix("set synchronous_commit = on");
    }
    match (database.target.is_local() || database.target.is_proved(), facts.is_encrypted) {
        (true, _) => Finding::ok("database", told),
        (false, true) => warn("encrypted, but it is not asked to prove who it is").fix(way),
        (false, false) => warn("not encrypted, on another host").fix(way),
    }
}

async fn time(client: &Client) -> Finding {
    let before = OffsetDateTime::now_utc();
    match inspect::clock(client).await {
        Ok(theirs) => clock::judge(before, theirs, OffsetDateTime::now_utc()),
        Err(error) => Finding::fail("clock", connect::chain(&error)),
    }
}

/// What one process needs beside the pool, the operator's connections and those that walk along chains: one that migrates.
const ONE_MORE: usize = 1;

fn pool(settings: &Settings, facts: &Facts) -> Finding {
    let (pool, most) = (settings.pool_size, facts.most_connections);
    let needed = pool + OPERATORS + WALKERS + ONE_MORE;
    let told =
        format!("{needed} connections at most for one process (pool_size {pool}), of {most} that this login can have");
    let room = usize::try_from(most).unwrap_or_default();
    if needed <= room {
        return Finding::ok("pool", told);
    }
    let less = room.saturating_sub(OPERATORS + WALKERS + ONE_MORE);
    Finding::fail("pool", told)
        .fix(format!("{} = {less} at most, or raise max_connections of the database", table::POOL_SIZE.name))
}
