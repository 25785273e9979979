//! What a restore refuses, and that it leaves nothing half.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{Done, Served, at, init, names, shelter, superuser, text};
use crate::{
    client::Client,
    tools::{hex, texts},
};

fn backup(data_dir: &Path, to: &Path) {
    Done::of(&mut at(data_dir, &["backup", "--to", text(to)])).expect(0);
}

fn restore(data_dir: &Path, from: &Path) -> Done {
    Done::of(&mut at(data_dir, &["restore", "--from", text(from)]))
}

/// A backup of an installation with one org, and the secret of its admin.
fn sample(dir: &TempDir) -> (PathBuf, &'static str) {
    static SAMPLE: OnceLock<(Vec<u8>, String)> = OnceLock::new();
    let (bytes, secret) = SAMPLE.get_or_init(|| {
        let dir = shelter();
        let (data_dir, file) = (dir.path().join("data"), dir.path().join("it.backup"));
        let secret = init(&data_dir);
        backup(&data_dir, &file);
        (fs::read(file).unwrap(), secret)
    });
    let file = dir.path().join("good");
    fs::write(&file, bytes).unwrap();
    (file, secret)
}

/// The head of a backup, its dump, and nothing of its end.
fn parts(bytes: &[u8]) -> (String, Vec<u8>) {
    let newline = |from: usize| from + bytes[from..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let head = newline(newline(0));
    let end = bytes.len() - "\nmeshkey backup ends, sha256 ".len() - 65;
    (String::from_utf8(bytes[..head].to_vec()).unwrap(), bytes[head..end].to_vec())
}

/// A backup of these parts, with a sum that is right.
fn whole(head: &str, dump: &[u8]) -> Vec<u8> {
    let mut bytes = [head.as_bytes(), dump].concat();
    let sum = hex(&Sha256::digest(&bytes));
    bytes.extend(format!("\nmeshkey backup ends, sha256 {sum}\n").bytes());
    bytes
}

#[test]
fn what_is_no_whole_backup_is_refused_before_anything_is_made() {
    let dir = shelter();
    let (good, _) = sample(&dir);
    let bytes = fs::read(&good).unwrap();
    let (head, dump) = parts(&bytes);
    assert_eq!(whole(&head, &dump), bytes);
    let mut altered = bytes.clone();
    altered[bytes.len() / 2] ^= 1;
    let newer = head.replacen(r#""schema":"#, r#""schema":9"#, 1);
    let (bad, new) = (dir.path().join("bad"), dir.path().join("new"));
    for (bytes, code, why) in [
        (b"PGDMP".to_vec(), 7, "is no backup of Meshkey"),
        (Vec::new(), 7, "is no backup of Meshkey"),
        (bytes[..bytes.len() - 1].to_vec(), 7, "was cut off"),
        (bytes[..bytes.len() / 2].to_vec(), 7, "was cut off"),
        (altered, 7, "was altered or damaged"),
        (whole(&newer, &dump), 7, "restore it with that version or a later one"),
        (whole(&head.replacen("backup 1", "backup 2", 1), &dump), 7, "is a backup of form 2"),
        (whole("meshkey backup 1\n{}\n", &dump), 7, "does not say what it is of"),
        (whole(&head.replacen(r#""postgres":""#, r#""postgres":"99"#, 1), &dump), 7, "install PostgreSQL 99"),
        (whole(&head, &dump[..dump.len() / 2]), 1, "pg_restore failed"),
    ] {
        fs::write(&bad, bytes).unwrap();
        let told = restore(&new, &bad).expect(code);
        assert!(told.out.is_empty() && told.err.contains(why), "{why}: {}", told.err);
        assert_eq!(names(dir.path()), ["bad", "good"], "{why}");
    }
    fs::remove_file(&bad).unwrap();
    assert!(restore(&new, &bad).expect(5).err.contains("cannot read"));
    restore(&new, &good).expect(0);
}

#[tokio::test]
async fn a_restore_writes_over_nothing_and_never_over_a_running_server() {
    let dir = shelter();
    let (data_dir, file) = (dir.path().join("data"), dir.path().join("it.backup"));
    let secret = init(&data_dir);
    backup(&data_dir, &file);
    assert!(restore(&data_dir, &file).expect(6).err.contains("is not empty"));
    let served = Served::start(&data_dir);
    let told = restore(&data_dir, &file).expect(6);
    assert!(told.err.contains("--data-dir") && told.out.is_empty(), "{}", told.err);
    let admin = Client::new(&served.base, "acme").with_key(&secret);
    admin.get("/v1/whoami").await.expect(200);
    let other = dir.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("notes.txt"), "mine").unwrap();
    restore(&other, &file).expect(6);
    assert_eq!(names(&other), ["notes.txt"]);
    // A key that is revoked after the backup is dead here, and lives in what is restored: the page says so.
    let key = admin.get("/v1/whoami").await.expect(200).body["key"]["id"].as_str().unwrap().to_owned();
    admin.post(&admin.at(&format!("/keys/{key}/revoke")), json!({})).await.expect(200);
    admin.get("/v1/whoami").await.problem(401, "invalid_token");
    fs::remove_file(other.join("notes.txt")).unwrap();
    assert!(restore(&other, &file).expect(0).err.contains("works again"));
    let again = Served::start(&other);
    Client::new(&again.base, "acme").with_key(&secret).get("/v1/whoami").await.expect(200);
}

#[test]
fn what_a_killed_restore_has_left_is_no_installation_and_is_cleared_away() {
    let dir = shelter();
    let (file, new) = (sample(&dir).0, dir.path().join("new"));
    fs::create_dir_all(new.join("data.init.1/base")).unwrap();
    fs::write(new.join("data.init.1/PG_VERSION"), "15\n").unwrap();
    fs::write(new.join("postgres.log"), "").unwrap();
    Done::of(&mut at(&new, &["org", "list"])).expect(5);
    restore(&new, &file).expect(0);
    assert_eq!(names(&new), ["LOCK", "data", "postgres.log", "run"]);
}

/// Owners, rights, policies and triggers of all that is there.
const SHAPE: &str = "
    SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner), (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(c.relacl) a), c.relrowsecurity, c.relforcerowsecurity,
           (SELECT string_agg(p.polname || coalesce(pg_get_expr(p.polqual, c.oid), ''), ' ' ORDER BY p.polname)
            FROM pg_policy p WHERE p.polrelid = c.oid),
           (SELECT string_agg(a.attname || coalesce((SELECT string_agg(r::text, ' ' ORDER BY r::text) FROM unnest(a.attacl) r), ''), ' ' ORDER BY a.attnum)
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0),
           (SELECT string_agg(pg_get_triggerdef(t.oid), ' ' ORDER BY t.tgname)
            FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
           (SELECT string_agg(pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname) FROM pg_constraint k WHERE k.conrelid = c.oid)
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT f.proname, 'f', pg_get_userbyid(f.proowner), (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(f.proacl) a), f.prosecdef, false, pg_get_functiondef(f.oid), NULL, NULL, NULL
    FROM pg_proc f WHERE f.pronamespace = 'public'::regnamespace
    ORDER BY 1, 2";

#[tokio::test]
async fn what_is_restored_has_the_same_rows_owners_and_rights() {
    let dir = shelter();
    let (data_dir, file, new) = (dir.path().join("data"), dir.path().join("it.backup"), dir.path().join("new"));
    let secret = init(&data_dir);
    let served = Served::start(&data_dir);
    let admin = Client::new(&served.base, "acme").with_key(&secret);
    admin.issue(json!({ "capabilities": ["send"], "topics": ["deploys"], "mesh": "main" })).await;
    admin.post("/v1/meshes/main/topics/deploys/messages", json!({ "body": "1.00" })).await.expect(201);
    backup(&data_dir, &file);
    restore(&new, &file).expect(0);
    let again = Served::start(&new);
    let (before, after) = (superuser(&data_dir).await, superuser(&new).await);
    let shape = texts(&before, SHAPE).await;
    assert!(shape.len() > 20 && shape.iter().any(|line| line.contains("meshkey_lookup")), "{shape:?}");
    // What was read from its own text has fewer brackets, and says the same.
    let bare = |shape: &[String]| shape.iter().map(|line| line.replace(['(', ')'], "")).collect::<Vec<_>>();
    for (one, other) in bare(&texts(&after, SHAPE).await).iter().zip(&bare(&shape)) {
        assert_eq!(one, other);
    }
    assert_eq!(texts(&after, SHAPE).await.len(), shape.len());
    assert_eq!(crate::tools::dump(&after, "true").await, crate::tools::dump(&before, "true").await);
    drop((served, again));
}

#[tokio::test]
async fn nobody_is_signed_in_and_no_code_opens_anything_in_what_is_restored() {
    let dir = shelter();
    let (data_dir, file, new) = (dir.path().join("data"), dir.path().join("it.backup"), dir.path().join("new"));
    init(&data_dir);
    let served = Served::start(&data_dir);
    let db = superuser(&data_dir).await;
    let people = "INSERT INTO users (id, email, name) VALUES (gen_random_uuid(), 'dana@example.com', 'Dana');
                INSERT INTO sessions (id, user_id, hash, is_half, ends_at)
                SELECT gen_random_uuid(), id, sha256('x'), false, now() + interval '1 day' FROM users;
                INSERT INTO one_time_codes (hash, purpose, user_id, ends_at)
                SELECT sha256('y'), 'reset', id, now() + interval '1 hour' FROM users";
    db.batch_execute(people).await.unwrap();
    let what_opens = "SELECT (SELECT count(*) FROM users) || ' ' || (SELECT count(*) FROM sessions) || ' ' ||
                      (SELECT count(*) FROM one_time_codes)";
    assert_eq!(texts(&db, what_opens).await, ["1 1 1"]);
    backup(&data_dir, &file);
    drop(served);
    restore(&new, &file).expect(0);
    let again = Served::start(&new);
    assert_eq!(texts(&superuser(&new).await, what_opens).await, ["1 0 0"]);
    drop(again);
}
