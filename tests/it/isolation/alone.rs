//! Row-level security alone: each query without its condition on the org, run for us with their ids, gives and changes
//! nothing of theirs.

use meshkey::db::QUERIES;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::canaries::{Canaries, WORD};
use crate::tools::{dump, one};

/// What each query is asked, `$1` left out: `K` is a key of theirs, `P` the key that it issued, `M` a mesh, `GATE` a gate.
const ASKED: &[(&str, &str)] = &[
    (
        "access::KEYS",
        "M, false, ARRAY['active', 'rotating'], '9999-12-31T23:59:59Z', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 100, NULL",
    ),
    ("audit::HEAD", ""),
    ("audit::ADVANCE", "1000000, '\\x00'::bytea || decode(repeat('00', 31), 'hex'), 1"),
    ("audit::LIST", "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1000, 100"),
    ("audit::AFTER", "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 1000, 100"),
    ("audit::COUNT", "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 100"),
    ("audit::NAMES", "ARRAY[K], NULL"),
    ("audit::END", ""),
    ("audit::CHAIN", "0"),
    ("audit::CHECKPOINT", ""),
    ("counts::OF_ORG", "NULL, '2026-01-01', '9999-01-01', 'topic', 100"),
    ("counts::OF_KEY", "K, '2026-01-01', '9999-01-01', 'topic', 100"),
    ("counts::ORIGINS_OF_KEY", "K, '2026-01-01', '9999-01-01', 100"),
    ("counts::OF_KEYS", "ARRAY[K], '2026-01-01', '9999-01-01'"),
    ("called::PEOPLE", "ARRAY[USER]"),
    ("called::MESHES", "ARRAY[M]"),
    ("counts::LABELS", "ARRAY[K]"),
    ("counts::DENIALS", "K"),
    ("keys::SHOW", "K"),
    ("keys::HOLD", "K"),
    ("gates::COUNT", ""),
    ("gates::SHOW", "GATE"),
    ("gates::FIND", "'zzcanary-gate'"),
    ("gates::LOCK", "GATE"),
    ("gates::LIST", "'', 100"),
    ("gates::EDIT", r#"GATE, 'ours', '', '{"PUT": "read"}', NULL, NULL, true"#),
    ("gates::DELETE", "GATE"),
    ("gates::DEMANDING", "'zzcanary.capability'"),
    ("capabilities::COUNT", ""),
    ("capabilities::SHOW", "'zzcanary.capability'"),
    ("capabilities::LOCK", "'zzcanary.capability'"),
    ("capabilities::LIST", "'', 100"),
    ("capabilities::EDIT", "'zzcanary.capability', 'ours'"),
    ("capabilities::HOLD", "ARRAY['zzcanary.capability']"),
    ("capabilities::NAMES", ""),
    ("capabilities::BEARERS", "'read'"),
    ("capabilities::RETIRE", "'zzcanary.capability'"),
    ("keys::LOCK", "K"),
    ("keys::LOCK_ALL", "ARRAY[K]"),
    ("keys::MANY", "ARRAY[K]"),
    ("keys::EDIT", "K, 'ours', NULL, ARRAY['send'], true, ARRAY[]::text[], NULL, NULL, 60, 10"),
    ("keys::TOUCH", "K"),
    ("keys::DISABLE", "K, true"),
    ("keys::REVOKE", "ARRAY[K], 'local', NULL, NULL, NULL"),
    ("keys::DESCENDANTS", "K"),
    ("keys::COUNT_LIVE", ""),
    ("lookup::NEWEST", "K"),
    ("invitations::SHOW", "INVITED"),
    ("invitations::LOCK", "INVITED"),
    ("invitations::LIST", "'ffffffff-ffff-ffff-ffff-ffffffffffff', NULL, 100"),
    ("invitations::OPEN", "'zzcanary-invited@example.com', M"),
    ("invitations::COUNT_OPEN", ""),
    ("invitations::TO", "'zzcanary-invited@example.com'"),
    ("invitations::WITHDRAW", "INVITED"),
    ("invitations::RENEW", "INVITED, decode(repeat('00', 32), 'hex'), now()"),
    ("invitations::ACCEPT", "INVITED, USER"),
    ("invitations::OPENS", "INVITED, HASH"),
    ("invitations::ROLE", "'zzcanary@example.com', NULL"),
    ("peers::TOPICS", "M"),
    ("peers::LIST", "M, '00000000-0000-0000-0000-000000000000', 100, 1e9, NULL"),
    ("policies::HOLD", ""),
    ("policies::LOCK", ""),
    ("policies::SHOW", "M"),
    ("policies::OF_MESHES", ""),
    ("policies::COUNT_BROKEN", "M"),
    ("policies::BROKEN", "M, '00000000-0000-0000-0000-000000000000', 100"),
    ("policies::BROKEN_OF", "ARRAY[K]"),
    ("policies::ENDLESS", "M, 100"),
    ("policies::COUNT_ENDLESS", "M"),
    ("policies::END", "ARRAY[K], ARRAY['2030-01-01'::timestamptz]"),
    ("signed_in::MEMBERS", "ARRAY[USER]"),
    ("signed_in::HOLD_ROLES", "USER"),
    ("members::SHOW", "USER"),
    ("members::LIST", "NULL, NULL, NULL, '', 100"),
    ("members::IN_CHARGE", "'00000000-0000-0000-0000-000000000000'"),
    ("members::LOCK", "USER"),
    ("members::TAKE", "USER, NULL"),
    ("members::REMOVE", "USER"),
    ("members::PERSONAL", "USER"),
    ("members::ISSUED", "USER"),
    ("meshes::SHOW", "M"),
    ("meshes::FIND", "'zzcanary-mesh'"),
    ("meshes::LOCK", "M"),
    ("meshes::LIST", "NULL, NULL, 'infinity', M, 100"),
    ("meshes::EDIT", "M, 'ours'"),
    ("meshes::ARCHIVE", "M, true"),
    ("meshes::COUNTS", "ARRAY[M]"),
    ("messages::NEXT", "M, 'zzcanary.topic'"),
    ("messages::NEWEST", "M, 'zzcanary.topic', 1000, 100"),
    ("messages::AFTER", "M, 'zzcanary.topic', 0, 100"),
    ("orgs::SHOW", ""),
    ("orgs::LOCK", ""),
    ("orgs::EDIT", "'ours'"),
    ("presence::OF", "ARRAY[USER]"),
    ("secrets::REPLACE", "K, now()"),
    ("secrets::FINISH", "K"),
    ("states::SHOW", "M, '', 'zzcanary.state'"),
    ("states::LIST", "M, '', '', 100"),
    ("states::LOCK", "M, '', 'zzcanary.state'"),
    ("states::PUT", "M, '', 'zzcanary.state', '1', K"),
    ("stock::KEYS", ""),
    ("topics::SHOW", "M, 'zzcanary.topic'"),
    ("topics::LOCK", "M, 'zzcanary.topic'"),
    ("topics::LIST", "M, NULL, '', 100"),
    ("topics::EDIT", "M, 'zzcanary.topic', 'ours'"),
    ("topics::ARCHIVE", "M, 'zzcanary.topic', true"),
    ("topics::KNOWN", "NULL, ARRAY['zzcanary.topic']"),
    ("topics::NAMES", "NULL"),
    ("topics::ARCHIVED", "NULL"),
    ("topics::LIVE", "NULL, 100"),
    ("webhooks::SHOW", ""),
    ("webhooks::LOCK", ""),
    ("webhooks::EDIT", "'https://ours.example.org/', NULL"),
    ("webhooks::REMOVE", ""),
];
/// Queries that only ever run as the operator, who sees every org.
const OPERATORS: [&str; 10] = [
    "hooks::TARGET",
    "hooks::ANSWERED",
    "orgs::SUSPEND",
    "audit::TRY_BEGIN",
    "audit::HASH_AT",
    "audit::TAKE_AWAY",
    "people::OWNERS",
    "people::REVOKE",
    "unused::TAKE",
    "unused::DISABLE",
];

/// The arguments of a list of keys.
fn of_list(name: &str) -> String {
    let start = match name {
        "BY_LABEL" => "''",
        "BY_LABEL_DOWN" => "chr(1114111)",
        "BY_STATUS" | "BY_USES" => "-1",
        "BY_STATUS_DOWN" | "BY_USES_DOWN" => "999999",
        "NEWEST" | "BY_END_DOWN" | "BY_USE_DOWN" => "'9999-12-31T23:59:59Z'",
        _ => "'0001-01-01T00:00:00Z'",
    };
    let id = if start.contains("9999") || start.contains("chr") { "f" } else { "0" };
    let [id, least, most] =
        [id, "0", "f"].map(|digit| format!("'{0}-{1}-{1}-{1}-{0}{1}'", digit.repeat(8), digit.repeat(4)));
    format!(
        "NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, {start}, {id}, 100, {least}, {most}, NULL, false, NULL, NULL"
    )
}

/// The query without its condition; `None` where it has none.
fn bare(module: &str, sql: &str) -> Option<String> {
    let nothing = "($1::uuid IS NOT NULL)";
    let mut bare = sql.to_owned();
    for alias in ["k.", "m.", "p.", "s.", "child.", ""] {
        bare = bare.replace(&format!("{alias}org_id = $1"), nothing);
    }
    if module == "orgs" {
        bare = bare.replace("WHERE id = $1", &format!("WHERE {nothing}"));
    }
    (bare != sql).then_some(bare)
}

struct Done {
    rows: Vec<String>,
    changed: u64,
}

async fn run(db: &Client, statement: &str) -> Done {
    let (mut rows, mut changed) = (Vec::new(), 0);
    for answer in db.simple_query(statement).await.unwrap_or_else(|fault| panic!("{statement}: {fault:?}")) {
        match answer {
            SimpleQueryMessage::Row(row) => {
                rows.push((0..row.len()).map(|at| row.get(at).unwrap_or_default()).collect::<Vec<_>>().join(" "));
            }
            SimpleQueryMessage::CommandComplete(count) => changed = changed.max(count),
            _ => {}
        }
    }
    Done { rows, changed }
}

/// Prepares it by SQL, so that `EXECUTE` takes the types of the parameters as the query has them.
async fn execute(db: &Client, org: &str, sql: &str, arguments: &str, end: &str) -> Done {
    db.batch_execute(&format!("BEGIN; SELECT set_config('meshkey.org', '{org}', true); PREPARE it AS {sql}"))
        .await
        .unwrap();
    let arguments = if arguments.is_empty() { String::new() } else { format!(", {arguments}") };
    let done = run(db, &format!("EXECUTE it ('{org}'{arguments})")).await;
    db.batch_execute(&format!("DEALLOCATE it; {end}")).await.unwrap();
    done
}

// G-38
#[tokio::test]
async fn row_level_security_holds_without_the_conditions_in_the_queries() {
    let canaries = Canaries::of_another_org().await;
    let (db, app) = (canaries.house.sql("superuser").await, canaries.house.sql("meshkey_app").await);
    let uuid = async |what: &str| one(&db, &format!("SELECT id FROM {what}")).await;
    let (ours, theirs) = (uuid("orgs WHERE slug = 'acme'").await, uuid("orgs WHERE slug = 'zzcanary-org'").await);
    let (key, mesh) =
        (uuid("api_keys WHERE label = 'zzcanary'").await, uuid("meshes WHERE slug = 'zzcanary-mesh'").await);
    let gate = uuid("gates").await;
    let user = uuid("users").await;
    let invitation = uuid("invitations").await;
    let hash = one(&db, "SELECT encode(token_hash, 'hex') FROM invitations").await;
    let archive = tempfile::tempdir().unwrap();
    crate::audit::retain_all(&canaries.house, "zzcanary-org", &archive.path().join("archive")).await;
    let archived = "INSERT INTO topics (org_id, mesh_id, name, archived_at)
                    SELECT org_id, mesh_id, 'zzcanary.old', now() FROM topics WHERE name = 'zzcanary.topic'";
    db.batch_execute(archived).await.unwrap();
    let there = format!(
        "INSERT INTO hubs VALUES (gen_random_uuid(), now());
         INSERT INTO peers SELECT h.id, org_id, mesh_id, k.id, 'zzcanary.topic', 'socket', 1, now() FROM hubs h, api_keys k WHERE k.id = '{key}'"
    );
    db.batch_execute(&there).await.unwrap();
    let before = dump(&db, &canaries.theirs).await;
    let mut seen = 0;
    for (module, queries) in QUERIES {
        for (name, sql) in *queries {
            let full = format!("{module}::{name}");
            let Some(bare) = bare(module, sql).filter(|_| !OPERATORS.contains(&full.as_str())) else { continue };
            let arguments = if *module == "list" {
                of_list(name)
            } else {
                let known = ASKED.iter().find(|(known, _)| *known == full);
                known.unwrap_or_else(|| panic!("say what {full} is asked")).1.to_owned()
            };
            let arguments = arguments.replace("INVITED", &format!("'{invitation}'::uuid"));
            let arguments = arguments.replace("HASH", &format!("'\\x{hash}'"));
            let arguments = arguments.replace("USER", &format!("'{user}'::uuid"));
            let arguments = arguments.replace("GATE", &format!("'{gate}'::uuid"));
            let arguments = arguments.replace('K', &format!("'{key}'::uuid")).replace('M', &format!("'{mesh}'::uuid"));
            let theirs_by_them = execute(&app, &theirs, &bare, &arguments, "ROLLBACK").await;
            assert!(theirs_by_them.changed > 0, "{full} finds nothing at all: nothing is proved");
            let by_us = execute(&app, &ours, &bare, &arguments, "COMMIT").await;
            for row in &by_us.rows {
                assert!(
                    !row.contains(WORD) && !row.contains(&key) && !row.contains(&mesh) && !row.contains(&gate),
                    "{full}: {row}"
                );
            }
            assert_eq!(dump(&db, &canaries.theirs).await, before, "{full} changed something of theirs");
            seen += 1;
        }
    }
    assert!(seen >= ASKED.len(), "a query is gone: {seen}");
}
