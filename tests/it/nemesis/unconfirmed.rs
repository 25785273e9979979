//! A change that no standby has is not confirmed, whatever ends the wait for it.

use super::{
    failover::Pair,
    keys::Way,
    load::Load,
    postgres::{DATABASE, Postgres},
    wire::FROZEN,
};
use crate::tools::{eventually, one};

/// A revocation waits for a standby that does not answer, and somebody ends its wait. The database then takes it for
/// committed, and the standby that takes over does not have it.
async fn a_wait_is_ended(by: &str) {
    let Pair { town, standby, link } = Pair::new().await;
    let load = Load::new(&town.doors, 0);
    let key = load.make(Way::Revoke).await;
    link.set(FROZEN);
    let admin = town.doors.holder(0, &key.ground.admin);
    let revoke = admin.raw("POST", &admin.at(&format!("/keys/{}/revoke", key.id)));
    let (answer, ()) = tokio::join!(revoke.send(), end_a_wait(&town.postgres, by));
    answer.problem(503, "store_unavailable");
    standby.promote().await;
    assert_eq!(revoked(&town.postgres).await, "1");
    assert_eq!(revoked(&standby).await, "0", "nothing is proved");
}

async fn end_a_wait(postgres: &Postgres, by: &str) {
    let db = postgres.sql("postgres").await.unwrap();
    let end = format!(
        "SELECT {by}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query ILIKE 'commit%' LIMIT 1"
    );
    eventually("a wait for the standby", async || db.query_opt(&end, &[]).await.unwrap().map(|_| ())).await;
}

async fn revoked(postgres: &Postgres) -> String {
    let db = postgres.sql(DATABASE).await.unwrap();
    one(&db, "SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL").await
}

#[tokio::test]
async fn a_change_whose_wait_for_the_standby_was_cancelled_is_not_confirmed() {
    a_wait_is_ended("pg_cancel_backend").await;
}

#[tokio::test]
async fn a_change_whose_wait_for_the_standby_was_terminated_is_not_confirmed() {
    a_wait_is_ended("pg_terminate_backend").await;
}
