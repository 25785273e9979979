//! Beats that are late, lost, overtaken or not durable give no trust.

use meshkey::service::fresh::hooks::Point;
use tokio_postgres::Client as Db;

use super::{QUICK, SLOW, Two, accepts, asks, holder, issued, remembers, told, trusts};
use crate::{
    house::House,
    metrics::counted,
    tools::{eventually, one},
};

/// Lets every beat of replicas of this name wait at its end for a lock, after all was read and before it is committed.
pub(super) async fn stall(db: &Db, name: &str) {
    let stall = format!(
        "CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
         CREATE TRIGGER stall AFTER INSERT OR UPDATE ON replicas FOR EACH ROW WHEN (NEW.name = '{name}')
         EXECUTE FUNCTION stall();
         SELECT pg_advisory_lock(7)"
    );
    db.batch_execute(&stall).await.unwrap();
}

/// The database is another server from now on, on the same timeline: a copy.
pub(super) async fn another_server(db: &Db) {
    let other = "CREATE OR REPLACE FUNCTION meshkey_server() RETURNS text LANGUAGE sql STABLE 
                 RETURN '1/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)";
    db.batch_execute(other).await.unwrap();
}

// F2
#[tokio::test]
async fn a_first_beat_that_nobody_could_wait_for_gives_no_trust() {
    let house = House::new().await;
    trusts(&house).await;
    let (key, db) = (issued(&house).await, house.sql("superuser").await);
    stall(&db, "slow").await;
    let slow = house.replica(&SLOW).await;
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 7";
    eventually("the first beat is stalled", async || (one(&db, waiting).await == "1").then_some(())).await;
    let looked = slow.fresh().memory.hooks().stop_at(Point::LookedUp);
    let client = holder(&slow, &key.secret);
    let under_way = tokio::spawn(async move { client.get("/v1/whoami").await });
    looked.reached().await;
    let admin = house.admin();
    let revoked = admin.act(&admin.at(&format!("/keys/{}/revoke", key.id))).await.expect(200).clone();
    assert_eq!(told(&revoked), (&"everywhere".into(), 1, 0), "nobody else has a row");
    db.batch_execute("SELECT pg_advisory_unlock(7)").await.unwrap();
    trusts(&slow).await;
    drop(looked);
    under_way.await.unwrap();
    assert!(!accepts(&slow, &key.secret).await);
}

// F4, H3
#[tokio::test]
async fn on_another_server_everything_is_forgotten() {
    let two = Two::new().await;
    let (key, db) = (two.remembered().await, two.other.sql("superuser").await);
    let stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    db.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    stop.reached().await;
    another_server(&db).await;
    // There, the feed tells nothing of what was done before: its numbers are of another count.
    let end = "UPDATE api_keys SET revoked_at = now(), revoked_by_kind = 'local' WHERE label = 'test';
               DELETE FROM key_changes";
    db.batch_execute(end).await.unwrap();
    drop(stop);
    eventually("it forgets", async || (!remembers(&two.slow, &key.secret)).then_some(())).await;
    trusts(&two.slow).await;
    assert!(!accepts(&two.slow, &key.secret).await);
    assert_eq!(counted(&two.slow, r#"meshkey_resets_total{reason="other_server"}"#), 1);
}

#[tokio::test]
async fn who_missed_what_was_cleared_away_forgets_everything() {
    let two = Two::new().await;
    let (key, db) = (two.remembered().await, two.other.sql("superuser").await);
    let stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    db.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    stop.reached().await;
    let end = "UPDATE api_keys SET revoked_at = now(), revoked_by_kind = 'local' WHERE label = 'test';
               DELETE FROM key_changes; UPDATE feed_marks SET mark = pg_current_xact_id()";
    db.batch_execute(end).await.unwrap();
    drop(stop);
    eventually("it forgets", async || (!remembers(&two.slow, &key.secret)).then_some(())).await;
    trusts(&two.slow).await;
    assert!(!accepts(&two.slow, &key.secret).await);
    // Once more for each transaction that was under way from before the mark when it began again.
    assert!(counted(&two.slow, r#"meshkey_resets_total{reason="pruned"}"#) >= 1);
}

// H5, H11
#[tokio::test]
async fn two_processes_on_one_row_are_told_apart() {
    let two = Two::new().await;
    let db = two.other.sql("superuser").await;
    let key = two.remembered().await;
    let boot = one(&db, "SELECT boot_id FROM replicas WHERE name = 'slow'").await;
    db.batch_execute("UPDATE replicas SET beat = beat + 1000 WHERE name = 'slow'; NOTIFY meshkey_changes")
        .await
        .unwrap();
    let other = format!("SELECT count(*) FROM replicas WHERE name = 'slow' AND boot_id <> '{boot}'");
    eventually("it takes another id", async || (one(&db, &other).await == "1").then_some(())).await;
    trusts(&two.slow).await;
    assert!(!remembers(&two.slow, &key.secret) && accepts(&two.slow, &key.secret).await);
    assert_eq!(one(&db, &format!("SELECT beat > 1000 FROM replicas WHERE boot_id = '{boot}'")).await, "t");
    assert_eq!(counted(&two.slow, r#"meshkey_resets_total{reason="not_ours"}"#), 1);
}

#[tokio::test]
async fn a_beat_that_is_read_but_not_committed_gives_no_trust() {
    let two = Two::with(&QUICK).await;
    let db = two.other.sql("superuser").await;
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not committed'; END $$;
                  CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON replicas DEFERRABLE INITIALLY DEFERRED
                  FOR EACH ROW WHEN (NEW.name = 'quick') EXECUTE FUNCTION refuse()";
    db.batch_execute(refuse).await.unwrap();
    asks(&two.slow).await;
    db.batch_execute("DROP TRIGGER refuse ON replicas").await.unwrap();
    trusts(&two.slow).await;
}

// F5
#[tokio::test]
async fn a_beat_that_is_acknowledged_too_late_gives_no_trust() {
    let two = Two::with(&QUICK).await;
    let key = two.remembered().await;
    let stop = two.slow.fresh().memory.hooks().stop_at(Point::Acknowledged);
    asks(&two.slow).await;
    two.revoke(&key).await.expect(200);
    assert!(!remembers(&two.slow, &key.secret));
    let applied = two.slow.fresh().memory.hooks().stop_at(Point::Applied);
    drop(stop);
    applied.reached().await;
    assert!(!remembers(&two.slow, &key.secret));
    drop(applied);
    trusts(&two.slow).await;
    assert!(!accepts(&two.slow, &key.secret).await);
}

#[tokio::test]
async fn what_a_beat_has_read_is_applied_before_anything_is_said_or_trusted() {
    let two = Two::new().await;
    let (key, db) = (two.remembered().await, two.other.sql("superuser").await);
    let hooks = two.slow.fresh().memory.hooks();
    let sent = hooks.stop_at(Point::BeatSent);
    db.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    sent.reached().await;
    let admin = two.other.admin();
    let path = admin.at(&format!("/keys/{}/revoke", key.id));
    let committed = two.other.fresh().memory.hooks().count_at(Point::Committed);
    let revoking = tokio::spawn(async move { admin.act(&path).await });
    committed.reached().await;
    let (acknowledged, applied) = (hooks.stop_at(Point::Acknowledged), hooks.stop_at(Point::Applied));
    drop(sent);
    acknowledged.reached().await;
    // The beat has read of it and is committed, and its row says what was applied before.
    let db_says = "SELECT count(*) FROM replicas r, key_changes c
                   WHERE r.name = 'slow' AND c.kind = 'key' AND pg_visible_in_snapshot(c.xact, r.snap)";
    assert_eq!(one(&db, db_says).await, "0", "it is said, and not applied");
    assert!(remembers(&two.slow, &key.secret) && !revoking.is_finished());
    drop(acknowledged);
    applied.reached().await;
    assert!(!remembers(&two.slow, &key.secret), "it is about to be said and trusted, and not applied");
    drop(applied);
    revoking.await.unwrap().expect(200);
}
