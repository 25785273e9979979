//! What a process refuses to start on: it would remember, and not hear of changes.

use meshkey::{app, db::fresh::check};

use super::{accepts, trusts};
use crate::house::House;

async fn refusal(house: &House) -> check::Error {
    match house.try_replica(&[]).await {
        Err(app::Error::Fresh(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it starts"),
    }
}

// H12
#[tokio::test]
async fn a_feed_that_is_not_seen_or_not_fed_is_refused() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    db.batch_execute("ALTER TABLE key_changes ENABLE ROW LEVEL SECURITY").await.unwrap();
    let blind = refusal(&house).await.to_string();
    assert!(blind.contains("key_changes"), "{blind}");
    db.batch_execute("ALTER TABLE key_changes DISABLE ROW LEVEL SECURITY").await.unwrap();
    for change in ["DISABLE TRIGGER tell_change", "ENABLE TRIGGER tell_change"] {
        db.batch_execute(&format!("ALTER TABLE api_keys {change}")).await.unwrap();
        assert!(matches!(refusal(&house).await, check::Error::Unfed(24)), "{change}");
    }
    db.batch_execute("ALTER TABLE api_keys ENABLE ALWAYS TRIGGER tell_change").await.unwrap();
    trusts(&house.replica(&[]).await).await;
}

// H12
#[tokio::test]
async fn what_another_system_has_counted_is_forgotten() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    // As a dump brings it to another cluster: numbers of the future, and replicas that are not there.
    let brought = "UPDATE feed_marks SET system = '1', mark = '9000000000';
                   INSERT INTO key_changes (xact, kind) VALUES ('9000000001', 'all');
                   INSERT INTO replicas (boot_id, beat, name, snap, server, hold_ms, seen_at)
                   VALUES (gen_random_uuid(), 1, 'gone', '9000000000:9000000000:', '1/00000001', 2000, now())";
    db.batch_execute(brought).await.unwrap();
    let replica = house.replica(&[]).await;
    trusts(&replica).await;
    let left = "SELECT (SELECT count(*) FROM key_changes WHERE kind = 'all') + (SELECT count(*) FROM replicas WHERE name = 'gone')";
    assert_eq!(crate::tools::one(&db, left).await, "0");
    let key = super::issued(&house).await;
    assert!(accepts(&replica, &key.secret).await);
    let admin = house.admin();
    admin.act(&admin.at(&format!("/keys/{}/revoke", key.id))).await.expect(200);
    assert!(!accepts(&replica, &key.secret).await);
}
