//! Retention: old events go into an archive, and nothing is lost or unproved on the way.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{busy, lines, proof, retain_all};
use crate::{
    client::Client,
    house::House,
    tools::{dump, one, until_waiting},
};

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(self.dir.path()).unwrap().next().is_none()
    }
}

fn retain(house: &House, more: &[&str]) -> Output {
    house.try_meshkey(&[&["audit", "retain", "--org", "acme"], more].concat())
}

async fn at(admin: &Client, seq: usize) -> String {
    // By the list: an export is an event itself.
    let listed = admin.get(&admin.at("/audit?limit=200")).await.expect(200);
    let event = &listed.items()[listed.items().len() - seq];
    event["at"].as_str().unwrap().to_owned()
}

async fn everything(house: &House) -> String {
    dump(&house.sql("superuser").await, "true").await
}

// L-7, L-17
#[tokio::test]
async fn old_events_go_into_an_archive_and_what_is_left_still_proves() {
    let (house, place) = (busy().await, Place::new());
    let admin = house.admin();
    let before = lines(&admin, "").await;
    let (time, archive) = (at(&admin, 9).await, place.text("archive"));
    let told = house.meshkey(&["audit", "retain", "--org", "acme", "--before", &time, "--archive", &archive, "--json"]);
    let eighth: Value = serde_json::from_str(&before[7]).unwrap();
    let expected = json!({
        "org": { "id": house.acme().id, "slug": "acme" }, "dry_run": false, "before": time, "events": 8, "through": 8,
        "hash": eighth["hash"], "archive": archive,
    });
    assert_eq!(told, expected);
    assert_eq!(fs::read_to_string(&archive).unwrap(), before[..8].join("\n") + "\n");
    assert_eq!(fs::metadata(&archive).unwrap().permissions().mode() & 0o777, 0o600);
    let after = lines(&admin, "").await;
    // Behind what was there stand the retention, and that all of it was taken along afterwards.
    assert_eq!(after[..after.len() - 2], before[8..]);
    let last: Value = serde_json::from_str(&after[after.len() - 2]).unwrap();
    assert_eq!((&last["action"], &last["actor"]), (&json!("audit.retained"), &json!({ "kind": "local", "id": null })));
    assert_eq!(last["subject"], json!({ "kind": "org", "id": house.acme().id }));
    assert_eq!(last["after"], json!({ "through": 8, "hash": eighth["hash"], "events": 8 }));
    let proof = proof(&admin).await;
    assert_eq!(
        (&proof["whole"], &proof["first_seq"], &proof["events"]),
        (&json!(true), &json!(9), &json!(after.len()))
    );
    assert_eq!(proof["retained"], json!({ "seq": 8, "hash": eighth["hash"], "at": last["at"] }));
    // And again: of an event of retention another may take away.
    let told = retain_all(&house, "acme", &place.path("second")).await;
    assert_eq!((&told["events"], &told["through"]), (&json!(after.len()), &json!(last["seq"].as_i64().unwrap() + 1)));
    assert_eq!(super::proof(&admin).await["whole"], true);
    admin.get(&admin.at("/audit?action=audit.retained")).await.expect(200);
}

#[tokio::test]
async fn a_dry_run_tells_and_does_nothing() {
    let (house, place) = (busy().await, Place::new());
    let (admin, before) = (house.admin(), everything(&house).await);
    let time = at(&admin, 9).await;
    let archive = place.text("archive");
    for more in [&["--archive", &archive][..], &[]] {
        let arguments = [&["--before", &time, "--dry-run", "--json"], more].concat();
        let told: Value = serde_json::from_slice(&retain(&house, &arguments).stdout).unwrap();
        assert_eq!((&told["events"], &told["through"], &told["archive"]), (&json!(8), &json!(8), &json!(null)));
    }
    assert!(place.is_empty());
    assert_eq!(everything(&house).await, before);
}

#[tokio::test]
async fn where_nothing_is_old_nothing_is_done() {
    let (house, place) = (House::new().await, Place::new());
    let before = everything(&house).await;
    let done = retain(&house, &["--keep", "365d", "--archive", &place.text("archive"), "--json"]);
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), &told["events"], &told["archive"]), (Some(0), &json!(0), &json!(null)));
    assert!(place.is_empty());
    assert_eq!(everything(&house).await, before);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_and_nothing_is_taken_away() {
    let (house, place) = (House::new().await, Place::new());
    let before = everything(&house).await;
    let (archive, now) = (place.text("archive"), "2999-01-01T00:00:00Z");
    fs::write(&archive, "mine").unwrap();
    let new = place.text("new");
    for (more, code) in [
        (&["--before", now, "--archive", &archive][..], 6),
        (&["--before", now, "--archive", "/nowhere/archive"], 1),
        (&["--before", now], 2),
        (&["--archive", &new], 2),
        (&["--before", now, "--keep", "1d", "--archive", &new], 2),
        (&["--before", "yesterday", "--archive", &new], 2),
        (&["--keep", "0d", "--archive", &new], 2),
        (&["--keep", "5", "--archive", &new], 2),
    ] {
        let done = retain(&house, more);
        assert_eq!(done.status.code(), Some(code), "{more:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    let nobody = house.try_meshkey(&["audit", "retain", "--org", "nobody", "--before", now, "--archive", &new]);
    assert_eq!(nobody.status.code(), Some(5));
    assert_eq!(fs::read_to_string(&archive).unwrap(), "mine");
    assert!(!place.path("new").exists());
    assert_eq!(everything(&house).await, before);
}

// L-17
#[tokio::test]
async fn a_broken_chain_is_evidence_and_stays() {
    let (house, place) = (busy().await, Place::new());
    let alter = "SET session_replication_role = replica; UPDATE audit_events SET action = 'org.resumed' WHERE seq = 5";
    house.sql("superuser").await.batch_execute(alter).await.unwrap();
    let before = everything(&house).await;
    let done = retain(&house, &["--before", "2999-01-01T00:00:00Z", "--archive", &place.text("archive")]);
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(1) && told.contains("broken at event 5"), "{told}");
    assert!(place.is_empty());
    assert_eq!(everything(&house).await, before);
}

// L-17
#[tokio::test]
async fn a_checkpoint_without_its_event_or_its_events_is_told() {
    let (house, place) = (busy().await, Place::new());
    let admin = house.admin();
    let db = house.sql("superuser").await;
    db.batch_execute("SET session_replication_role = replica").await.unwrap();
    // Somebody takes rows away, and writes a checkpoint for it.
    let take =
        "INSERT INTO audit_checkpoints (org_id, seq, hash) SELECT org_id, seq, hash FROM audit_events WHERE seq = 4;
                CREATE TABLE kept AS SELECT * FROM audit_events WHERE seq <= 4;
                DELETE FROM audit_events WHERE seq <= 4";
    db.batch_execute(take).await.unwrap();
    let told = proof(&admin).await["broken"].clone();
    assert_eq!((&told["seq"], &told["fault"]), (&json!(4), &json!("removed")), "{told}");
    db.batch_execute("INSERT INTO audit_events SELECT * FROM kept; DELETE FROM audit_checkpoints; DROP TABLE kept")
        .await
        .unwrap();
    assert_eq!(proof(&admin).await["whole"], true);
    let through = retain_all(&house, "acme", &place.path("archive")).await["through"].as_i64().unwrap();
    admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    let last = through + 2;
    for (tampering, seq, fault) in [
        ("DELETE FROM audit_checkpoints".to_owned(), 1, "removed"),
        ("UPDATE audit_checkpoints SET hash = sha256(hash)".to_owned(), last - 1, "altered"),
        ("UPDATE audit_checkpoints SET seq = seq - 1".to_owned(), through, "removed"),
        (format!("DELETE FROM audit_events WHERE seq = {}", last - 1), last - 1, "removed"),
        (format!("DELETE FROM audit_events WHERE seq = {last}"), last, "truncated"),
        (
            "INSERT INTO audit_events SELECT (jsonb_populate_record(e, '{\"seq\": 3}')).* FROM audit_events e LIMIT 1"
                .to_owned(),
            3,
            "reordered",
        ),
    ] {
        let keep = "CREATE TABLE kept AS SELECT * FROM audit_events; CREATE TABLE checkpoints AS SELECT * FROM audit_checkpoints;
                    ALTER TABLE audit_events DROP CONSTRAINT IF EXISTS audit_events_id_key";
        db.batch_execute(keep).await.unwrap();
        db.batch_execute(&tampering).await.unwrap();
        let told = proof(&admin).await["broken"].clone();
        assert_eq!((&told["seq"], &told["fault"]), (&json!(seq), &json!(fault)), "{tampering}: {told}");
        let restore = "DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM kept; DROP TABLE kept;
                       DELETE FROM audit_checkpoints; INSERT INTO audit_checkpoints SELECT * FROM checkpoints; DROP TABLE checkpoints";
        db.batch_execute(restore).await.unwrap();
        assert_eq!(proof(&admin).await["whole"], true, "restored");
    }
}

// G-29, L-17
#[tokio::test]
async fn a_retention_that_breaks_off_behind_the_archive_has_taken_nothing_away() {
    let (house, place) = (busy().await, Place::new());
    let db = house.sql("superuser").await;
    let before = everything(&house).await;
    let archive = ["--before", "2999-01-01T00:00:00Z", "--archive", &place.text("archive")].map(str::to_owned);
    // It waits for the end of the chain, which somebody holds, with all its deletions made, and is ended there.
    let holder = house.sql("superuser").await;
    holder.batch_execute("BEGIN; SELECT FROM audit_heads FOR UPDATE").await.unwrap();
    let end = async {
        until_waiting(&db, 1).await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        db.batch_execute(end).await.unwrap();
    };
    let url = crate::tools::database_url(&house).await;
    let work = tokio::process::Command::new(env!("CARGO_BIN_EXE_meshkey"))
        .args(["audit", "retain", "--org", "acme", "--database-url", &url])
        .args(&archive)
        .env_clear()
        .env("MESHKEY_ALLOW_FSYNC_OFF", "true")
        .output();
    let (done, ()) = tokio::join!(work, end);
    assert_eq!(done.unwrap().status.code(), Some(8));
    holder.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(everything(&house).await, before);
    assert_eq!(proof(&house.admin()).await["whole"], true);
    // What was archived is all there, and it can be done again, into another file.
    let archived = fs::read_to_string(place.path("archive")).unwrap();
    let exported = lines(&house.admin(), "").await;
    assert_eq!(archived, exported[..exported.len() - 1].join("\n") + "\n");
    let again = retain_all(&house, "acme", &place.path("again")).await;
    assert_eq!(
        json!(one(&db, "SELECT max(seq) FROM audit_checkpoints").await.parse::<i64>().unwrap()),
        again["through"]
    );
}

#[tokio::test]
async fn of_two_retentions_at_once_one_is_done_and_the_other_takes_nothing_away() {
    let (house, place) = (busy().await, Place::new());
    let url = crate::tools::database_url(&house).await;
    let work = |name: &str| {
        tokio::process::Command::new(env!("CARGO_BIN_EXE_meshkey"))
            .args(["audit", "retain", "--org", "acme", "--before", "2999-01-01T00:00:00Z", "--database-url", &url])
            .args(["--archive", &place.text(name)])
            .env_clear()
            .env("MESHKEY_ALLOW_FSYNC_OFF", "true")
            .output()
    };
    let (one, two) = tokio::join!(work("one"), work("two"));
    let mut codes = [one.unwrap().status.code().unwrap(), two.unwrap().status.code().unwrap()];
    codes.sort_unstable();
    // The later one may also have come when the first was done.
    assert!([[0, 6], [0, 0]].contains(&codes), "{codes:?}");
    assert_eq!(proof(&house.admin()).await["whole"], true);
}
