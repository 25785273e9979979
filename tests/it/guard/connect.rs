//! What a guard refuses to stand on, with what to do about it.

use std::time::Duration;

use meshkey::{
    Guard,
    guard::{ConnectError, Settings},
};

use super::settings;
use crate::{house::House, tools::database_url};

async fn refused(settings: Settings) -> String {
    let error = Guard::connect(settings).await.err().expect("it connects");
    std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused() {
    let house = House::new().await;
    let good = settings(&house).await;
    for (bad, told) in [
        (good.clone().bound(Duration::from_millis(499)), "the bound of a guard is 500 ms to 1 min"),
        (good.clone().bound(Duration::from_secs(61)), "the bound of a guard is 500 ms to 1 min"),
        (good.clone().outage_grace(Duration::from_secs(601)), "the outage grace of a guard is at most 10 min"),
        (good.clone().pool_size(0), "a guard has 1 to 1000 connections to look keys up on"),
        (good.clone().patience(Duration::ZERO), "a guard needs some patience"),
        (good.clone().name(""), "the name of a guard is 1 to 255 characters"),
        (good.clone().trusted_proxies("10.0.0.0/33"), "a trusted proxy is an address or a range of them"),
        (good.clone().mesh("elsewhere"), "there is no mesh 'elsewhere' in this org"),
        (Settings::new(&database_url(&house).await, "rival").allow_fsync_off(), "there is no org 'rival'"),
        (Settings::new("mysql://localhost", "acme"), "the database address is not understood"),
    ] {
        let refused = refused(bad).await;
        assert!(refused.starts_with(told), "{refused}");
    }
    let org = house.acme().id;
    Guard::connect(Settings::new(&database_url(&house).await, &org).allow_fsync_off()).await.unwrap();
}

#[tokio::test]
async fn a_login_that_is_no_member_of_the_role_is_told_what_to_run() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let login = format!("{}_stranger", house.database);
    db.batch_execute(&format!("CREATE ROLE {login} LOGIN PASSWORD 'x'")).await.unwrap();
    let url = database_url(&house).await.replace("user=meshkey", &format!("user={login}"));
    let url = url.replace("password=meshkey", "password=x");
    let wanted = Settings::new(&url, "acme").allow_fsync_off();
    let told = refused(wanted.clone()).await;
    assert!(told.ends_with(&format!("GRANT meshkey_guard TO {login};")), "{told}");
    db.batch_execute(&format!("GRANT meshkey_guard TO {login}")).await.unwrap();
    let guard = Guard::connect(wanted).await.unwrap();
    guard.stop().await;
    db.batch_execute(&format!("REVOKE meshkey_guard FROM {login}; DROP ROLE {login}")).await.unwrap();
}

#[tokio::test]
async fn a_database_without_our_schema_is_refused() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    db.batch_execute("DROP FUNCTION meshkey_guard_org(text, uuid)").await.unwrap();
    assert!(matches!(Guard::connect(settings(&house).await).await, Err(ConnectError::NoSchema)));
}

#[tokio::test]
async fn a_feed_that_is_not_fed_or_not_seen_is_refused() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    db.batch_execute("ALTER TABLE api_keys DISABLE TRIGGER tell_change").await.unwrap();
    let told = refused(settings(&house).await).await;
    assert!(told.contains("triggers that tell what has changed over keys only"), "{told}");
    db.batch_execute("ALTER TABLE api_keys ENABLE ALWAYS TRIGGER tell_change").await.unwrap();
    db.batch_execute("ALTER TABLE key_changes ENABLE ROW LEVEL SECURITY").await.unwrap();
    let told = refused(settings(&house).await).await;
    assert!(told.starts_with("the role meshkey_guard may not see all of key_changes: refused"), "{told}");
}

#[tokio::test]
async fn a_server_that_loses_what_it_has_answered_is_refused() {
    let house = House::new().await;
    let is_durable = crate::tools::one(&house.sql("superuser").await, "SHOW fsync").await == "on";
    let connected = Guard::connect(Settings::new(&database_url(&house).await, "acme")).await;
    assert_eq!(connected.is_ok(), is_durable);
}
