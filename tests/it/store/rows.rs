//! Row-level security: the service's role sees one org at a time, whatever a query asks for.

use serde_json::json;
use tokio_postgres::{Client, error::SqlState};

use crate::{
    house::House,
    tools::{one, tables, texts},
};

/// The tables that hold nothing of a tenant, or are read before the tenant is known. A new table is in neither list.
const WITHOUT: [&str; 21] = [
    "ceremonies",
    "device_logins",
    "end_notices",
    "feed_marks",
    "hubs",
    "idempotency",
    "identities",
    "key_changes",
    "mail_outbox",
    "one_time_codes",
    "openid_flows",
    "passkeys",
    "passwords",
    "recovery_codes",
    "refinery_schema_history",
    "replicas",
    "sessions",
    "sign_in_tries",
    "socket_tickets",
    "totp",
    "users",
];

/// A house in which every table has rows of both orgs, and the ids of the two.
async fn filled() -> (House, String, String) {
    let house = House::new().await;
    let rival = house.org("rival").admin;
    rival.post(&rival.at("/meshes"), json!({ "slug": "main" })).await.expect(201);
    rival.post(&rival.at("/meshes/main/topics"), json!({ "name": "deploys" })).await.expect(201);
    for admin in [house.admin(), rival] {
        admin.post("/v1/meshes/main/topics/deploys/messages", json!({ "body": 1 })).await.expect(201);
        admin.post(&admin.at("/capabilities"), json!({ "name": "upload" })).await.expect(201);
        let gate = json!({ "mesh": "main", "name": "gate", "methods": { "GET": "upload" } });
        admin.post(&admin.at("/gates"), gate).await.expect(201);
        admin.patch(&admin.at("/policy"), json!({ "longest_overlap": "7d" }), "*").await.expect(200);
        let invitation = json!({ "email": "erin@example.com", "role": "viewer" });
        admin.post(&admin.at("/invitations"), invitation).await.expect(201);
        admin.put("/v1/meshes/main/state/x", json!({ "value": 1 })).await.expect(201);
        let reader = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await.1;
        reader.get(&reader.at("/keys")).await.problem(403, "insufficient_scope");
    }
    house.flush_uses().await;
    let db = house.sql("superuser").await;
    let told = "INSERT INTO told_ends (org_id, key_id, ends_at, step) SELECT org_id, id, now(), 7 FROM api_keys";
    db.batch_execute(told).await.unwrap();
    let hooks = "INSERT INTO webhooks (org_id, url, signs_with) SELECT id, 'https://x', sha256('') FROM orgs;
                 INSERT INTO webhook_calls (id, org_id, body) SELECT gen_random_uuid(), id, '' FROM orgs";
    db.batch_execute(hooks).await.unwrap();
    let peers = "INSERT INTO hubs VALUES (gen_random_uuid(), now());
                 INSERT INTO peers SELECT h.id, k.org_id, m.id, k.id, '', 'socket', 1, now()
                 FROM hubs h, api_keys k JOIN meshes m USING (org_id)";
    db.batch_execute(peers).await.unwrap();
    let people = "WITH person AS (INSERT INTO users (id, email, name) VALUES (gen_random_uuid(), 'dana@example.com', 'Dana')
                                  RETURNING id)
                  INSERT INTO memberships (org_id, user_id, role) SELECT orgs.id, person.id, 'viewer' FROM orgs, person";
    db.batch_execute(people).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    for org in ["acme", "rival"] {
        crate::audit::retain_all(&house, org, &dir.path().join(org)).await;
    }
    let of = async |slug: &str| one(&db, &format!("SELECT id FROM orgs WHERE slug = '{slug}'")).await;
    let (acme, rival) = (of("acme").await, of("rival").await);
    (house, acme, rival)
}

async fn guarded(db: &Client) -> Vec<String> {
    tables(db).await.into_iter().filter(|table| !WITHOUT.contains(&table.as_str())).collect()
}

fn owner(table: &str) -> &'static str {
    if table == "orgs" { "id" } else { "org_id" }
}

/// A column that the service may change, where there is one.
fn changeable(table: &str) -> &'static str {
    match table {
        "key_secrets" => "dies_at",
        "key_uses" | "key_denials" | "peers" => "count",
        "key_addresses" => "allowed",
        "memberships" => "role",
        "told_ends" => "step",
        "webhooks" => "status",
        "webhook_calls" => "due_at",
        "invitations" => "ends_at",
        "audit_heads" | "audit_events" | "audit_checkpoints" | "messages" => "seq",
        _ => "version",
    }
}

async fn act_for(db: &Client, org: &str) {
    db.batch_execute(&format!("SELECT set_config('meshkey.org', '{org}', false)")).await.unwrap();
}

#[tokio::test]
async fn every_table_but_these_is_under_forced_row_level_security() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let without = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
                   AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY 1";
    assert_eq!(texts(&db, without).await, WITHOUT);
    let views =
        "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm', 'f') AND relnamespace = 'public'::regnamespace";
    assert_eq!(texts(&db, views).await, Vec::<String>::new(), "a view is read with the rights of its owner");
}

#[tokio::test]
async fn the_services_role_sees_the_rows_of_the_org_that_it_acts_for_and_no_other() {
    let (house, acme, rival) = filled().await;
    let app = house.sql("meshkey_app").await;
    for table in guarded(&app).await {
        let count = format!("SELECT count(*) FROM {table}");
        for nobody in ["", "00000000-0000-0000-0000-000000000000"] {
            act_for(&app, nobody).await;
            assert_eq!(one(&app, &count).await, "0", "{table} without an org");
        }
        act_for(&app, &rival).await;
        assert_ne!(one(&app, &count).await, "0", "{table} is empty: nothing is proved");
        let theirs = format!("{count} WHERE {} <> '{rival}' OR {0} = '{acme}'", owner(&table));
        assert_eq!(one(&app, &theirs).await, "0", "{table} of another org");
    }
}

#[track_caller]
fn assert_refused(done: Result<u64, tokio_postgres::Error>, what: &str) {
    let fault = done.expect_err(what);
    assert_eq!(fault.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{what}: {fault:?}");
}

#[tokio::test]
async fn the_services_role_writes_no_row_of_another_org() {
    let (house, acme, rival) = filled().await;
    let (db, app) = (house.sql("superuser").await, house.sql("meshkey_app").await);
    for table in guarded(&app).await {
        let owner = owner(&table);
        let columns = "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
                       WHERE table_schema = 'public' AND is_generated = 'NEVER' AND table_name = ";
        let columns = one(&db, &format!("{columns}'{table}'")).await;
        let row = one(&db, &format!("SELECT to_json(t)::text FROM {table} t WHERE {owner} = '{acme}'")).await;
        act_for(&app, &rival).await;
        let insert = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_record(NULL::{table}, '{}')",
            row.replace('\'', "''")
        );
        assert_refused(app.execute(&insert, &[]).await, &format!("insert into {table}"));
        let column = changeable(&table);
        let update = format!("UPDATE {table} SET {column} = {column} WHERE {owner} = '{acme}'");
        match app.execute(&update, &[]).await {
            Ok(changed) => assert_eq!(changed, 0, "{table}"),
            refused => assert_refused(refused, &table),
        }
        let give_away = format!("UPDATE {table} SET {owner} = '{acme}'");
        assert_refused(app.execute(&give_away, &[]).await, &format!("give away {table}"));
    }
}

#[tokio::test]
async fn the_look_up_and_what_a_guard_asks_are_the_only_functions_with_rights_of_their_own() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let definers = "SELECT proname, proowner::regrole, proconfig::text FROM pg_proc
                    WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1";
    let expected = [
        ("meshkey_guard_beat", "meshkey_operator"),
        ("meshkey_guard_capabilities", "meshkey_lookup"),
        ("meshkey_guard_leave", "meshkey_operator"),
        ("meshkey_guard_mesh", "meshkey_lookup"),
        ("meshkey_guard_org", "meshkey_lookup"),
        ("meshkey_holders", "meshkey_lookup"),
        ("meshkey_invitation", "meshkey_lookup"),
        ("meshkey_is_set_up", "meshkey_lookup"),
        ("meshkey_lookup", "meshkey_lookup"),
        ("meshkey_memberships_of", "meshkey_lookup"),
        ("meshkey_session", "meshkey_lookup"),
    ];
    let expected = expected.map(|(name, owner)| format!("{name}\t{owner}\t{{\"search_path=pg_catalog, pg_temp\"}}"));
    assert_eq!(texts(&db, definers).await, expected);
    let owned = "SELECT relname FROM pg_class WHERE relowner IN ('meshkey_app'::regrole, 'meshkey_lookup'::regrole)";
    assert_eq!(texts(&db, owned).await, Vec::<String>::new());
}
