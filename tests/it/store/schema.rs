//! A row that breaks a rule of the domain cannot be written, whoever writes it.

use tokio_postgres::Client;

use crate::{house::House, tools::one};

/// What must not be, and the rule that it breaks. `{rival}` is another org, `{yard}` a mesh of it, `{key}` a key of it.
const ILLEGAL: &[(&str, &str)] = &[
    ("UPDATE api_keys SET capabilities = '{}'", "api_keys_capabilities_check"),
    ("UPDATE api_keys SET capabilities = '{Send}'", "api_keys_capabilities_check"),
    ("UPDATE api_keys SET capabilities = '{send,NULL}'", "api_keys_capabilities_check"),
    ("UPDATE api_keys SET capabilities = '{\"state write\"}'", "api_keys_capabilities_check"),
    ("UPDATE api_keys SET everywhere = false", "all_topics_are_said"),
    ("UPDATE api_keys SET topics = '{deploys}'", "all_topics_are_said"),
    ("UPDATE api_keys SET everywhere = false, topics = '{*}'", "api_keys_topics_check"),
    ("UPDATE api_keys SET everywhere = false, topics = '{#deploys}'", "api_keys_topics_check"),
    ("UPDATE api_keys SET everywhere = false, topics = '{deploys,NULL}'", "api_keys_topics_check"),
    ("UPDATE api_keys SET addresses = '{}'", "api_keys_addresses_check"),
    ("UPDATE api_keys SET addresses = '{NULL}'", "api_keys_addresses_check"),
    ("UPDATE api_keys SET rate_burst = 1", "rate_is_whole"),
    ("UPDATE api_keys SET rate_per_minute = 1", "rate_is_whole"),
    ("UPDATE api_keys SET rate_per_minute = 0, rate_burst = 1", "api_keys_rate_per_minute_check"),
    ("UPDATE api_keys SET rate_per_minute = 1, rate_burst = 1000001", "api_keys_rate_burst_check"),
    ("UPDATE api_keys SET label = ''", "api_keys_label_check"),
    ("UPDATE api_keys SET label = ' x'", "api_keys_label_check"),
    ("UPDATE api_keys SET label = repeat('x', 65)", "api_keys_label_check"),
    ("UPDATE api_keys SET revoked_at = now()", "revocation_is_whole"),
    ("UPDATE api_keys SET revoked_by_kind = 'local'", "revocation_is_whole"),
    ("UPDATE api_keys SET revoke_reason = 'x'", "revocation_is_whole"),
    ("UPDATE api_keys SET revoked_at = now(), revoked_by_kind = 'key'", "revocation_is_whole"),
    ("UPDATE api_keys SET revoked_by_key = id", "revocation_is_whole"),
    ("UPDATE api_keys SET issued_by_kind = 'key'", "issuer_is_whole"),
    ("UPDATE api_keys SET issued_by_key = id", "issuer_is_whole"),
    ("UPDATE api_keys SET issued_by_kind = 'user'", "issuer_is_whole"),
    ("UPDATE api_keys SET issued_by_kind = 'robot'", "api_keys_issued_by_kind_check"),
    ("UPDATE api_keys SET issued_by_kind = 'key', issued_by_key = '{key}' WHERE org_id <> '{rival}'", "issued_by_key"),
    ("UPDATE api_keys SET mesh_id = '{yard}' WHERE org_id <> '{rival}'", "api_keys_org_id_mesh_id_fkey"),
    ("UPDATE key_secrets SET hash = '\\x00'", "key_secrets_hash_check"),
    ("UPDATE key_secrets SET number = 0", "key_secrets_number_check"),
    ("UPDATE key_secrets SET org_id = '{rival}' WHERE org_id <> '{rival}'", "key_secrets_org_id_key_id_fkey"),
    ("UPDATE topics SET mesh_id = '{yard}'", "topics_org_id_mesh_id_fkey"),
    ("UPDATE topics SET name = '#x'", "topics_name_check"),
    ("UPDATE meshes SET slug = 'Main'", "meshes_slug_check"),
    ("UPDATE orgs SET slug = ''", "orgs_slug_check"),
    ("UPDATE audit_heads SET unrevoked_keys = -1", "audit_heads_unrevoked_keys_check"),
    ("UPDATE audit_events SET actor_kind = 'key'", "actor_is_whole"),
    ("UPDATE audit_events SET hash = ''", "audit_events_hash_check"),
    ("UPDATE audit_events SET mesh_id = '{yard}' WHERE org_id <> '{rival}'", "audit_events_org_id_mesh_id_fkey"),
    ("UPDATE key_uses SET hour = hour + interval '1 minute'", "key_uses_hour_check"),
    ("UPDATE key_uses SET topic = '#x'", "key_uses_topic_check"),
    ("UPDATE key_uses SET count = 0", "key_uses_count_check"),
    ("UPDATE key_uses SET org_id = '{rival}' WHERE org_id <> '{rival}'", "key_uses_org_id_key_id_fkey"),
    ("UPDATE key_addresses SET org_id = '{rival}' WHERE org_id <> '{rival}'", "key_addresses_org_id_key_id_fkey"),
    ("UPDATE key_addresses SET denied = -1", "key_addresses_denied_check"),
    ("UPDATE key_denials SET org_id = '{rival}' WHERE org_id <> '{rival}'", "key_denials_org_id_key_id_fkey"),
    ("UPDATE key_denials SET at = first_at - interval '1 minute'", "key_denials_check"),
    ("DELETE FROM orgs WHERE id = '{rival}'", "orgs"),
];

async fn refused(db: &Client, sql: &str, rule: &str) {
    let fault = db.batch_execute(sql).await.expect_err(sql);
    let told = fault.as_db_error().unwrap_or_else(|| panic!("{sql}: {fault:?}"));
    assert!(told.code().code().starts_with("23"), "{sql}: {told:?}");
    let broken = told.constraint().unwrap_or_default();
    assert!(broken.contains(rule) || told.message().contains(rule), "{sql} broke {broken}, not {rule}");
}

// L-7, L-8, L-20
#[tokio::test]
async fn the_schema_refuses_illegal_rows() {
    let house = House::new().await;
    let rival = house.org("rival").admin;
    rival.post(&rival.at("/meshes"), serde_json::json!({ "slug": "yard" })).await.expect(201);
    // A row of each kind of count.
    let reader = house.admin().issue(serde_json::json!({ "capabilities": ["read"], "topics": "all" })).await.1;
    reader.get(&reader.at("/keys")).await.problem(403, "insufficient_scope");
    house.flush_uses().await;
    let db = house.sql("superuser").await;
    let org = one(&db, "SELECT id FROM orgs WHERE slug = 'rival'").await;
    let yard = one(&db, "SELECT id FROM meshes WHERE slug = 'yard'").await;
    let key = one(&db, &format!("SELECT id FROM api_keys WHERE org_id = '{org}'")).await;
    // Before any rule they keep the past as it is.
    for table in ["audit_events", "audit_heads"] {
        db.batch_execute(&format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await.unwrap();
    }
    for (sql, rule) in ILLEGAL {
        let sql = sql.replace("{rival}", &org).replace("{yard}", &yard).replace("{key}", &key);
        refused(&db, &sql, rule).await;
    }
}

// K-5, P-11
#[tokio::test]
async fn a_hash_is_there_once_and_found_by_its_index() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let again = "INSERT INTO key_secrets (org_id, key_id, number, hash, hint, dies_at)
                 SELECT org_id, key_id, number + 1, hash, hint, now() FROM key_secrets";
    refused(&db, again, "key_secrets_hash_key").await;
    let second = again.replace("hash, hint, now()", "sha256(hash), hint, NULL");
    refused(&db, &second, "key_secrets_newest").await;
    db.batch_execute("SET enable_seqscan = off").await.unwrap();
    let plan = "EXPLAIN SELECT FROM key_secrets WHERE hash = ANY (ARRAY['\\x00'::bytea])";
    assert!(crate::tools::texts(&db, plan).await.join("\n").contains("key_secrets_hash_key"));
}

// G-16
#[tokio::test]
async fn every_time_has_a_zone() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let naked = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
                 AND data_type IN ('timestamp without time zone', 'date', 'time without time zone')";
    assert_eq!(crate::tools::texts(&db, naked).await, Vec::<String>::new());
}

//
#[tokio::test]
async fn there_is_one_kind_of_key() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let mut tables = crate::tools::tables(&db).await;
    tables.retain(|name| ["key", "token", "secret", "credential"].iter().any(|word| name.contains(word)));
    tables.retain(|name| !crate::tools::COUNTED.contains(&name.as_str()));
    // Neither the feed nor what is counted holds one, and a passkey is a person's way to sign in.
    assert_eq!(tables, ["api_keys", "key_changes", "key_secrets", "passkeys"]);
}
