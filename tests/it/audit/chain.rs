//! The chain: whole after any work, and broken at the place where somebody has laid hands on it.

use serde_json::{Value, json};
use tokio_postgres::Client;

use super::{busy, proof};
use crate::{client, house::House, tools::one};

/// How many events the chain of a busy house has.
async fn length(admin: &client::Client) -> i64 {
    let proof = proof(admin).await;
    assert_eq!(proof["whole"], true, "{proof}");
    proof["last_seq"].as_i64().unwrap()
}

// L-15, L-17
#[tokio::test]
async fn the_chain_is_whole_after_any_work_and_without_a_gap() {
    let house = busy().await;
    let (db, proof) = (house.sql("superuser").await, proof(&house.admin()).await);
    let sql = "SELECT count(*) || ' ' || max(seq) || ' ' || min(seq) FROM audit_events";
    let (length, head) = (&proof["events"], one(&db, "SELECT encode(hash, 'hex') FROM audit_heads").await);
    assert_eq!(one(&db, sql).await, format!("{length} {length} 1"));
    let expected = json!({
        "whole": true, "first_seq": 1, "last_seq": length, "events": length, "hash": head, "broken": null,
        "retained": null, "as_of": proof["as_of"],
    });
    assert_eq!(proof, expected);
    let unordered = "SELECT count(*) FROM audit_events a JOIN audit_events b ON a.seq < b.seq AND a.at > b.at";
    assert_eq!(one(&db, unordered).await, "0");
}

/// Tampers as somebody who is bound by nothing, looks, and undoes it.
async fn breaks_at(house: &House, db: &Client, tampering: &str, place: i64, fault: &str) {
    let admin = house.admin();
    let whole = proof(&admin).await;
    let keep = "SET session_replication_role = replica;
                CREATE TABLE kept AS SELECT * FROM audit_events; CREATE TABLE kept_heads AS SELECT * FROM audit_heads";
    db.batch_execute(keep).await.unwrap();
    db.batch_execute(tampering).await.unwrap_or_else(|fault| panic!("{tampering}: {fault:?}"));
    let told = proof(&admin).await;
    assert_eq!(
        (&told["whole"], &told["broken"]["seq"], &told["broken"]["fault"]),
        (&json!(false), &json!(place), &json!(fault)),
        "{tampering}: {told}"
    );
    // What is told to be proved is proved.
    let last = told["last_seq"].as_i64().unwrap_or(0);
    assert_eq!(told["events"], last);
    if last > 0 {
        assert!(last < place || tampering.contains("audit_heads"), "{told}");
        assert_eq!(
            told["hash"],
            one(db, &format!("SELECT encode(hash, 'hex') FROM audit_events WHERE seq = {last}")).await
        );
    }
    let restore = "DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM kept; DROP TABLE kept;
                   DELETE FROM audit_heads; INSERT INTO audit_heads SELECT * FROM kept_heads; DROP TABLE kept_heads";
    db.batch_execute(restore).await.unwrap();
    let again = proof(&admin).await;
    assert_eq!(without_time(again), without_time(whole), "whole again");
}

fn without_time(mut proof: Value) -> Value {
    proof.as_object_mut().unwrap().remove("as_of");
    proof
}

const SWAP: &str = "UPDATE audit_events SET seq = 1000 WHERE seq = 5; UPDATE audit_events SET seq = 5 WHERE seq = 6;
                    UPDATE audit_events SET seq = 6 WHERE seq = 1000";
const CLOSE_THE_GAP: &str = "DELETE FROM audit_events WHERE seq = 5;
                             UPDATE audit_events SET seq = -seq + 1000 WHERE seq > 5;
                             UPDATE audit_events SET seq = 999 - seq WHERE seq > 500";

// L-17
#[tokio::test]
async fn a_chain_that_was_tampered_with_breaks_at_that_place() {
    let house = busy().await;
    let (db, length) = (house.sql("superuser").await, length(&house.admin()).await);
    let end = format!("DELETE FROM audit_events WHERE seq > {}", length - 2);
    let to_the_end = format!("UPDATE audit_events SET seq = 1000 WHERE seq = 5; UPDATE audit_heads SET seq = {length}");
    for (tampering, place, fault) in [
        ("UPDATE audit_events SET canonical = canonical || 'x' WHERE seq = 5", 5, "altered"),
        (
            "UPDATE audit_events SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), 'key', 'kay'), 'UTF8') WHERE seq = 8",
            8,
            "altered",
        ),
        ("UPDATE audit_events SET hash = sha256(hash) WHERE seq = 5", 5, "altered"),
        ("DELETE FROM audit_events WHERE seq = 5", 5, "removed"),
        ("DELETE FROM audit_events WHERE seq IN (5, 6, 9)", 5, "removed"),
        ("DELETE FROM audit_events WHERE seq = 1", 1, "removed"),
        (SWAP, 5, "reordered"),
        (&to_the_end, 5, "reordered"),
        (CLOSE_THE_GAP, 5, "removed"),
        (&end, length - 1, "truncated"),
        ("DELETE FROM audit_events", 1, "truncated"),
        (
            "DELETE FROM audit_events; UPDATE audit_heads SET seq = 0, hash = decode(repeat('00', 32), 'hex')",
            1,
            "truncated",
        ),
        ("DELETE FROM audit_events; DELETE FROM audit_heads", 1, "truncated"),
        ("UPDATE audit_heads SET hash = sha256(hash)", length, "altered"),
        ("UPDATE audit_heads SET seq = seq - 3", length - 2, "altered"),
        ("DELETE FROM audit_heads", 1, "altered"),
    ] {
        breaks_at(&house, &db, tampering, place, fault).await;
    }
}

// L-17
#[tokio::test]
async fn every_column_is_covered_by_the_chain() {
    let house = busy().await;
    let db = house.sql("superuser").await;
    let changes = [
        ("id", "gen_random_uuid()"),
        ("at", "at - interval '1 day'"),
        ("actor_kind", "'robot'"),
        ("actor_key", "gen_random_uuid()"),
        ("actor_user", "gen_random_uuid()"),
        ("action", "'key.edited'"),
        ("subject_kind", "'org'"),
        ("subject_id", "'key_x'"),
        ("mesh_id", "(SELECT id FROM meshes)"),
        ("before", "'{\"label\":\"x\"}'"),
        ("after", "'{\"label\":\"x\"}'"),
        ("request_id", "'req_x'"),
        ("address", "'10.9.9.9'"),
        ("hash", "sha256(hash)"),
        ("canonical", "''"),
    ];
    db.batch_execute(
        "ALTER TABLE audit_events DROP CONSTRAINT audit_events_actor_kind_check, DROP CONSTRAINT actor_is_whole",
    )
    .await
    .unwrap();
    for (column, value) in changes {
        breaks_at(&house, &db, &format!("UPDATE audit_events SET {column} = {value} WHERE seq = 8"), 8, "altered")
            .await;
    }
    let columns = "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
                   WHERE attrelid = 'audit_events'::regclass AND attnum > 0";
    let tried: Vec<_> = changes.iter().map(|(column, _)| *column).collect();
    let all = one(&db, columns).await;
    let untried: Vec<_> = all.split(' ').filter(|column| !tried.contains(column)).collect();
    assert_eq!(untried, ["org_id", "seq"], "whose it is and where it stands is tried by moving it");
}

#[tokio::test]
async fn the_words_of_a_newer_version_break_nothing() {
    let house = busy().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let line = super::lines(&admin, "").await.pop().unwrap();
    let mut newer: Value = serde_json::from_str(&line).unwrap();
    newer["action"] = json!("gate.opened");
    newer["seq"] = json!(newer["seq"].as_i64().unwrap() + 1);
    newer["id"] = json!("evt_01m7xpx2j0efct6h2vpcbkhxys");
    let event: meshkey::domain::audit::Event = serde_json::from_value(newer.clone()).unwrap();
    let hash = event.hash.then(&event.canonical());
    let add = "INSERT INTO audit_events SELECT (jsonb_populate_record(e, jsonb_build_object('seq', seq + 1, 'id', $1::text, 'action', 'gate.opened'))).*
               FROM audit_events e ORDER BY seq DESC LIMIT 1";
    db.execute(add, &[&event.id.uuid().to_string()]).await.unwrap();
    db.batch_execute("SET session_replication_role = replica").await.unwrap();
    let set = "UPDATE audit_events SET canonical = $1, hash = $2 WHERE action = 'gate.opened'";
    db.execute(set, &[&event.canonical(), &hash.0.as_slice()]).await.unwrap();
    db.execute("UPDATE audit_heads SET seq = seq + 1, hash = $1", &[&hash.0.as_slice()]).await.unwrap();
    assert_eq!(proof(&admin).await["whole"], true);
}
