//! The feed: whatever changes a key is heard, whoever does it and in whatever order.

use serde_json::{Value, json};

use super::{Two, accepts, deafened_label, trusts};
use crate::{
    house::House,
    tools::{by_hand, eventually, one, until_heard},
};

// F9
#[tokio::test]
async fn of_two_changes_the_one_that_was_made_first_and_committed_last_is_heard() {
    let two = Two::new().await;
    let (first, second) = (two.remembered().await, two.remembered().await);
    let late = two.other.sql("superuser").await;
    let id = first.id.parse::<meshkey::domain::KeyId>().unwrap().uuid();
    late.batch_execute("BEGIN").await.unwrap();
    late.execute("UPDATE api_keys SET disabled_at = now() WHERE id = $1", &[&id]).await.unwrap();
    two.revoke(&second).await.expect(200);
    assert!(!accepts(&two.slow, &second.secret).await && accepts(&two.slow, &first.secret).await);
    late.batch_execute("COMMIT").await.unwrap();
    until_heard(&late).await;
    assert!(!accepts(&two.slow, &first.secret).await && !accepts(&two.other, &first.secret).await);
}

// F10, F11
#[tokio::test]
async fn a_change_of_which_nobody_calls_is_heard_with_the_next_beat() {
    let house = House::new().await;
    trusts(&house).await;
    let (key, db) = (super::issued(&house).await, house.sql("superuser").await);
    assert!(accepts(&house, &key.secret).await);
    // Without a trigger of ours in its session, as logical replication or a restore would do it.
    let quiet = "SET session_replication_role = replica;
                 UPDATE api_keys SET disabled_at = now() WHERE label = 'test'";
    db.batch_execute(quiet).await.unwrap();
    let heard = async || (!accepts(&house, &key.secret).await).then_some(());
    eventually("the next beat tells of it", heard).await;
}

#[tokio::test]
async fn a_prepared_transaction_and_one_in_a_savepoint_are_heard() {
    let two = Two::new().await;
    let (key, db) = (two.remembered().await, two.other.sql("superuser").await);
    by_hand(&db, "BEGIN; SAVEPOINT s; UPDATE api_keys SET disabled_at = now() WHERE label = 'test'; RELEASE s; COMMIT")
        .await;
    assert!(!accepts(&two.slow, &key.secret).await);
    by_hand(&db, "UPDATE api_keys SET disabled_at = NULL WHERE label = 'test'").await;
    assert!(accepts(&two.slow, &key.secret).await);
    if one(&db, "SHOW max_prepared_transactions").await != "0" {
        by_hand(&db, "BEGIN; UPDATE api_keys SET disabled_at = now() WHERE label = 'test'; PREPARE TRANSACTION 'p'")
            .await;
        assert!(accepts(&two.slow, &key.secret).await);
        by_hand(&db, "COMMIT PREPARED 'p'").await;
        assert!(!accepts(&two.slow, &key.secret).await);
    }
}

#[tokio::test]
async fn everything_that_decides_is_told_and_nothing_else() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let admin = house.admin();
    admin.issue(json!({ "capabilities": ["read"], "topics": "all", "mesh": "main" })).await;
    let told = async |sql: &str| -> Vec<String> {
        let last = one(&db, "SELECT coalesce(max(id), 0) FROM key_changes").await;
        db.batch_execute(sql).await.unwrap();
        crate::tools::texts(&db, &format!("SELECT kind FROM key_changes WHERE id > {last} ORDER BY 1")).await
    };
    let key = "WHERE label = 'test'";
    for set in [
        "capabilities = '{send}'",
        "everywhere = false, topics = '{deploys}'",
        "addresses = '{192.0.2.0/24}'",
        "expires_at = now() + interval '1 day'",
        "disabled_at = now()",
        "rate_per_minute = 60, rate_burst = 10",
        "rate_per_minute = 50",
        "rate_burst = 9",
        "label = 'test '||''",
        "mesh_id = NULL",
    ] {
        let set = set.replace("'test '||''", "'test'");
        let expected: &[&str] = if set.starts_with("label") { &[] } else { &["key"] };
        assert_eq!(told(&format!("UPDATE api_keys SET {set} {key}")).await, expected, "{set}");
    }
    for (sql, kinds) in [
        (
            "UPDATE key_secrets SET dies_at = now() WHERE key_id = (SELECT id FROM api_keys WHERE label = 'test')",
            vec!["key"],
        ),
        ("UPDATE orgs SET suspended_at = now()", vec!["org"]),
        ("UPDATE orgs SET suspended_at = NULL, name = 'x'", vec!["org"]),
        ("UPDATE orgs SET name = 'y'", vec![]),
        ("UPDATE meshes SET archived_at = now()", vec!["mesh"]),
        ("UPDATE meshes SET name = 'y'", vec![]),
        ("UPDATE api_keys SET last_used_at = now(), last_used_from = '192.0.2.1', note = 'n', version = 9", vec![]),
        ("UPDATE key_secrets SET last_used_at = now()", vec![]),
        ("INSERT INTO capabilities (org_id, name) SELECT id, 'upload' FROM orgs", vec![]),
        ("UPDATE capabilities SET description = 'd', version = 2", vec![]),
        ("UPDATE capabilities SET name = 'upload.2'", vec!["org"]),
        ("DELETE FROM capabilities", vec!["org"]),
        ("TRUNCATE capabilities", vec!["all"]),
        (
            "INSERT INTO gates (id, org_id, mesh_id, name, methods)
             SELECT gen_random_uuid(), org_id, id, 'g', '{\"GET\": \"read\"}' FROM meshes",
            vec![],
        ),
        ("UPDATE gates SET name = 'h', description = 'd', version = 2", vec![]),
        ("UPDATE gates SET methods = '{\"GET\": \"send\"}'", vec!["org"]),
        ("UPDATE gates SET topic = 'deploys'", vec!["org"]),
        ("UPDATE gates SET topic = NULL, segment = 2", vec!["org"]),
        ("UPDATE gates SET deny_429 = true", vec!["org"]),
        ("DELETE FROM gates", vec!["org"]),
        ("TRUNCATE gates", vec!["all"]),
        ("TRUNCATE key_secrets", vec!["all"]),
    ] {
        assert_eq!(told(sql).await, kinds, "{sql}");
    }
}

#[tokio::test]
async fn what_every_replica_has_read_is_cleared_away() {
    let two = Two::new().await;
    let (key, db) = (two.remembered().await, two.other.sql("superuser").await);
    two.revoke(&key).await.expect(200);
    db.batch_execute("UPDATE key_changes SET at = at - interval '1 hour'").await.unwrap();
    let mut operator = two.other.operator().await;
    // Others may have a transaction open for a moment, in another database of the cluster.
    let cleared = async || {
        meshkey::db::fresh::feed::clear(&mut operator).await.unwrap();
        (one(&db, "SELECT count(*) FROM key_changes").await == "0").then_some(())
    };
    eventually("it is cleared away", cleared).await;
    let other = two.key().await;
    assert!(accepts(&two.slow, &other.secret).await);
    // A transaction that is open keeps what it may add.
    let open = two.other.sql("superuser").await;
    open.batch_execute("BEGIN; UPDATE api_keys SET disabled_at = now() WHERE label = 'test' AND revoked_at IS NULL")
        .await
        .unwrap();
    two.other.admin().post(&two.other.admin().at("/meshes"), json!({ "slug": "more" })).await.expect(201);
    let end: Value = json!({ "reason": "later" });
    let third = two.key().await;
    let path = two.other.admin().at(&format!("/keys/{}/revoke", third.id));
    two.other.admin().post(&path, end).await.expect(200);
    db.batch_execute("UPDATE key_changes SET at = at - interval '1 hour'").await.unwrap();
    meshkey::db::fresh::feed::clear(&mut operator).await.unwrap();
    assert_eq!(one(&db, "SELECT count(*) FROM key_changes").await, "1", "it is younger than the open one");
    open.batch_execute("COMMIT").await.unwrap();
    until_heard(&db).await;
    assert!(!accepts(&two.slow, &other.secret).await);
}

#[tokio::test]
async fn a_verify_is_at_least_as_fresh_as_the_change_that_it_names() {
    deafened_label().await;
}
