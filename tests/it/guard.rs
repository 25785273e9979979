//! The guard within a service of somebody else's: it judges as the server does, hears of every change in time, and may do
//! nothing else.

mod connect;
mod examples;
mod role;

use meshkey::{
    Guard, Requirement, Secret,
    guard::{Refused, Settings},
    service::fresh::Basis,
};
use serde_json::json;

use crate::{
    house::House,
    tools::{by_hand, database_url, eventually, id, one, texts},
};

/// The settings of a guard on the database of this house.
pub async fn settings(house: &House) -> Settings {
    Settings::new(&database_url(house).await, "acme").name("tracker").allow_fsync_off()
}

/// A guard on the database of this house, which decides from memory.
pub async fn guard(house: &House) -> Guard {
    let guard = Guard::connect(settings(house).await).await.unwrap();
    eventually("it trusts what it remembers", async || (guard.basis() == Basis::Memory).then_some(())).await;
    guard
}

/// The code of a decision over this text.
pub async fn code(guard: &Guard, secret: &str, wanted: &Requirement) -> &'static str {
    let secret: Secret = secret.parse().ok().unwrap();
    match guard.decide(&secret, wanted).await {
        Ok(_) => "ok",
        Err(refused) => refused.code(),
    }
}

#[tokio::test]
async fn a_decision_tells_who_it_is_and_why_not() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, holder) =
        admin.issue(json!({ "mesh": "main", "capabilities": ["read"], "topics": ["deploys"], "label": "bot" })).await;
    let guard = guard(&house).await;
    let secret: Secret = holder.secret().parse().ok().unwrap();
    let wanted = Requirement::may("read").in_mesh("main").on("deploys");
    let found = guard.decide(&secret, &wanted).await.unwrap();
    assert_eq!((found.id().to_string(), found.label().as_str()), (id(&key), "bot"));
    assert_eq!((found.org_slug().as_str(), found.expires_at().is_some()), ("acme", true));
    for (wanted, status, told) in [
        (Requirement::may("read").in_mesh("main").on("secrets"), 403, "topic_out_of_scope"),
        (Requirement::may("read").in_mesh("main"), 403, "topic_out_of_scope"),
        (Requirement::may("read").in_mesh("main").on("no topic!"), 403, "topic_out_of_scope"),
        (Requirement::may("send").in_mesh("main").on("no topic!"), 403, "capability_missing"),
        (Requirement::may("send").in_mesh("main").on("deploys"), 403, "capability_missing"),
        (Requirement::may("read").on("deploys"), 403, "wrong_mesh"),
        (Requirement::may("read").in_mesh("elsewhere"), 500, "internal"),
        (Requirement::may("raed").in_mesh("main"), 500, "internal"),
        (Requirement::may("No!").in_mesh("main"), 500, "internal"),
    ] {
        let refused = guard.decide(&secret, &wanted).await.err().unwrap();
        assert_eq!((refused.status(), refused.code()), (status, told), "{wanted:?}: {refused}");
    }
    let Err(Refused::Senseless(why)) = guard.decide(&secret, &Requirement::may("raed")).await else { panic!() };
    assert!(why.contains("did you mean 'read'?"), "{why}");
    let Err(Refused::Senseless(why)) = guard.decide(&secret, &wanted.clone().in_mesh("elsewhere")).await else {
        panic!()
    };
    assert_eq!(why, "there is no mesh 'elsewhere' in this org");
}

// P-1, G-17
#[tokio::test]
async fn when_a_revocation_answers_the_guard_accepts_the_key_no_more() {
    let house = House::new().await;
    let admin = house.admin();
    let guard = guard(&house).await;
    let wanted = Requirement::may("send");
    for _ in 0..20 {
        let (key, holder) = admin.issue(json!({ "capabilities": ["send"], "topics": "all" })).await;
        assert_eq!(code(&guard, holder.secret(), &wanted).await, "ok");
        let answer = admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200).body;
        assert_eq!((&answer["acknowledged"], &answer["lapsed"]), (&json!(2), &json!(0)), "{answer}");
        assert_eq!(code(&guard, holder.secret(), &wanted).await, "revoked");
    }
}

#[tokio::test]
async fn narrowing_suspending_and_archiving_reach_the_guard_in_time() {
    let house = House::new().await;
    let admin = house.admin();
    let guard = guard(&house).await;
    let wanted = Requirement::may("send").in_mesh("main").on("deploys");
    let (key, holder) = admin.issue(json!({ "capabilities": ["send", "read"], "topics": "all" })).await;
    let at = admin.at(&format!("/keys/{}", id(&key)));
    assert_eq!(code(&guard, holder.secret(), &wanted).await, "ok");
    let etag = admin.get(&at).await.expect(200).etag();
    admin.patch(&at, json!({ "capabilities": ["read"] }), &etag).await.expect(200);
    assert_eq!(code(&guard, holder.secret(), &wanted).await, "capability_missing");
    let wanted = Requirement::may("read").in_mesh("main");
    assert_eq!(code(&guard, holder.secret(), &wanted).await, "ok");
    admin.act(&admin.at("/meshes/main/archive")).await.expect(200);
    assert_eq!(code(&guard, holder.secret(), &wanted).await, "mesh_archived");
    admin.act(&admin.at("/meshes/main/unarchive")).await.expect(200);
    assert_eq!(code(&guard, holder.secret(), &wanted).await, "ok");
    by_hand(&house.sql("superuser").await, "UPDATE orgs SET suspended_at = now()").await;
    assert_eq!(code(&guard, holder.secret(), &wanted).await, "org_suspended");
}

#[tokio::test]
async fn a_declared_capability_is_demanded_and_one_that_was_retired_makes_no_sense() {
    let house = House::new().await;
    let admin = house.admin();
    let guard = guard(&house).await;
    let wanted = Requirement::may("issue_view");
    assert_eq!(code(&guard, admin.secret(), &wanted).await, "internal");
    admin.post(&admin.at("/capabilities"), json!({ "name": "issue_view" })).await.expect(201);
    assert_eq!(code(&guard, admin.secret(), &wanted).await, "ok");
    let (_, narrow) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    assert_eq!(code(&guard, narrow.secret(), &wanted).await, "capability_missing");
    admin.act(&admin.at("/capabilities/issue_view/retire")).await.expect(200);
    assert_eq!(code(&guard, admin.secret(), &wanted).await, "internal");
}

#[tokio::test]
async fn a_guard_that_stops_is_waited_for_by_nobody_and_one_that_goes_silent_once() {
    let house = House::new().await;
    let admin = house.admin();
    let db = house.sql("superuser").await;
    let guard = guard(&house).await;
    assert_eq!(texts(&db, "SELECT name FROM replicas WHERE name = 'tracker'").await, ["tracker"]);
    guard.stop().await;
    assert_eq!(texts(&db, "SELECT name FROM replicas WHERE name = 'tracker'").await, Vec::<String>::new());
    assert_eq!(guard.basis(), Basis::Asking);
    let (key, holder) = admin.issue(json!({ "capabilities": ["send"], "topics": "all" })).await;
    let answer = admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200).body;
    assert_eq!((&answer["acknowledged"], &answer["lapsed"]), (&json!(1), &json!(0)), "{answer}");
    assert_eq!(code(&guard, holder.secret(), &Requirement::may("send")).await, "store_unavailable");
}

#[tokio::test]
async fn without_the_database_nothing_is_decided_that_is_not_remembered_and_nothing_is_refused_for_it() {
    let house = House::new().await;
    let admin = house.admin();
    let settings = settings(&house).await.outage_grace(std::time::Duration::from_mins(1));
    let guard = Guard::connect(settings).await.unwrap();
    eventually("it trusts what it remembers", async || (guard.basis() == Basis::Memory).then_some(())).await;
    let (_, known) = admin.issue(json!({ "capabilities": ["send", "state_write"], "topics": "all" })).await;
    let (_, unknown) = admin.issue(json!({ "capabilities": ["send"], "topics": "all" })).await;
    let (send, write) = (Requirement::may("send"), Requirement::may("state_write"));
    assert_eq!(code(&guard, known.secret(), &send).await, "ok");
    house.set_reachable(false).await;
    eventually("its trust has ended", async || (guard.basis() == Basis::Grace).then_some(())).await;
    assert_eq!(code(&guard, known.secret(), &send).await, "ok");
    assert_eq!(code(&guard, known.secret(), &write).await, "store_unavailable");
    assert_eq!(code(&guard, unknown.secret(), &send).await, "store_unavailable");
    house.set_reachable(true).await;
    eventually("it trusts again", async || (guard.basis() == Basis::Memory).then_some(())).await;
    assert_eq!(code(&guard, unknown.secret(), &send).await, "ok");
}

#[tokio::test]
async fn a_guard_knows_the_keys_of_its_own_org_and_mesh_and_no_others() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    let rival = house.org("rival").admin;
    let wish = |mesh: &str| json!({ "mesh": mesh, "capabilities": ["send"], "topics": "all" });
    let (main, other) = (admin.issue(wish("main")).await.1, admin.issue(wish("other")).await.1);
    let of_mesh = Guard::connect(settings(&house).await.mesh("main")).await.unwrap();
    let wanted = Requirement::may("send");
    for (secret, told) in [
        (main.secret(), "ok"),
        (admin.secret(), "ok"),
        (other.secret(), "unknown_key"),
        (rival.secret(), "unknown_key"),
    ] {
        assert_eq!(code(&of_mesh, secret, &wanted).await, told);
    }
    let of_org = guard(&house).await;
    let wanted = wanted.in_mesh("other");
    for (secret, told) in
        [(main.secret(), "wrong_mesh"), (admin.secret(), "ok"), (other.secret(), "ok"), (rival.secret(), "unknown_key")]
    {
        assert_eq!(code(&of_org, secret, &wanted).await, told);
    }
    // A guard of a mesh is told nothing of another.
    assert_eq!(code(&of_mesh, admin.secret(), &wanted).await, "internal");
    let org = one(&house.sql("superuser").await, "SELECT count(*) FROM replicas WHERE name = 'tracker'").await;
    assert_eq!(org, "2");
}

#[tokio::test]
async fn where_its_own_mesh_is_archived_nobody_is_let_in() {
    let house = House::new().await;
    let admin = house.admin();
    let guard = Guard::connect(settings(&house).await.mesh("main")).await.unwrap();
    let wanted = Requirement::may("send");
    let of_mesh = admin.issue(json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })).await.1;
    for key in [&of_mesh, &admin] {
        assert_eq!(code(&guard, key.secret(), &wanted).await, "ok");
    }
    admin.act(&admin.at("/meshes/main/archive")).await.expect(200);
    for key in [&of_mesh, &admin] {
        assert_eq!(code(&guard, key.secret(), &wanted).await, "mesh_archived");
    }
}

// G-13
#[tokio::test]
async fn whose_key_is_not_accepted_learns_nothing_of_what_there_is() {
    let house = House::new().await;
    let admin = house.admin();
    let guard = guard(&house).await;
    let (key, dead) = admin.issue(json!({ "capabilities": ["send"], "topics": "all" })).await;
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    let nobody = Secret::generate(&meshkey::domain::Prefix::default()).ok().unwrap();
    for wanted in [
        Requirement::may("send").in_mesh("main"),
        Requirement::may("send").in_mesh("elsewhere"),
        Requirement::may("send").in_mesh("a\0b"),
        Requirement::may("issue_view"),
    ] {
        assert_eq!(code(&guard, nobody.reveal(), &wanted).await, "unknown_key", "{wanted:?}");
        assert_eq!(code(&guard, dead.secret(), &wanted).await, "revoked", "{wanted:?}");
    }
    assert_eq!(code(&guard, admin.secret(), &Requirement::may("send").in_mesh("a\0b")).await, "internal");
    // Who may know of a key is told which one it was.
    let refused = guard.decide(&dead.secret().parse().ok().unwrap(), &Requirement::may("send")).await.err().unwrap();
    assert_eq!(refused.key().map(|key| key.to_string()), Some(id(&key)));
    assert_eq!(guard.decide(&nobody, &Requirement::may("send")).await.err().unwrap().key(), None);
}

#[tokio::test]
async fn a_rate_is_counted_within_the_process_and_what_is_refused_takes_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let rate = json!({ "per_minute": 1, "burst": 2 });
    let key = admin.issue(json!({ "capabilities": ["send"], "topics": "all", "rate": rate })).await.1;
    let guard = guard(&house).await;
    let wanted = Requirement::may("send");
    for (wanted, told) in [
        (wanted.clone().on("no topic!"), "topic_out_of_scope"),
        (wanted.clone().on("#deploys"), "topic_out_of_scope"),
        (Requirement::may("read"), "capability_missing"),
        (wanted.clone(), "ok"),
        (wanted.clone().on("deploys"), "ok"),
        (wanted.clone().on("no topic!"), "topic_out_of_scope"),
    ] {
        assert_eq!(code(&guard, key.secret(), &wanted).await, told, "{wanted:?}");
    }
    let refused = guard.decide(&key.secret().parse().ok().unwrap(), &wanted).await.err().unwrap();
    assert_eq!((refused.status(), refused.code()), (429, "rate_limited"));
    let answer = meshkey::guard::answer::Answer::from(&refused);
    let wait = answer.headers.iter().find(|(name, _)| *name == "retry-after").unwrap().1.parse::<u64>().unwrap();
    assert!((1..=60).contains(&wait), "{answer:?}");
}

/// A newer version may give the look-up more columns while this one runs.
#[tokio::test]
async fn a_newer_schema_takes_nothing_from_a_process_that_runs() {
    let house = House::new().await;
    let admin = house.admin();
    let guard = Guard::connect(settings(&house).await.cache_keys(0)).await.unwrap();
    let wanted = Requirement::may("send");
    assert_eq!(code(&guard, admin.secret(), &wanted).await, "ok");
    let db = house.sql("superuser").await;
    let body = one(&db, "SELECT pg_get_functiondef('meshkey_holders(bytea[])'::regprocedure)").await;
    let newer = body
        .replace("role_meshes uuid[])", "role_meshes uuid[], of_tomorrow integer)")
        .replace("part.roles, part.meshes", "part.roles, part.meshes, 1");
    assert_ne!(body, newer);
    db.batch_execute(&format!(
        "BEGIN; DROP FUNCTION meshkey_lookup(bytea[]); DROP FUNCTION meshkey_holders(bytea[]); {newer};
         ALTER FUNCTION meshkey_holders(bytea[]) OWNER TO meshkey_lookup; COMMIT"
    ))
    .await
    .unwrap();
    for _ in 0..20 {
        assert_eq!(code(&guard, admin.secret(), &wanted).await, "ok");
        admin.get("/v1/whoami").await.expect(200);
    }
}
