//! After the walk no secret is in the log at its loudest, in any row, in any other answer, in any argument or environment, or
//! in what PostgreSQL says of every statement.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::walk::Walk;
use crate::{
    client::Client,
    contract::scene::Scene,
    house::House,
    promise::PROMISE,
    tools::{database_url, hex, one, percent, tables, texts},
};

/// Of the database's login: a secret too.
const PASSWORD: &str = "Ahth8shiquaiQuoo9aiZ";

/// The program itself, with everything that it can say in a file.
struct Program {
    child: Child,
    address: String,
    log: tempfile::NamedTempFile,
    _url: tempfile::NamedTempFile,
}

impl Program {
    async fn on(house: &House, format: &str) -> Self {
        let (log, mut url) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
        let address = database_url(house).await;
        let is_ours = std::env::var_os("TEST_DATABASE_URL").is_none();
        let address =
            if is_ours { address.replace("password=meshkey", &format!("password={PASSWORD}")) } else { address };
        url.write_all(address.as_bytes()).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_meshkey"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env_clear()
            .env("MESHKEY_DATABASE_URL_FILE", url.path())
            .env("MESHKEY_ALLOW_FSYNC_OFF", "true")
            .env("MESHKEY_LOG", "trace")
            .env("MESHKEY_LOG_FORMAT", format)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.reopen().unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(address.starts_with("http://"), "{line}: {}", fs::read_to_string(log.path()).unwrap());
        Self { child, address, log, _url: url }
    }

    /// Ends it as an operator would, so that the last uses are written; gives all that it has said.
    fn ended(mut self) -> String {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        fs::read_to_string(self.log.path()).unwrap()
    }
}

/// The arguments and the environment of every process that this one has started, and of those that they have.
fn arguments_and_environments() -> String {
    let read = |pid: u32, file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let (mut line, mut told) = (vec![std::process::id()], String::new());
    while let Some(pid) = line.pop() {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        let children: Vec<u32> =
            children.flat_map(|list| list.split(' ').filter_map(|one| one.parse().ok()).collect::<Vec<_>>()).collect();
        for child in children {
            told += &String::from_utf8_lossy(&[read(child, "cmdline"), read(child, "environ")].concat());
            line.push(child);
        }
    }
    told
}

/// Has PostgreSQL write down every statement of this database with all its values; gives its log, if it is ours.
async fn have_all_said(house: &House) -> Option<PathBuf> {
    let db = house.sql("superuser").await;
    for setting in ["log_statement = 'all'", "log_parameter_max_length = -1", "log_error_verbosity = 'default'"] {
        db.batch_execute(&format!("ALTER DATABASE {} SET {setting}", house.database)).await.unwrap();
    }
    let log = PathBuf::from(one(&db, "SHOW data_directory").await).parent()?.join("postgres.log");
    log.exists().then_some(log)
}

/// The beginning and the rest of a secret, each as it is, reversed, as digits, as in a URL, and in base64 at each of the
/// three alignments.
fn forms(secret: &str) -> Vec<String> {
    let (beginning, rest) = secret.split_at(20);
    let parts = [beginning, rest].into_iter().filter(|part| part.len() >= 16);
    parts.flat_map(forms_of).collect()
}

fn forms_of(part: &str) -> Vec<String> {
    let digits = hex(part.as_bytes());
    let mut forms = vec![part.to_owned(), part.chars().rev().collect(), digits.to_uppercase(), digits, percent(part)];
    for shift in 0..3 {
        let text = STANDARD_NO_PAD.encode(format!("{}{part}", "x".repeat(shift)));
        forms.push(text[4..text.len() - 4].to_owned());
        forms.push(forms.last().unwrap().replace('+', "-").replace('/', "_"));
    }
    forms
}

fn ensure_in_none(walk: &Walk, place: &str, text: &str) {
    for form in walk.secrets.iter().flat_map(|secret| forms(secret)) {
        let at = text.find(&form).map(|at| &text[text.floor_char_boundary(at.saturating_sub(200))..at]);
        assert!(at.is_none(), "{place} holds {form} behind {at:?}");
    }
}

/// Everything that the contract has, with the program; and what the host can do.
async fn do_everything(scene: &Scene, client: &Client) -> Walk {
    let mut walk = Walk::through(client).await;
    walk.secrets.push(PASSWORD.to_owned());
    for operation in PROMISE.guarded() {
        let mut answer = scene.call(operation).await.succeeds_by(client).await;
        if let Some(secret) = answer.body.get_mut("secret").filter(|secret| secret.is_string()) {
            walk.secrets.push(secret.take().as_str().unwrap().to_owned());
        }
        walk.answers.push(format!("{answer:?}"));
    }
    for command in [&["org", "create", "other", "--json"][..], &["org", "key", "acme", "--json"]] {
        let printed = scene.house.meshkey(command);
        let secret = printed["key"]["secret"].as_str().or(printed["secret"].as_str());
        walk.secrets.push(secret.expect("a secret").to_owned());
    }
    walk
}

async fn search(format: &str) {
    let scene = Scene::new().await;
    let said_by_postgres = have_all_said(&scene.house).await;
    let program = Program::on(&scene.house, format).await;
    let client = Client::new(&program.address, "acme").with_key(scene.admin.secret());
    let walk = do_everything(&scene, &client).await;
    assert!(walk.secrets.len() >= 9 && walk.answers.len() > 90, "nothing is proved");
    let told = arguments_and_environments();
    assert!(told.contains("MESHKEY_DATABASE_URL_FILE"), "no process was looked at");
    ensure_in_none(&walk, "the list of processes", &told);
    let said = program.ended();
    assert!(said.contains(&walk.key) && said.contains("DEBUG"), "the log says nothing: {said}");
    ensure_in_none(&walk, "the log", &said);
    for level in ["ERROR", "WARN"] {
        assert!(!said.contains(level), "a request can fill the log with {level}: {said}");
    }
    for answer in &walk.answers {
        // The client of these tests prints what it has asked in the first line.
        ensure_in_none(&walk, "an answer", answer.split_once('\n').unwrap().1);
    }
    let db = scene.house.sql("superuser").await;
    for table in tables(&db).await.into_iter().chain(["pg_stat_activity".to_owned()]) {
        let rows = texts(&db, &format!("SELECT t::text FROM {table} t")).await.join("\n");
        ensure_in_none(&walk, &table, &rows);
    }
    if let Some(log) = said_by_postgres {
        let said = String::from_utf8_lossy(&fs::read(log).unwrap()).into_owned();
        assert!(said.contains("meshkey_holders($1)") && said.contains("parameters: $1 = "), "PostgreSQL says nothing");
        ensure_in_none(&walk, "the log of PostgreSQL", &said);
    }
}

// K-3, K-11, K-12, K-15, L-18, U-5
#[tokio::test]
async fn no_secret_is_anywhere_but_in_the_answer_that_shows_it_once() {
    search("json").await;
}

// K-15
#[tokio::test]
async fn no_secret_is_anywhere_where_the_log_is_text() {
    search("text").await;
}

#[test]
fn the_forms_find_a_secret_wherever_it_is_hidden() {
    let secret = meshkey::domain::Secret::generate(&"mshk".parse().unwrap()).ok().unwrap();
    let walk = Walk { secrets: vec![secret.reveal().to_owned()], ..Walk::default() };
    let basic = STANDARD_NO_PAD.encode(format!("key_1:{}", secret.reveal()));
    let reversed: String = secret.reveal().chars().rev().collect();
    for hidden in [secret.reveal(), &basic, &reversed, &secret.reveal()[..20], &hex(secret.reveal().as_bytes())] {
        let text = format!("before {hidden} after");
        assert!(std::panic::catch_unwind(|| ensure_in_none(&walk, "a text", &text)).is_err(), "{hidden}");
    }
}
