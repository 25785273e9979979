//! `migrate`: what it shows, and that showing changes nothing.

use serde_json::json;

use super::{Done, at, names, shelter, text};
use crate::{
    house::House,
    tools::{tables, texts},
};

async fn emptied() -> House {
    let house = House::new().await;
    let clear = "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner;
                 GRANT USAGE ON SCHEMA public TO PUBLIC";
    let mut house = house;
    house.stop().await;
    house.sql("superuser").await.batch_execute(clear).await.unwrap();
    house
}

fn migrate(house: &House, arguments: &[&str]) -> Done {
    house.try_meshkey(&[&["migrate"], arguments].concat()).into()
}

// T-1
#[tokio::test]
async fn what_is_pending_is_shown_and_only_up_applies_it() {
    let house = emptied().await;
    let db = house.sql("superuser").await;
    let before = migrate(&house, &["status", "--json"]).expect(0).json();
    assert!(before["version"].is_null() && before["applied"] == json!([]), "{before}");
    let all = before["pending"].as_array().unwrap().clone();
    assert_eq!(all[0], "V1__tenants_keys_audit");
    assert_eq!(tables(&db).await, Vec::<String>::new());
    let told = migrate(&house, &["status"]).expect(0);
    assert!(
        told.out.contains("pending  V1__tenants_keys_audit\n") && told.err.contains("meshkey migrate up"),
        "{}",
        told.out
    );

    assert_eq!(migrate(&house, &["up", "--json"]).expect(0).json(), json!({ "applied": all, "unknown": [] }));
    let after = migrate(&house, &["status", "--json"]).expect(0).json();
    assert_eq!((&after["applied"], &after["pending"], &after["version"]), (&json!(all), &json!([]), &after["newest"]));
    assert_eq!(migrate(&house, &["up", "--json"]).expect(0).json()["applied"], json!([]));
    house.meshkey(&["init", "--org", "acme", "--json"]);
}

// T-2
#[tokio::test]
async fn a_newer_schema_is_named_and_a_changed_one_is_a_failure() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let newer = "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')";
    db.batch_execute(newer).await.unwrap();
    let status = migrate(&house, &["status", "--json"]).expect(0).json();
    assert_eq!((&status["unknown"], &status["diverged"]), (&json!(["V99__later"]), &json!([])));
    db.batch_execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1").await.unwrap();
    let history = "SELECT version, name, checksum FROM refinery_schema_history ORDER BY version";
    let before = texts(&db, history).await;
    let told = migrate(&house, &["status", "--json"]).expect(1);
    assert_eq!(told.json()["diverged"], json!(["V1__tenants_keys_audit"]));
    assert!(migrate(&house, &["status"]).expect(1).out.contains("diverged  V1__tenants_keys_audit"));
    assert!(migrate(&house, &["up"]).expect(1).err.contains("V1"));
    assert_eq!(texts(&db, history).await, before);
}

// T-2
#[tokio::test]
async fn a_migration_that_was_passed_over_is_no_current_schema() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    db.batch_execute("DELETE FROM refinery_schema_history WHERE version = 1").await.unwrap();
    let told = migrate(&house, &["status", "--json"]).expect(1).json();
    assert_eq!(told["diverged"], json!(["V1__tenants_keys_audit, which was passed over"]));
}

// T-16
#[test]
fn where_there_is_no_installation_none_is_made() {
    let dir = shelter();
    let data_dir = dir.path().join("data");
    let to = dir.path().join("it.backup");
    for verb in [&["migrate", "status"][..], &["migrate", "up"], &["backup", "--to", text(&to)]] {
        let told = Done::of(&mut at(&data_dir, verb)).expect(5);
        assert!(told.out.is_empty() && told.err.contains("there is no installation in"), "{}", told.err);
    }
    assert_eq!(names(dir.path()), Vec::<String>::new());
}
