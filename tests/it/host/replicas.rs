//! `replicas list`: who may decide from memory, by the rows that they write.

use serde_json::Value;

use super::Done;
use crate::{house::House, tools::eventually};

fn listed(house: &House) -> Vec<Value> {
    let done: Done = house.try_meshkey(&["replicas", "list", "--json"]).into();
    done.expect(0).json()["items"].as_array().unwrap().clone()
}

/// The list, once it is as it should be: a replica beats a moment after it has started.
async fn until(house: &House, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    eventually("the list is as it should be", async || Some(listed(house)).filter(|items| is_so(items))).await
}

#[tokio::test]
async fn replicas_are_listed_with_their_beat_and_hold() {
    let house = House::with(&[("MESHKEY_REPLICA_NAME", "web-1"), ("MESHKEY_OUTAGE_GRACE", "1s")]).await;
    let mut twin = house.twin().await;
    let items = until(&house, |items| items.len() == 2).await;
    let one = items.iter().find(|one| one["name"] == "web-1").unwrap();
    let members: Vec<_> = one.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "beat",
        "boot_id",
        "changes_behind",
        "hold_seconds",
        "last_beat_at",
        "name",
        "on_this_server",
        "seconds_since_beat",
        "started_at",
    ];
    let mut sorted = members.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!((&one["hold_seconds"], &one["on_this_server"]), (&3.0.into(), &true.into()));
    assert!(one["beat"].as_i64().unwrap() >= 1 && one["seconds_since_beat"].as_f64().unwrap() < 20.0, "{one}");
    assert_ne!(items[0]["boot_id"], items[1]["boot_id"]);
    twin.stop().await;
    until(&house, |items| items.len() == 1).await;
}

#[tokio::test]
async fn how_far_one_is_behind_is_told_and_of_another_server_is_not_known() {
    let mut house = House::new().await;
    house.stop().await;
    let db = house.sql("superuser").await;
    db.batch_execute(
        "DELETE FROM replicas;
         INSERT INTO replicas (boot_id, beat, name, snap, server, hold_ms, seen_at)
         VALUES ('00000000-0000-4000-8000-000000000001', 7, 'here', pg_current_snapshot(), meshkey_server(), 2000, now()),
                ('00000000-0000-4000-8000-000000000002', 8, E'there\\x1b[2J', '1:1:', '1/00000001', 2000, now());",
    )
    .await
    .unwrap();
    // A probe is no change.
    db.batch_execute("SELECT meshkey_tell('org', gen_random_uuid())").await.unwrap();
    db.batch_execute("SELECT meshkey_tell('probe', gen_random_uuid())").await.unwrap();
    let items = listed(&house);
    let of = |name: &str| items.iter().find(|one| one["name"].as_str().unwrap().starts_with(name)).unwrap();
    assert_eq!((&of("here")["changes_behind"], &of("here")["on_this_server"]), (&1.into(), &true.into()));
    assert_eq!((&of("there")["changes_behind"], &of("there")["on_this_server"]), (&Value::Null, &false.into()));
    let done: Done = house.try_meshkey(&["replicas", "list"]).into();
    let told = done.expect(0).out;
    assert!(told.starts_with("NAME ") && told.contains("  this     1\n"), "{told}");
    assert!(told.contains("  another  unknown\n") && !told.contains('\u{1b}'), "{told}");
    db.batch_execute("DELETE FROM replicas").await.unwrap();
    let none: Done = house.try_meshkey(&["replicas", "list"]).into();
    assert!(none.expect(0).out.is_empty());
}
