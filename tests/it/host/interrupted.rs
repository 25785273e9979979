//! A backup that is interrupted leaves nothing behind.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::{Done, Served, at, init, names, shelter, signal, superuser, text};
use crate::tools::{eventually, one};

const DUMPS: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump'";

#[tokio::test]
async fn an_interrupted_backup_leaves_no_file_and_no_program() {
    let dir = shelter();
    let data_dir = dir.path().join("data");
    init(&data_dir);
    let _served = Served::start(&data_dir);
    let (db, locker) = (superuser(&data_dir).await, superuser(&data_dir).await);
    // What it has to wait for, so that it is surely at work.
    locker.batch_execute("BEGIN; LOCK TABLE messages").await.unwrap();
    let file = dir.path().join("it.backup");
    for by in [Signal::SIGTERM, Signal::SIGINT] {
        let backup = at(&data_dir, &["backup", "--to", text(&file)]).spawn().unwrap();
        let waiting = format!("{DUMPS} AND wait_event_type = 'Lock'");
        eventually("a backup at work", async || (one(&db, &waiting).await == "1").then_some(())).await;
        assert_eq!(names(dir.path()).len(), 2);
        signal(&backup, by);
        let told = Done::from(backup.wait_with_output().unwrap()).expect(130);
        assert!(told.out.is_empty() && told.err.contains("interrupted; nothing was kept"), "{}", told.err);
        assert_eq!(names(dir.path()), ["data"]);
        eventually("the end of pg_dump", async || (one(&db, DUMPS).await == "0").then_some(())).await;
    }
    locker.batch_execute("ROLLBACK").await.unwrap();
    tokio::time::timeout(Duration::from_mins(1), async {
        Done::of(&mut at(&data_dir, &["backup", "--to", text(&file)])).expect(0);
    })
    .await
    .unwrap();
}
