//! One tenant never sees another, nor a mesh its sibling: two tenants full of canaries, and every value of the one in every
//! place where the other can put it. The two defences, the condition in each query and row-level security, each hold alone.

mod alone;
mod canaries;
mod places;

use self::{
    canaries::Canaries,
    places::{Place, cursor_places, places},
};
use crate::{
    client::Answer,
    house::House,
    tools::{dump, tables},
};

/// The status and the names of the headers.
fn outline(answer: &Answer) -> (u16, Vec<String>) {
    let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (answer.status, names)
}

/// Asks with their value and with one that nothing has: both answers are the same but for the echo.
async fn try_place(canaries: &Canaries, place: &Place) {
    let (theirs, nobodys) = (place.ask(canaries, &place.theirs).await, place.ask(canaries, &place.nobodys).await);
    assert_eq!(outline(&theirs), outline(&nobodys), "{place}: {theirs:?}\n{nobodys:?}");
    let without = |answer: &Answer, value: &str| answer.face().replace(value, "");
    let (seen, nothing) = (without(&theirs, &place.theirs), without(&nobodys, &place.nobodys));
    if theirs.status >= 400 {
        assert_eq!(seen, nothing, "{place}");
    }
    canaries.ensure_none(&seen, place);
}

/// Tries every place; `untried` are the operations in which a value of theirs has no place.
async fn try_all(canaries: &Canaries, untried: &[&str]) {
    let db = canaries.house.sql("superuser").await;
    let before = dump(&db, &canaries.theirs).await;
    let mut operations = std::collections::BTreeSet::new();
    for place in places(canaries).into_iter().chain(cursor_places(canaries).await) {
        try_place(canaries, &place).await;
        operations.insert(place.operation.id.clone());
    }
    assert_eq!(dump(&db, &canaries.theirs).await, before, "something of theirs was changed");
    let guarded: std::collections::BTreeSet<_> =
        crate::promise::PROMISE.guarded().map(|operation| operation.id.clone()).collect();
    let without: Vec<_> = guarded.difference(&operations).collect();
    assert_eq!(without, untried, "an operation was not tried");
    canaries.read_everything().await;
}

// A-13, G-2, G-23, G-31, G-36, G-38
#[tokio::test]
async fn nothing_of_another_tenant_is_seen_or_touched_by_any_value_in_any_place() {
    try_all(&Canaries::of_another_org().await, &["whoAmI"]).await;
}

// G-38
#[tokio::test]
async fn the_conditions_in_the_queries_hold_without_row_level_security() {
    let canaries = Canaries::of_another_org().await;
    take_away_row_level_security(&canaries.house).await;
    try_all(&canaries, &["whoAmI"]).await;
}

/// What is the org's own, so that a sibling mesh has nothing of it.
const UNTRIED_OF_A_MESH: [&str; 13] = [
    "createMesh",
    "declareCapability",
    "removeWebhook",
    "retireCapability",
    "setWebhook",
    "showCapability",
    "showOrg",
    "showPolicy",
    "showWebhook",
    "spreadKeyEnds",
    "testWebhook",
    "verifyAuditChain",
    "whoAmI",
];

// G-2, G-3, G-38
#[tokio::test]
async fn nothing_of_a_sibling_mesh_is_seen_or_touched_by_a_key_of_one_mesh() {
    try_all(&Canaries::of_a_sibling_mesh().await, &UNTRIED_OF_A_MESH).await;
}

// G-35
#[tokio::test]
async fn their_idempotency_keys_are_not_ours() {
    let canaries = Canaries::of_another_org().await;
    let path = "/v1/meshes/zzcanary-mesh/topics/zzcanary.topic/messages";
    let once = |by: &crate::client::Client| {
        let body = serde_json::json!({ "body": "zzcanary" });
        by.raw("POST", path).header("Idempotency-Key", "zzcanary").json(&body).send()
    };
    once(&canaries.they).await.expect(201);
    assert!(once(&canaries.they).await.expect(201).headers.contains_key("idempotent-replayed"));
    let ours = once(&canaries.we).await;
    ours.problem(404, "not_found");
    canaries.ensure_none(&ours.face(), &path);
}

async fn take_away_row_level_security(house: &House) {
    let db = house.sql("superuser").await;
    for table in tables(&db).await {
        let off = "NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY";
        db.batch_execute(&format!("ALTER TABLE {table} {off}")).await.unwrap();
    }
    let app = house.sql("meshkey_app").await;
    assert_eq!(crate::tools::one(&app, "SELECT count(*) FROM orgs").await, "2", "it is not off");
}
