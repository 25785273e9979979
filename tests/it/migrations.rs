//! Migrations: from nothing, together, and never over a history that is not ours.

use futures_util::future::join_all;
use meshkey::db::migrate::{self, Error};
use tokio_postgres::Client;

use crate::{
    house::House,
    tools::{dump, one, texts},
};

/// What was released is never changed: the schema changes by one more migration, and one more line here.
const FROZEN: [&str; 21] = [
    "1\ttenants_keys_audit\t11113540655162611627",
    "2\tmessages_state\t16475062177660462046",
    "3\taudit_retention\t7142229315311539513",
    "4\tfreshness\t7716803938766136461",
    "5\tkeys_by_end\t10333061437497868725",
    "6\tcapabilities\t5126073569658878050",
    "7\tgates\t3419307723722306631",
    "8\tuses\t1182042237548644549",
    "9\trates\t9576515541984225050",
    "10\tguard\t16577906266345870097",
    "11\tpeople\t8230070851958795499",
    "12\tsign_in\t4774750699862756873",
    "13\tone_time_codes\t13912775198720804883",
    "14\tinvitations\t13960864878011737692",
    "15\tpasskeys\t3414939218441295121",
    "16\tidentities\t4410649585776940439",
    "17\tpolicies\t14115562493143758463",
    "18\tdevice_logins\t698367745845123097",
    "19\taddress_proved\t12447363336189579168",
    "20\tnotices\t5757741192912239875",
    "21\tlive\t1514699929934343414",
];

async fn empty(house: &House) -> Client {
    let db = house.sql("superuser").await;
    // A beat that is under way would be in the way.
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'meshkey'";
    db.query(end, &[]).await.unwrap();
    let clear = "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner;
                 GRANT USAGE ON SCHEMA public TO PUBLIC";
    db.batch_execute(clear).await.unwrap();
    db
}

// T-1
#[tokio::test]
async fn an_empty_database_becomes_a_whole_one() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let schema = "SELECT table_name, column_name, data_type FROM information_schema.columns
                  WHERE table_schema = 'public' ORDER BY 1, 2";
    let before = texts(&db, schema).await;
    empty(&house).await;
    assert_eq!(migrate::up(&mut house.sql("meshkey").await, None).await.unwrap().applied.len(), FROZEN.len());
    assert_eq!(texts(&db, schema).await, before);
    let twin = house.twin().await;
    assert_eq!(twin.stranger().get("/readyz").await.expect(200).body["status"], "ok");
    let founded = house.meshkey(&["init", "--org", "acme", "--json"]);
    let key = founded["key"]["secret"].as_str().unwrap();
    twin.stranger().with_key(key).get("/v1/whoami").await.expect(200);
}

#[tokio::test]
async fn of_four_that_start_together_on_an_empty_database_one_migrates() {
    let house = House::new().await;
    empty(&house).await;
    let mut clients = join_all((0..4).map(|_| house.sql("meshkey"))).await;
    let outcomes = join_all(clients.iter_mut().map(|client| migrate::up(client, None))).await;
    let mut applied: Vec<_> = outcomes.into_iter().map(|outcome| outcome.unwrap().applied.len()).collect();
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 0, FROZEN.len()]);
    let again = migrate::up(&mut clients[0], None).await.unwrap();
    assert_eq!((again.applied.len(), again.unknown), (0, Vec::new()));
}

#[tokio::test]
async fn four_services_that_start_together_on_an_empty_database_all_serve() {
    let house = House::new().await;
    empty(&house).await;
    for twin in join_all((0..4).map(|_| house.twin())).await {
        twin.stranger().get("/readyz").await.expect(200);
    }
}

// T-2
#[tokio::test]
async fn a_history_that_is_not_ours_is_refused_and_left_alone() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    db.batch_execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1").await.unwrap();
    let before = dump(&db, "true").await;
    let refused = migrate::up(&mut house.sql("meshkey").await, None).await.unwrap_err();
    assert!(matches!(&refused, Error::Diverged(name) if name.contains("V1")), "{refused:?}");
    assert!(refused.to_string().contains("another version of 'V1"), "{refused}");
    assert_eq!(dump(&db, "true").await, before);
    let told = house.try_meshkey(&["org", "list"]);
    assert!(!told.status.success() && String::from_utf8_lossy(&told.stderr).contains("V1"), "{told:?}");
}

// T-2
#[tokio::test]
async fn a_migration_of_a_newer_version_is_no_reason_to_stop() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let newer = "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')";
    db.batch_execute(newer).await.unwrap();
    let outcome = migrate::up(&mut house.sql("meshkey").await, None).await.unwrap();
    assert_eq!((outcome.applied.len(), outcome.unknown), (0, vec!["V99__later".to_owned()]));
    house.twin().await.admin().get("/v1/whoami").await.expect(200);
}

// T-2
#[tokio::test]
async fn a_migration_that_was_released_is_never_changed() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let history = "SELECT version, name, checksum FROM refinery_schema_history ORDER BY version";
    assert_eq!(texts(&db, history).await, FROZEN);
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap() {
        let sql = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!sql.contains("IF NOT EXISTS") && !sql.contains("OR REPLACE"), "a drift would be hidden: {sql}");
    }
}

#[tokio::test]
async fn a_login_that_may_not_make_roles_is_told_what_to_run() {
    let house = House::new().await;
    let (mut db, poor) = (house.sql("superuser").await, format!("{}_poor", house.database));
    db.batch_execute(&format!("CREATE ROLE {poor} LOGIN; SET SESSION AUTHORIZATION {poor}")).await.unwrap();
    let refused = migrate::up(&mut db, None).await;
    db.batch_execute(&format!("RESET SESSION AUTHORIZATION; DROP ROLE {poor}")).await.unwrap();
    let told = refused.unwrap_err().to_string();
    for role in ["meshkey_app", "meshkey_operator", "meshkey_lookup", "meshkey_guard"] {
        assert!(told.contains(&format!("GRANT {role} TO {poor};")), "{told}");
    }
    assert_eq!(one(&db, "SELECT current_user = session_user").await, "t");
}
