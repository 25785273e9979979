//! The roles: what the service may do at most, and as whom it refuses to work.

use meshkey::db::roles::{Error, refuse_unbound};

use crate::{
    house::House,
    tools::{one, texts},
};

/// All that the roles may do to a table, as `role table rights`.
async fn rights(db: &tokio_postgres::Client, role: &str) -> Vec<String> {
    let sql = "SELECT table_name, string_agg(privilege_type, ' ' ORDER BY privilege_type)
               FROM information_schema.role_table_grants WHERE table_schema = 'public' AND grantee = ";
    texts(db, &format!("{sql}'{role}' GROUP BY 1 ORDER BY 1")).await
}

// L-7, L-17
#[tokio::test]
async fn the_roles_may_do_this_and_no_more() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let app = [
        "api_keys\tINSERT SELECT",
        "audit_checkpoints\tSELECT",
        "audit_events\tINSERT SELECT",
        "audit_heads\tSELECT",
        "capabilities\tDELETE INSERT SELECT",
        "ceremonies\tDELETE INSERT SELECT",
        "device_logins\tINSERT SELECT",
        "gates\tDELETE INSERT SELECT",
        "hubs\tSELECT",
        "idempotency\tDELETE INSERT SELECT UPDATE",
        "identities\tDELETE INSERT SELECT",
        "invitations\tINSERT SELECT",
        "key_addresses\tSELECT",
        "key_changes\tINSERT",
        "key_denials\tSELECT",
        "key_secrets\tINSERT SELECT",
        "key_uses\tSELECT",
        "mail_outbox\tDELETE INSERT SELECT",
        "memberships\tDELETE INSERT SELECT",
        "meshes\tINSERT SELECT",
        "messages\tINSERT SELECT",
        "one_time_codes\tSELECT",
        "openid_flows\tDELETE INSERT SELECT",
        "orgs\tSELECT UPDATE",
        "passkeys\tDELETE INSERT SELECT",
        "passwords\tINSERT SELECT",
        "peers\tSELECT",
        "policies\tINSERT SELECT",
        "recovery_codes\tDELETE INSERT SELECT",
        "sessions\tDELETE INSERT SELECT",
        "sign_in_tries\tDELETE INSERT SELECT",
        "socket_tickets\tDELETE INSERT SELECT",
        "states\tINSERT SELECT UPDATE",
        "told_ends\tSELECT",
        "topics\tINSERT SELECT",
        "totp\tDELETE INSERT SELECT",
        "users\tINSERT SELECT",
        "webhook_calls\tINSERT SELECT",
        "webhooks\tDELETE INSERT SELECT",
    ];
    assert_eq!(rights(&db, "meshkey_app").await, app);
    let guard = ["feed_marks\tSELECT", "key_changes\tSELECT"];
    assert_eq!(rights(&db, "meshkey_guard").await, guard);
    let lookup = [
        "api_keys",
        "capabilities",
        "invitations",
        "key_secrets",
        "memberships",
        "meshes",
        "orgs",
        "sessions",
        "users",
    ]
    .map(|table| format!("{table}\tSELECT"));
    assert_eq!(rights(&db, "meshkey_lookup").await, lookup);
    assert_eq!(rights(&db, "PUBLIC").await, Vec::<String>::new());
    let operator = rights(&db, "meshkey_operator").await;
    for may in ["audit_checkpoints\tINSERT SELECT", "audit_events\tDELETE INSERT SELECT", "audit_heads\tINSERT SELECT"]
    {
        assert!(operator.contains(&may.to_owned()), "{operator:?}");
    }
}

// L-7, L-17
#[tokio::test]
async fn the_past_can_be_neither_changed_nor_deleted() {
    let house = House::new().await;
    let org = one(&house.sql("superuser").await, "SELECT id FROM orgs").await;
    for role in ["meshkey_app", "meshkey_operator"] {
        let db = house.sql(role).await;
        db.batch_execute(&format!("SELECT set_config('meshkey.org', '{org}', false)")).await.unwrap();
        assert_ne!(one(&db, "SELECT count(*) FROM audit_events").await, "0");
        for sql in [
            "UPDATE audit_events SET action = 'key.issued'",
            "DELETE FROM audit_events",
            "TRUNCATE audit_events",
            "DELETE FROM api_keys",
            "DELETE FROM key_secrets",
            "DELETE FROM audit_heads",
            "UPDATE audit_heads SET org_id = org_id",
            "UPDATE audit_checkpoints SET seq = 1",
            "DELETE FROM audit_checkpoints",
            "TRUNCATE audit_checkpoints",
        ] {
            let fault = db.batch_execute(sql).await.expect_err(sql);
            assert_eq!(
                fault.code().map(tokio_postgres::error::SqlState::code),
                Some("42501"),
                "{role}: {sql}: {fault:?}"
            );
        }
    }
}

// K-5, L-7, A-12
#[tokio::test]
async fn what_a_row_is_can_be_changed_by_no_role() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    for (table, columns) in [
        ("api_keys", "id org_id mesh_id issued_by_kind issued_by_key created_at"),
        ("key_secrets", "org_id key_id number hash hint created_at"),
        ("meshes", "id org_id slug created_at"),
        ("topics", "org_id mesh_id name created_at"),
        ("capabilities", "org_id name created_at"),
        ("gates", "id org_id mesh_id created_at"),
        ("invitations", "id org_id mesh_id role email invited_by_kind invited_by_key invited_by_user created_at"),
        ("policies", "org_id mesh_id"),
        ("device_logins", "id device_hash user_code device asked address created_at ends_at"),
        ("mail_outbox", "id kind subject_id org_id recipient created_at"),
        ("socket_tickets", "hash secret_hash mesh_id ends_at"),
        ("hubs", "id"),
        ("peers", "hub_id org_id mesh_id key_id topic via"),
        ("told_ends", "org_id key_id"),
        ("webhooks", "org_id"),
        ("webhook_calls", "id org_id day body created_at"),
        ("end_notices", "id user_id day listed more created_at"),
        ("key_uses", "org_id key_id hour capability topic outcome"),
        ("key_addresses", "org_id key_id hour address"),
        ("key_denials", "org_id key_id door code capability topic address"),
        ("audit_heads", "org_id"),
        ("audit_checkpoints", "org_id seq hash at"),
    ] {
        for column in columns.split(' ') {
            for role in ["meshkey_app", "meshkey_operator"] {
                let may = format!("SELECT has_column_privilege('{role}', '{table}', '{column}', 'UPDATE')");
                assert_eq!(one(&db, &may).await, "f", "{role} may change {table}.{column}");
            }
        }
    }
}

/// Why this session would be refused.
async fn unbound(db: &tokio_postgres::Client) -> &'static str {
    match refuse_unbound(db, true).await {
        Err(Error::Unbound(_, why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn the_service_works_as_no_role_that_row_level_security_does_not_bind() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    assert_eq!(unbound(&db).await, "is a superuser");
    assert_eq!(unbound(&house.sql("meshkey").await).await, "owns a tenant table");
    let free = format!("{}_free", house.database);
    db.batch_execute(&format!("CREATE ROLE {free} BYPASSRLS; SET ROLE {free}")).await.unwrap();
    assert_eq!(unbound(&db).await, "bypasses row-level security");
    db.batch_execute(&format!("RESET ROLE; DROP ROLE {free}")).await.unwrap();
    for role in ["meshkey_app", "meshkey_operator"] {
        refuse_unbound(&house.sql(role).await, true).await.unwrap();
    }
}

#[tokio::test]
async fn a_database_that_does_not_keep_what_it_answers_is_refused_unless_that_is_allowed() {
    let house = House::new().await;
    let app = house.sql("meshkey_app").await;
    let is_durable = one(&app, "SHOW fsync").await == "on";
    let judged = refuse_unbound(&app, false).await;
    assert_eq!(matches!(judged, Err(Error::NotDurable)), !is_durable, "{judged:?}");
    refuse_unbound(&app, true).await.unwrap();
}
