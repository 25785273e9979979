//! Who is waited for, how long, and what the answer says of it.

use meshkey::{db::fresh::poll::Lookout, service::fresh::hooks::Point};

use super::{SILENT, SLOW, Two, accepts, issued, remembers, told, trusts};
use crate::{
    house::House,
    metrics::counted,
    tools::{eventually, one},
};

// F3
#[tokio::test]
async fn somebody_else_s_open_transaction_delays_nothing() {
    let two = Two::new().await;
    let key = two.remembered().await;
    // In another database of the cluster, by somebody who has nothing to do with it.
    let stranger = House::new().await;
    let elsewhere = stranger.sql("superuser").await;
    elsewhere.batch_execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
    let revoked = two.revoke(&key).await.expect(200).clone();
    assert_eq!(told(&revoked), (&"everywhere".into(), 2, 0));
    assert!(!accepts(&two.slow, &key.secret).await);
    elsewhere.batch_execute("ROLLBACK").await.unwrap();
}

// H9, F7
#[tokio::test]
async fn a_retry_is_not_quicker_than_the_truth() {
    let two = Two::new().await;
    let key = two.remembered().await;
    let stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    two.other.sql("superuser").await.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    stop.reached().await;
    let committed = two.other.fresh().memory.hooks().count_at(Point::Committed);
    let admin = two.other.admin();
    let path = admin.at(&format!("/keys/{}/revoke", key.id));
    let (first, second) = (admin.clone(), admin.clone());
    let (once, again) = (path.clone(), path.clone());
    let first = tokio::spawn(async move { first.act(&once).await });
    committed.reached().await;
    first.abort();
    let retry = tokio::spawn(async move { second.act(&again).await });
    committed.reached_by(2).await;
    assert!(!retry.is_finished() && accepts(&two.slow, &key.secret).await, "the slow one does not know yet");
    drop(stop);
    let answer = retry.await.unwrap();
    assert!(!accepts(&two.slow, &key.secret).await);
    answer.problem(409, "already_revoked");
    assert_eq!(told(&answer), (&"everywhere".into(), 2, 0));
}

// F8
#[tokio::test]
async fn who_starts_during_a_wait_knows() {
    let two = Two::new().await;
    let key = two.remembered().await;
    let stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    two.other.sql("superuser").await.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    stop.reached().await;
    let committed = two.other.fresh().memory.hooks().count_at(Point::Committed);
    let (admin, id) = (two.other.admin(), key.id.clone());
    let revoking = tokio::spawn(async move { admin.act(&admin.at(&format!("/keys/{id}/revoke"))).await });
    committed.reached().await;
    let third = two.other.replica(&[("MESHKEY_REPLICA_NAME", "third")]).await;
    trusts(&third).await;
    assert!(!accepts(&third, &key.secret).await && !revoking.is_finished());
    drop(stop);
    revoking.await.unwrap().expect(200);
    assert!(!accepts(&two.slow, &key.secret).await);
}

#[tokio::test]
async fn the_dead_are_waited_for_once_and_then_no_more() {
    let house = House::new().await;
    trusts(&house).await;
    let db = house.sql("superuser").await;
    let dead = house.replica(&SILENT).await;
    trusts(&dead).await;
    let (admin, first) = (house.admin(), issued(&house).await);
    assert!(accepts(&dead, &first.secret).await && remembers(&dead, &first.secret));
    let stop = dead.fresh().memory.hooks().stop_at(Point::BeatSent);
    db.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    stop.reached().await;
    let answer = admin.act(&admin.at(&format!("/keys/{}/revoke", first.id))).await.expect(200).clone();
    assert!(!remembers(&dead, &first.secret));
    assert_eq!(told(&answer), (&"everywhere".into(), 1, 1));
    let rows = "SELECT count(*) FROM replicas";
    eventually("the row of the dead goes", async || (one(&db, rows).await == "1").then_some(())).await;
    // By whichever of them looked: who does not beat may look.
    let by = |house: &House| counted(house, "meshkey_replicas_reaped_total");
    let reaped = async || (by(&house) + by(&dead) == 1).then_some(());
    eventually("that is counted", reaped).await;
    let second = issued(&house).await;
    let answer = admin.act(&admin.at(&format!("/keys/{}/revoke", second.id))).await.expect(200).clone();
    assert_eq!(told(&answer), (&"everywhere".into(), 1, 0));
    // It was not dead, and comes back: trust begins anew.
    drop(stop);
    trusts(&dead).await;
    assert!(!accepts(&dead, &first.secret).await && !accepts(&dead, &second.secret).await);
}

// H10
#[tokio::test]
async fn the_longest_hold_of_those_who_do_not_answer_is_waited_for() {
    let two = Two::with(&SILENT).await;
    let key = two.remembered().await;
    let stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    two.other.sql("superuser").await.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    stop.reached().await;
    let answer = two.revoke(&key).await.expect(200).clone();
    assert!(!remembers(&two.slow, &key.secret));
    assert_eq!(told(&answer), (&"everywhere".into(), 1, 1));
}

#[tokio::test]
async fn who_stops_is_not_waited_for() {
    let house = House::new().await;
    trusts(&house).await;
    let mut leaving = house.replica(&SLOW).await;
    trusts(&leaving).await;
    leaving.stop().await;
    let db = house.sql("superuser").await;
    assert_eq!(one(&db, "SELECT count(*) FROM replicas").await, "1");
}

#[tokio::test]
async fn a_row_that_has_moved_on_is_not_taken_away() {
    let house = House::new().await;
    trusts(&house).await;
    let lookout = Lookout::new(house.sql("meshkey_operator").await).await.unwrap();
    let (_, rows) = lookout.replicas().await.unwrap();
    let (boot, beat) = (rows[0].boot, rows[0].beat);
    assert_eq!(lookout.reap(&[(boot, beat - 1)]).await.unwrap(), 0);
    let db = house.sql("superuser").await;
    assert_eq!(one(&db, "SELECT count(*) FROM replicas").await, "1");
}
