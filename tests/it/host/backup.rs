//! A backup holds all that was answered before it began, while the server goes on writing.

use std::{
    collections::BTreeMap,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

use super::{Done, Served, at, init, meshkey, names, shelter, text};
use crate::{client::Client, house::House, tools};

/// What was answered: after this it must never be lost.
#[derive(Clone, Default)]
struct Answered {
    /// Each key with its secret, and whether its revocation was answered.
    keys: BTreeMap<String, (String, bool)>,
    messages: BTreeMap<String, Value>,
    states: BTreeMap<String, Value>,
    audit: i64,
}

/// Writes until it is told to stop: keys, revocations, rotations, messages, state.
async fn write(admin: Client, answered: Arc<Mutex<Answered>>, stop: Arc<AtomicBool>) {
    for number in 0.. {
        let note = |what: &dyn Fn(&mut Answered)| what(&mut answered.lock().unwrap());
        let label =
            json!({ "label": format!("key {number}"), "mesh": "main", "capabilities": ["read"], "topics": "all" });
        let (key, _) = admin.issue(label).await;
        let (id, secret) = (tools::id(&key), key["secret"].as_str().unwrap().to_owned());
        note(&|answered| drop(answered.keys.insert(id.clone(), (secret.clone(), false))));
        match number % 3 {
            0 => {
                admin.post(&admin.at(&format!("/keys/{id}/revoke")), json!({ "reason": "no more" })).await.expect(200);
                note(&|answered| answered.keys.get_mut(&id).unwrap().1 = true);
            }
            1 => {
                let rotate = admin.at(&format!("/keys/{id}/rotate"));
                let rotated = admin.post(&rotate, json!({ "overlap": "0s" })).await.expect(200).body;
                let secret = rotated["secret"].as_str().unwrap();
                note(&|answered| secret.clone_into(&mut answered.keys.get_mut(&id).unwrap().0));
            }
            _ => {}
        }
        let body = json!({ "body": { "number": number } });
        let sent = admin.post("/v1/meshes/main/topics/deploys/messages", body).await.expect(201).body;
        note(&|answered| drop(answered.messages.insert(tools::id(&sent), sent["body"].clone())));
        let name = format!("state-{number}");
        admin.put(&format!("/v1/meshes/main/state/{name}"), json!({ "value": number })).await.expect(201);
        note(&|answered| drop(answered.states.insert(name.clone(), json!(number))));
        let events = tools::count_events(&admin).await;
        note(&|answered| answered.audit = events);
        if stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// Finds all of it again.
async fn ensure_there(admin: &Client, answered: &Answered) {
    for (id, (secret, is_revoked)) in &answered.keys {
        let key = admin.get(&admin.at(&format!("/keys/{id}"))).await.expect(200).body;
        let whoami = admin.with_key(secret).get("/v1/whoami").await;
        if *is_revoked {
            assert_eq!(key["status"], "revoked", "{key}");
            whoami.problem(401, "invalid_token");
        } else {
            assert_eq!(whoami.expect(200).body["key"]["id"], **id);
        }
    }
    let mut found = BTreeMap::new();
    let mut next = "/v1/meshes/main/topics/deploys/messages?after=0&limit=200".to_owned();
    loop {
        let page = admin.get(&next).await.expect(200);
        found.extend(page.items().iter().map(|message| (tools::id(message), message["body"].clone())));
        let Some(cursor) = page.body["next"].as_str() else { break };
        next = format!("/v1/meshes/main/topics/deploys/messages?after=0&limit=200&cursor={cursor}");
    }
    for (id, body) in &answered.messages {
        assert_eq!(found.get(id), Some(body), "message {id}");
    }
    for (name, value) in &answered.states {
        assert_eq!(admin.get(&format!("/v1/meshes/main/state/{name}")).await.expect(200).body["value"], *value);
    }
    assert!(tools::count_events(admin).await >= answered.audit);
}

// L-7, L-8
#[tokio::test]
async fn a_backup_holds_all_that_was_answered_before_it_began_while_others_write() {
    let dir = shelter();
    let (old, new) = (dir.path().join("old"), dir.path().join("new"));
    let secret = init(&old);
    let served = Served::start(&old);
    let admin = Client::new(&served.base, "acme").with_key(&secret);
    let (answered, stop) = (Arc::new(Mutex::new(Answered::default())), Arc::new(AtomicBool::new(false)));
    let writer = tokio::spawn(write(admin.clone(), Arc::clone(&answered), Arc::clone(&stop)));
    let written = async || (answered.lock().unwrap().messages.len() >= 6).then_some(());
    tools::eventually("some writing", written).await;

    let before = answered.lock().unwrap().clone();
    let file = dir.path().join("it.backup");
    let mut backup = at(&old, &["backup", "--json", "--to", text(&file)]);
    let saved = tokio::task::spawn_blocking(move || Done::of(&mut backup)).await.unwrap().expect(0).json();
    let enough = answered.lock().unwrap().messages.len() + 1;
    tools::eventually("more writing", async || (answered.lock().unwrap().messages.len() > enough).then_some(())).await;
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    let late = admin.issue(json!({ "capabilities": ["read"], "topics": "all", "mesh": "main" })).await.1;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(saved["keys"].as_u64().unwrap() > before.keys.len() as u64, "{saved}");

    let restore = ["restore", "--json", "--from", text(&file)];
    let mut restore = at(&new, &restore);
    let restored = tokio::task::spawn_blocking(move || Done::of(&mut restore)).await.unwrap().expect(0).json();
    assert_eq!(restored["orgs"][0]["slug"], "acme");
    assert_eq!(restored["orgs"][0]["keys"], saved["keys"]);
    assert_eq!(restored["orgs"][0]["audit"]["whole"], true);
    assert!(restored["orgs"][0]["audit"]["last_seq"].as_i64().unwrap() >= before.audit, "{restored}");
    assert_eq!(restored["backup"]["taken_at"], saved["taken_at"]);
    let advice = restored["advice"].as_str().unwrap();
    assert!(advice.contains(saved["taken_at"].as_str().unwrap()) && advice.contains("works again"), "{advice}");
    // Both installations run side by side.
    let again = Served::start(&new);
    let admin = Client::new(&again.base, "acme").with_key(&secret);
    ensure_there(&admin, &before).await;
    late.get("/v1/whoami").await.expect(200);
    admin.with_key(late.secret()).get("/v1/whoami").await.problem(401, "invalid_token");
    let doctor = Done::of(&mut at(&new, &["doctor", "--json", "--url", &again.base])).expect(0).json();
    assert_eq!(doctor["healthy"], true, "{doctor}");
    if nix::unistd::geteuid().is_root() {
        let owner = |dir: &std::path::Path| std::fs::metadata(dir.join("data")).unwrap().uid();
        assert_eq!((owner(&new), owner(&new) == 0), (owner(&old), false));
    }
    again.terminate();
    served.terminate();
}

#[test]
fn a_backup_is_made_while_nothing_runs_and_writes_over_nothing() {
    let dir = shelter();
    let data_dir = dir.path().join("data");
    init(&data_dir);
    let file = dir.path().join("it.backup");
    let backup = || Done::of(&mut at(&data_dir, &["backup", "--to", text(&file)]));
    let told = backup().expect(0);
    assert_eq!(told.out, format!("{}\n", text(&file)));
    assert!(told.err.contains("orgs 1, keys 1, schema V"), "{}", told.err);
    let before = std::fs::read(&file).unwrap();
    assert!(backup().expect(6).err.contains("is there already"));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert_eq!(names(dir.path()), ["data", "it.backup"]);
    let nowhere = Done::of(&mut at(&data_dir, &["backup", "--to", "/no/such/directory/it"])).expect(1);
    assert!(nowhere.err.contains("cannot write /no/such/directory/it"), "{}", nowhere.err);
}

#[tokio::test]
async fn a_database_of_one_s_own_is_left_to_its_own_tools() {
    let dir = shelter();
    let house = House::new().await;
    let file = dir.path().join("it.backup");
    for (verb, tool) in
        [(["backup", "--to", text(&file)], "pg_dump"), (["restore", "--from", text(&file)], "pg_restore")]
    {
        let told = Done::from(house.try_meshkey(&verb)).expect(2);
        assert!(told.out.is_empty() && told.err.contains(tool) && told.err.contains("--database-url"), "{}", told.err);
    }
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

#[test]
fn programs_that_are_missing_are_named_with_their_package() {
    let dir = shelter();
    let data_dir = dir.path().join("data");
    init(&data_dir);
    // A directory that has the programs of the server and no others.
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .chain(
            std::fs::read_dir("/usr/lib/postgresql")
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path().join("bin")),
        )
        .find(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file())
        .expect("the programs of a server");
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for program in ["postgres", "initdb"] {
        std::os::unix::fs::symlink(found.join(program), bin.join(program)).unwrap();
    }
    let file = dir.path().join("it.backup");
    let told = Done::of(&mut at(&data_dir, &["backup", "--to", text(&file), "--pg-bin", text(&bin)])).expect(1);
    assert!(told.err.contains("pg_dump is not in") && told.err.contains("postgresql-client-"), "{}", told.err);
    Done::of(&mut at(&data_dir, &["backup", "--to", text(&file)])).expect(0);
    let other = dir.path().join("other");
    let told = Done::of(&mut at(&other, &["restore", "--from", text(&file), "--pg-bin", text(&bin)])).expect(1);
    assert!(told.err.contains("pg_restore is not in"), "{}", told.err);
    assert!(!other.exists());
    assert_eq!(Done::of(&mut meshkey(&["backup"])).expect(2).out, "");
}
