//! Every query is legal, and its role may run it.

use meshkey::db::QUERIES;
use tokio_postgres::Client;

use crate::house::House;

/// The queries that only the operator's role runs.
const OPERATOR_ONLY: [(&str, &str); 98] = [
    ("hubs", "BEAT"),
    ("hubs", "COME"),
    ("hubs", "CLEAR"),
    ("hubs", "PUT"),
    ("hubs", "TAKE"),
    ("hubs", "LEAVE"),
    ("hubs", "SWEEP"),
    ("live", "TELL"),
    ("live", "ENDS"),
    ("live", "WHO"),
    ("tickets", "SWEEP"),
    ("hooks", "HEARING"),
    ("hooks", "QUEUE"),
    ("hooks", "TAKE"),
    ("hooks", "TARGET"),
    ("hooks", "DONE"),
    ("hooks", "FAILED"),
    ("hooks", "ANSWERED"),
    ("hooks", "SWEEP"),
    ("ends", "TURN"),
    ("ends", "DUE"),
    ("ends", "PEOPLE"),
    ("ends", "TOLD"),
    ("ends", "LINES"),
    ("ends", "HEARD"),
    ("ends", "DEAF"),
    ("ends", "QUEUE"),
    ("ends", "TAKE"),
    ("ends", "ADDRESS"),
    ("ends", "DONE"),
    ("ends", "FAILED"),
    ("ends", "SWEEP"),
    ("unused", "UNUSED"),
    ("unused", "TAKE"),
    ("unused", "DISABLE"),
    ("devices", "SWEEP"),
    ("fresh", "BEGIN"),
    ("fresh", "BEAT"),
    ("fresh", "LEAVE"),
    ("fresh", "IS_STANDBY"),
    ("fresh", "LISTEN"),
    ("fresh", "CALL"),
    ("fresh", "PROBE"),
    ("fresh", "SEEN"),
    ("fresh", "TRIED"),
    ("fresh", "SOURCES"),
    ("fresh", "CLEAR"),
    ("fresh", "CLAIM"),
    ("fresh", "FORGET_CHANGES"),
    ("fresh", "FORGET_REPLICAS"),
    ("fresh", "REPLICAS"),
    ("fresh", "LISTED"),
    ("fresh", "REAP"),
    ("fresh", "WAKE"),
    ("audit", "TRY_BEGIN"),
    ("audit", "HASH_AT"),
    ("audit", "WRITE"),
    ("audit", "TAKE_AWAY"),
    ("idempotency", "FORGET"),
    ("orgs", "INSERT"),
    ("orgs", "BEGIN_AUDIT"),
    ("orgs", "FIND"),
    ("orgs", "LIST"),
    ("orgs", "LOCK_FOUNDING"),
    ("orgs", "SUSPEND"),
    ("one_time", "INSERT"),
    ("one_time", "TRIM"),
    ("one_time", "FORGET"),
    ("one_time", "TAKE"),
    ("one_time", "FORGET_SETUP"),
    ("people", "ADMINS"),
    ("people", "LOCK"),
    ("people", "PARTS"),
    ("people", "OWNERS"),
    ("people", "GRANT"),
    ("people", "REVOKE"),
    ("people", "SUSPEND"),
    ("people", "SIGN_OUT"),
    ("people", "FORGET_PASSWORD"),
    ("people", "FORGET_FACTOR"),
    ("people", "FORGET_RECOVERY"),
    ("outbox", "TAKE"),
    ("outbox", "ADDRESS"),
    ("outbox", "DONE"),
    ("outbox", "FAILED"),
    ("usage", "KEYS"),
    ("identities", "FORGET"),
    ("openid", "SWEEP"),
    ("usage", "SECRETS"),
    ("usage", "TURN"),
    ("usage", "LINES"),
    ("usage", "ORIGINS"),
    ("usage", "DENIALS"),
    ("usage", "TRIM"),
    ("usage", "FORGET_LINES"),
    ("usage", "FORGET_ORIGINS"),
    ("usage", "FORGET_DENIALS"),
    ("usage", "EXPIRING"),
];
/// The queries that it runs beside these.
const OPERATOR_TOO: [(&str, &str); 23] = [
    ("keys", "MANY"),
    ("audit", "HEAD"),
    ("audit", "INSERT"),
    ("audit", "ADVANCE"),
    ("audit", "CHECKPOINT"),
    ("audit", "CHAIN"),
    ("audit", "END"),
    ("fresh", "HERE"),
    ("fresh", "TELL"),
    ("keys", "CLOCK"),
    ("keys", "COUNT_LIVE"),
    ("keys", "INSERT"),
    ("keys", "SHOW"),
    ("meshes", "INSERT"),
    ("one_time", "FIND"),
    ("one_time", "IS_SET_UP"),
    ("passwords", "SET"),
    ("secrets", "INSERT"),
    ("stock", "KEYS"),
    ("topics", "INSERT"),
    ("users", "FIND"),
    ("users", "INSERT"),
    ("users", "SHOW"),
];

/// The queries that the role of a guard runs, within a service of somebody else's.
const GUARD_ONLY: [(&str, &str); 7] = [
    ("fresh", "GUARD_BEAT"),
    ("fresh", "GUARD_LEAVE"),
    ("fresh", "IS_OPEN"),
    ("guard", "IS_KNOWN"),
    ("guard", "ORG"),
    ("guard", "MESH"),
    ("guard", "CAPABILITIES"),
];
/// The queries that it runs beside these.
const GUARD_TOO: [(&str, &str); 7] = [
    ("fresh", "BEGIN"),
    ("fresh", "CALL"),
    ("fresh", "IS_STANDBY"),
    ("fresh", "LISTEN"),
    ("fresh", "SOURCES"),
    ("lookup", "LOOKUP"),
    ("lookup", "STANDING"),
];

/// Prepares the query, and has it planned: only then are the rights of the role looked at.
async fn try_out(db: &Client, module: &str, name: &str, sql: &str) {
    let prepared = db.prepare(sql).await.unwrap_or_else(|fault| panic!("{module}::{name}: {fault:?}"));
    if ["LISTEN", "NOTIFY"].iter().any(|utility| sql.starts_with(utility)) {
        return db.batch_execute(sql).await.unwrap_or_else(|fault| panic!("{module}::{name}: {fault:?}"));
    }
    let nulls = vec!["NULL"; prepared.params().len()].join(", ");
    let arguments = if nulls.is_empty() { nulls } else { format!("({nulls})") };
    let plan = format!("PREPARE it AS {sql}; EXPLAIN EXECUTE it{arguments}; DEALLOCATE it");
    db.batch_execute(&plan).await.unwrap_or_else(|fault| panic!("{module}::{name}: {fault:?}"));
}

// T-3
#[tokio::test]
async fn every_query_is_legal_and_allowed_to_the_role_that_runs_it() {
    let house = House::new().await;
    let (app, operator) = (house.sql("meshkey_app").await, house.sql("meshkey_operator").await);
    let guard = house.sql("meshkey_guard").await;
    let mut seen = Vec::new();
    for (module, queries) in QUERIES {
        for (name, sql) in *queries {
            seen.push((*module, *name));
            if !OPERATOR_ONLY.contains(&(module, name)) && !GUARD_ONLY.contains(&(module, name)) {
                try_out(&app, module, name, sql).await;
            }
            if OPERATOR_ONLY.contains(&(module, name)) || OPERATOR_TOO.contains(&(module, name)) {
                try_out(&operator, module, name, sql).await;
            }
            if GUARD_ONLY.contains(&(module, name)) || GUARD_TOO.contains(&(module, name)) {
                try_out(&guard, module, name, sql).await;
            }
        }
    }
    let mut known = OPERATOR_ONLY.iter().chain(&OPERATOR_TOO).chain(&GUARD_ONLY).chain(&GUARD_TOO);
    assert!(known.all(|query| seen.contains(query)), "a query of the operator or of a guard is gone: {seen:?}");
}

#[tokio::test]
async fn every_query_about_a_tenants_rows_names_the_org_first() {
    let of_nobodys_tenant = [
        "ends",
        "fresh",
        "guard",
        "hooks",
        "hubs",
        "idempotency",
        "live",
        "lookup",
        "one_time",
        "outbox",
        "people",
        "tickets",
        "unused",
        "usage",
    ];
    let of_a_person = [
        "ceremonies",
        "devices",
        "identities",
        "openid",
        "passkeys",
        "passwords",
        "second_factor",
        "sessions",
        "signed_in",
        "tries",
        "users",
        "ways",
    ];
    let is_of_a_tenant = |module: &&str| !of_nobodys_tenant.contains(module) && !of_a_person.contains(module);
    for (module, queries) in QUERIES.iter().filter(|(module, _)| is_of_a_tenant(module)) {
        for (name, sql) in *queries {
            let is_clock = *name == "CLOCK" || (*module, *name) == ("invitations", "FIND"); // by what is nobody's tenant yet
            let is_org = *module == "orgs";
            let names_org = sql.contains("org_id = $1") || sql.contains("(org_id") || is_org;
            assert!(is_clock || names_org, "{module}::{name}");
        }
    }
}
