//! What was written down stays, whoever works in one of our roles: by rights, and by triggers that bind even the owner.

use tokio_postgres::Client;

use super::{busy, proof, retain_all};
use crate::{house::House, tools::one};

async fn refused(db: &Client, sql: &str) {
    let fault = db.batch_execute(sql).await.expect_err(sql);
    assert_eq!(fault.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{sql}: {fault:?}");
    db.batch_execute("ROLLBACK").await.unwrap();
}

// L-7, L-17
#[tokio::test]
async fn nobody_changes_an_event_or_takes_one_away_in_silence() {
    let house = busy().await;
    let admin = house.admin();
    let (superuser, operator) = (house.sql("superuser").await, house.sql("meshkey_operator").await);
    let before = proof(&admin).await;
    for sql in [
        "UPDATE audit_events SET action = action",
        "UPDATE audit_events SET hash = hash WHERE seq = 1",
        "DELETE FROM audit_events",
        "DELETE FROM audit_events WHERE seq = 1",
        "TRUNCATE audit_events",
        "UPDATE audit_heads SET seq = seq - 1",
        "UPDATE audit_heads SET hash = sha256(hash)",
    ] {
        refused(&superuser, sql).await;
        refused(&operator, sql).await;
    }
    let checkpoint =
        "INSERT INTO audit_checkpoints (org_id, seq, hash) SELECT org_id, seq, hash FROM audit_events WHERE seq = 3";
    let take = "DELETE FROM audit_events WHERE seq <= 3";
    for db in [&superuser, &operator] {
        // Without an event that tells of it, the transaction cannot end.
        refused(db, &format!("BEGIN; {checkpoint}; {take}; COMMIT")).await;
        refused(db, checkpoint).await;
        // And nothing beyond the checkpoint goes.
        refused(db, &format!("BEGIN; {checkpoint}; DELETE FROM audit_events WHERE seq <= 4; COMMIT")).await;
    }
    let after = proof(&admin).await;
    assert_eq!((&after["whole"], &after["events"]), (&before["whole"], &before["events"]));
}

// L-7
#[tokio::test]
async fn a_checkpoint_stays() {
    let house = House::new().await;
    let dir = tempfile::tempdir().unwrap();
    retain_all(&house, "acme", &dir.path().join("archive")).await;
    let superuser = house.sql("superuser").await;
    for sql in ["UPDATE audit_checkpoints SET seq = 1", "DELETE FROM audit_checkpoints", "TRUNCATE audit_checkpoints"] {
        refused(&superuser, sql).await;
    }
}

/// The operators that row-level security lets near an index are those that tell nothing of what they compare.
#[tokio::test]
async fn addresses_times_and_requests_are_found_by_an_index_under_row_level_security() {
    let house = House::new().await;
    let app = house.sql("meshkey_app").await;
    app.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await.unwrap();
    for (condition, index) in [
        ("address >= '10.0.0.0' AND address <= '10.255.255.255'", "audit_events_by_address"),
        ("at >= '2026-01-01' AND at < '2026-01-02'", "audit_events_by_time"),
        ("request_id = 'req_x'", "audit_events_by_request"),
    ] {
        let ask = "SELECT FROM audit_events WHERE org_id = '00000000-0000-0000-0000-000000000000' AND";
        let plan = crate::tools::texts(&app, &format!("EXPLAIN {ask} {condition}")).await.join("\n");
        let found = plan.lines().find(|line| line.contains("Index Cond")).unwrap_or_default();
        let column = condition.split(' ').next().unwrap();
        assert!(plan.contains(index) && found.contains(column), "{condition}: {plan}");
    }
    assert_eq!(one(&app, "SELECT count(*) FROM audit_events").await, "0", "row-level security is on");
}
