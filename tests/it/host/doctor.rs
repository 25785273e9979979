//! `doctor`: each thing that it looks at, made wrong. (What it asks of a running service: `doctor_server.rs`.)

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
};

use super::{Done, Served, at, init, meshkey, names, shelter};
use crate::{
    house::House,
    invitations::receiver::Receiver,
    tools::{database_url, dump, one, tables},
};

/// Asks with nobody listening on the service's port.
fn doctor(house: &House, arguments: &[&str]) -> Done {
    house.try_meshkey(&[&["doctor", "--json", "--listen", "127.0.0.1:1"], arguments].concat()).into()
}

/// What it found of one thing.
#[track_caller]
fn found<'a>(told: &'a Value, check: &str) -> &'a Value {
    let checks = told["checks"].as_array().unwrap();
    checks.iter().find(|found| found["check"] == check).unwrap_or_else(|| panic!("no {check}: {told}"))
}

/// Panics unless it found this of that thing.
#[track_caller]
fn expect(told: &Value, check: &str, verdict: &str, detail: &str) {
    let found = found(told, check);
    assert_eq!(found["verdict"], verdict, "{found}");
    assert!(found["detail"].as_str().unwrap().contains(detail), "{found}");
    assert!(verdict != "fail" || told["healthy"] == false, "{told}");
    assert!(verdict == "ok" || found["fix"].is_string(), "what to do? {found}");
}

#[tokio::test]
async fn all_is_looked_at_and_nothing_is_changed() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let before = dump(&db, "true").await;
    let told = doctor(&house, &[]).expect(0).json();
    let checks: Vec<_> =
        told["checks"].as_array().unwrap().iter().map(|found| found["check"].as_str().unwrap()).collect();
    let expected = [
        "config",
        "database",
        "durability",
        "roles",
        "schema",
        "clock",
        "feed",
        "queue",
        "pool",
        "bootstrap",
        "owners",
        "keys",
        "mail",
        "server",
        "url",
    ];
    assert_eq!(checks, expected);
    for check in ["config", "roles", "schema", "clock", "feed", "queue", "pool", "bootstrap", "owners", "keys", "url"] {
        expect(&told, check, "ok", "");
    }
    expect(&told, "durability", "ok", "durable on one node");
    expect(&told, "server", "warn", "does not answer");
    assert_eq!(dump(&db, "true").await, before);
    let lines: Done = house.try_meshkey(&["doctor", "--listen", "127.0.0.1:1"]).into();
    let lines = lines.expect(0).out;
    assert!(
        lines.contains("[ok]   bootstrap      1 org\n") && lines.contains("\n       fix: start it with"),
        "{lines}"
    );
}

/// What `serve` refuses to start on.
#[tokio::test]
async fn a_feed_that_is_not_fed_or_not_seen_is_told() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    db.batch_execute("ALTER TABLE api_keys ENABLE REPLICA TRIGGER tell_change").await.unwrap();
    expect(&doctor(&house, &[]).expect(1).json(), "feed", "fail", "only 24 fire always");
    db.batch_execute("ALTER TABLE api_keys ENABLE ALWAYS TRIGGER tell_change").await.unwrap();
    expect(&doctor(&house, &[]).expect(0).json(), "feed", "ok", "told of and seen");
    db.batch_execute("ALTER TABLE key_changes ENABLE ROW LEVEL SECURITY; CREATE POLICY w ON key_changes FOR INSERT WITH CHECK (true)")
        .await
        .unwrap();
    expect(&doctor(&house, &[]).expect(1).json(), "feed", "fail", "does not see");
}

#[tokio::test]
async fn an_empty_database_is_not_migrated() {
    // T-1
    let mut house = House::new().await;
    house.stop().await;
    let db = house.sql("superuser").await;
    db.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner").await.unwrap();
    let told = doctor(&house, &[]).expect(0).json();
    expect(&told, "schema", "warn", "none yet");
    assert_eq!(tables(&db).await, Vec::<String>::new());
}

#[test]
fn a_data_directory_that_is_not_there_is_not_made() {
    // T-16
    let dir = shelter();
    let data_dir = dir.path().join("data");
    let told = Done::of(&mut at(&data_dir, &["doctor", "--json", "--listen", "127.0.0.1:1"])).expect(0).json();
    expect(&told, "data directory", "warn", "there is no installation");
    assert!(!data_dir.exists());
}

#[test]
fn the_embedded_database_is_looked_at_while_it_runs_and_while_it_does_not() {
    let dir = shelter();
    let data_dir = dir.path().join("data");
    init(&data_dir);
    let look = || Done::of(&mut at(&data_dir, &["doctor", "--json", "--listen", "127.0.0.1:1"])).expect(0).json();
    expect(&look(), "database", "ok", "PostgreSQL ");
    let served = Served::start(&data_dir);
    let told = Done::of(&mut at(&data_dir, &["doctor", "--json", "--url", &served.base])).expect(0).json();
    assert!(told["checks"].as_array().unwrap().iter().all(|found| found["verdict"] == "ok"), "{told}");
    served.terminate();
    assert_eq!(names(&data_dir), ["LOCK", "data", "postgres.log", "run"]);
    fs::set_permissions(&data_dir, fs::Permissions::from_mode(0o777)).unwrap();
    let told = Done::of(&mut at(&data_dir, &["doctor", "--json", "--listen", "127.0.0.1:1"])).expect(1).json();
    let found = found(&told, "data directory");
    assert_eq!(found["verdict"], "fail");
    assert!(found["detail"].as_str().unwrap().contains("chmod go-w"), "{found}");
}

#[test]
fn a_bad_setting_is_a_failure_and_all_else_is_left() {
    // P-19
    let told = Done::of(meshkey(&["doctor", "--json"]).env("MESHKEY_LISTN", "x")).expect(1).json();
    expect(&told, "config", "fail", "did you mean MESHKEY_LISTEN?");
    assert_eq!(told["checks"].as_array().unwrap().len(), 1);
    let gone =
        Done::of(meshkey(&["doctor", "--json"]).env("DATABASE_URL", "postgres://127.0.0.1:1/app")).expect(1).json();
    expect(&gone, "database", "fail", "cannot connect to the database 127.0.0.1:1/app");
}

#[tokio::test]
async fn a_schema_that_is_not_ours_is_a_failure_and_a_newer_one_a_warning() {
    // T-2
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let newer = "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')";
    db.batch_execute(newer).await.unwrap();
    let told = doctor(&house, &[]).expect(0).json();
    assert_eq!(found(&told, "schema")["verdict"], "warn");
    db.batch_execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1").await.unwrap();
    expect(&doctor(&house, &[]).expect(1).json(), "schema", "fail", "V1__tenants_keys_audit");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let url = format!("{}&options=-c%20search_path%3Dshifted%2Cpg_catalog%2Cpublic", database_url(&house).await);
    let ask = |code| {
        let mut command = meshkey(&["doctor", "--json", "--listen", "127.0.0.1:1", "--database-url", &url]);
        Done::of(command.env("MESHKEY_ALLOW_FSYNC_OFF", "true")).expect(code).json()
    };
    for (seconds, verdict, detail, code) in
        [(-72, "fail", "s ahead of", 1), (10, "warn", "s behind", 0), (0, "ok", "ms from", 0)]
    {
        let shift = format!(
            "CREATE SCHEMA IF NOT EXISTS shifted; GRANT USAGE ON SCHEMA shifted TO PUBLIC;
             CREATE OR REPLACE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
             RETURN pg_catalog.clock_timestamp() + interval '{seconds} s'"
        );
        db.batch_execute(&shift).await.unwrap();
        expect(&ask(code), "clock", verdict, detail);
    }
}

#[tokio::test]
async fn a_role_that_row_level_security_does_not_bind_is_a_failure() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    db.batch_execute("ALTER TABLE states OWNER TO meshkey_app").await.unwrap();
    expect(&doctor(&house, &[]).expect(1).json(), "roles", "fail", "owns a tenant table");
}

#[tokio::test]
async fn a_pool_that_the_database_has_no_room_for_is_a_failure() {
    let house = House::new().await;
    expect(&doctor(&house, &["--pool-size", "1000"]).expect(1).json(), "pool", "fail", "(pool_size 1000)");
}

#[tokio::test]
async fn a_database_that_takes_no_writes_or_forgets_is_a_failure() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let is_durable = one(&db, "SHOW fsync").await == "on";
    let strict = Done::of(&mut meshkey(&["doctor", "--json", "--database-url", &database_url(&house).await])).json();
    let verdict = if is_durable { "ok" } else { "fail" };
    assert_eq!(found(&strict, "database")["verdict"], verdict, "{strict}");
    let read_only = format!("ALTER DATABASE {} SET default_transaction_read_only = on", house.database);
    db.batch_execute(&read_only).await.unwrap();
    expect(&doctor(&house, &[]).expect(1).json(), "database", "fail", "it takes no writes");
}

#[tokio::test]
async fn keys_that_end_soon_are_counted_and_an_installation_without_an_org_is_told_how_to_begin() {
    let house = House::new().await;
    let admin = house.admin();
    let end = |days: i64| {
        let end = time::OffsetDateTime::now_utc() + time::Duration::days(days);
        end.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    for days in [1, 6, 30] {
        let wish =
            serde_json::json!({ "capabilities": ["read"], "topics": "all", "mesh": "main", "expires_at": end(days) });
        admin.issue(wish).await;
    }
    expect(&doctor(&house, &[]).expect(0).json(), "keys", "warn", "4 live, of which 2 end within 7 days");
    let db = house.sql("superuser").await;
    db.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner").await.unwrap();
    db.batch_execute("GRANT USAGE ON SCHEMA public TO PUBLIC").await.unwrap();
    house.meshkey(&["migrate", "up", "--json"]);
    let told = doctor(&house, &[]).expect(0).json();
    expect(&told, "bootstrap", "warn", "there is no org yet");
    assert!(found(&told, "bootstrap")["fix"].as_str().unwrap().contains("meshkey init --org"));
}

/// Passes everything on between a client and PostgreSQL but notifications, as a pooler does.
async fn swallow(listener: TcpListener, house: String) {
    while let Ok((client, _)) = listener.accept().await {
        let (mut from_client, mut to_client) = client.into_split();
        let house = house.clone();
        tokio::spawn(async move {
            if house.starts_with('/') {
                let (mut from, mut to) = UnixStream::connect(house).await.unwrap().into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to).await });
                filter(&mut from, &mut to_client).await;
            } else {
                let (mut from, mut to) = TcpStream::connect(house).await.unwrap().into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to).await });
                filter(&mut from, &mut to_client).await;
            }
        });
    }
}

/// Each message: its kind, its length, the rest.
async fn filter(from: &mut (impl tokio::io::AsyncRead + Unpin), to: &mut (impl tokio::io::AsyncWrite + Unpin)) {
    while let Ok(kind) = from.read_u8().await {
        let length = from.read_u32().await.unwrap();
        let mut rest = vec![0; length as usize - 4];
        from.read_exact(&mut rest).await.unwrap();
        if kind == b'A' {
            continue;
        }
        let message = [&[kind][..], &length.to_be_bytes(), &rest].concat();
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_pooler_that_swallows_notifications_is_a_failure() {
    // P-17
    let house = House::new().await;
    let url = database_url(&house).await;
    let (_, query) = url.split_once('?').unwrap();
    let parts: std::collections::BTreeMap<String, String> = serde_urlencoded::from_str(query).unwrap();
    let real = if parts["host"].starts_with('/') {
        format!("{}/.s.PGSQL.{}", parts["host"], parts["port"])
    } else {
        format!("{}:{}", parts["host"], parts["port"])
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(swallow(listener, real));
    let through = format!("postgres://meshkey:meshkey@127.0.0.1:{port}/{}?sslmode=disable", house.database);
    let mut command = meshkey(&["doctor", "--json", "--listen", "127.0.0.1:1", "--database-url", &through]);
    command.env("MESHKEY_ALLOW_FSYNC_OFF", "true");
    let told = tokio::task::spawn_blocking(move || Done::of(&mut command)).await.unwrap().expect(1).json();
    expect(&told, "feed", "fail", "does not hear");
    expect(&told, "clock", "ok", "");
}

/// The mail server answers on another thread than the one that waits for the program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mail_server_is_asked_and_given_nothing() {
    let (house, receiver, dir) = (House::new().await, Receiver::start().await, shelter());
    let told = |server: &str| {
        let path = dir.path().join("meshkey.toml");
        let settings =
            format!("smtp_url = '{server}'\nmail_from = 'keys@example.org'\npublic_url = 'https://keys.example.org'");
        fs::write(&path, settings).unwrap();
        doctor(&house, &["--config", path.to_str().unwrap()])
    };
    expect(&doctor(&house, &[]).expect(0).json(), "mail", "ok", "no mail server is set up");
    expect(&told(&receiver.url()).expect(0).json(), "mail", "ok", "the mail server answers");
    assert_eq!((receiver.asked(), receiver.mails().len()), (0, 0));
    let nobody = told("smtp://app:hunter2@127.0.0.1:1").expect(1).json();
    expect(&nobody, "mail", "fail", "the mail server does not do");
    assert!(!nobody.to_string().contains("hunter2"));
}
