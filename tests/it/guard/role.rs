//! What a guard's role may do, and what it can never do.

use crate::{
    house::House,
    tools::{eventually, one, tables, texts},
};

#[tokio::test]
async fn it_reads_the_feed_and_no_other_table_and_writes_none() {
    let house = House::new().await;
    let (db, guard) = (house.sql("superuser").await, house.sql("meshkey_guard").await);
    for table in tables(&db).await {
        let may_read = ["feed_marks", "key_changes"].contains(&table.as_str());
        assert_eq!(guard.query(&format!("SELECT * FROM {table}"), &[]).await.is_ok(), may_read, "{table}");
        for sql in
            [format!("DELETE FROM {table}"), format!("TRUNCATE {table}"), format!("INSERT INTO {table} DEFAULT VALUES")]
        {
            let fault = guard.batch_execute(&sql).await.expect_err(&sql);
            assert_eq!(fault.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{sql}: {fault:?}");
        }
        let columns = format!(
            "SELECT count(*) FROM pg_attribute
             WHERE attrelid = '{table}'::regclass AND attnum > 0 AND has_column_privilege('meshkey_guard', attrelid, attnum, 'UPDATE')"
        );
        assert_eq!(one(&db, &columns).await, "0", "{table}");
    }
    // Besides the functions of everybody it may call these.
    let may = "SELECT p.proname FROM pg_proc p
               WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
                 AND has_function_privilege('meshkey_guard', p.oid, 'EXECUTE') ORDER BY 1";
    let calls = [
        "meshkey_guard_beat",
        "meshkey_guard_capabilities",
        "meshkey_guard_leave",
        "meshkey_guard_mesh",
        "meshkey_guard_org",
        "meshkey_holders",
        "meshkey_lookup",
    ];
    assert_eq!(texts(&db, may).await, calls);
    let fault = guard.query("SELECT meshkey_tell('all', NULL)", &[]).await.unwrap_err();
    assert_eq!(fault.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{fault:?}");
}

#[tokio::test]
async fn it_can_write_a_row_of_its_own_and_touch_no_other() {
    let house = House::new().await;
    let (db, guard) = (house.sql("superuser").await, house.sql("meshkey_guard").await);
    let before =
        eventually("the house has a row", async || texts(&db, "SELECT boot_id FROM replicas").await.into_iter().next())
            .await;
    let beat = |boot: &str, number: i64, hold: i64| {
        format!("SELECT meshkey_guard_beat('{boot}', {number}, 'mine', pg_current_snapshot(), 'x', {hold})")
    };
    let own = "00000000-0000-4000-8000-000000000001";
    assert_eq!(one(&guard, &beat(own, 1, 2000)).await, "t");
    assert_eq!(one(&guard, &beat(own, 1, 2000)).await, "f");
    assert_eq!(one(&guard, &beat(own, 2, 2000)).await, "t");
    let fault = guard.batch_execute(&beat(own, 3, 660_001)).await.unwrap_err();
    assert_eq!(fault.code().map(tokio_postgres::error::SqlState::code), Some("23514"), "{fault:?}");
    // A row that nobody could read in time would let no revocation be confirmed.
    let long = format!("SELECT meshkey_guard_beat('{own}', 4, 'mine', pg_current_snapshot(), repeat('x', 65), 2000)");
    let fault = guard.batch_execute(&long).await.unwrap_err();
    assert_eq!(fault.code().map(tokio_postgres::error::SqlState::code), Some("23514"), "{fault:?}");
    guard.batch_execute(&format!("SELECT meshkey_guard_leave('{own}')")).await.unwrap();
    let many = "SELECT meshkey_guard_beat(gen_random_uuid(), 7, 'x', pg_current_snapshot(), 'x', 2000) FROM generate_series(1, 1001)";
    let fault = guard.batch_execute(many).await.unwrap_err();
    assert_eq!(fault.code().map(tokio_postgres::error::SqlState::code), Some("23514"), "{fault:?}");
    assert_eq!(texts(&db, "SELECT boot_id FROM replicas").await, [before]);
}
