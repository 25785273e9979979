//! After the walk no secret is in the log at its loudest, in any row, in any other answer, or in any argument.

use std::{
    fs,
    io::{BufRead as _, BufReader},
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
    house::House,
    tools::{database_url, hex, tables, texts},
};

/// The program itself, with everything that it can say in a file.
struct Program {
    child: Child,
    address: String,
    log: tempfile::NamedTempFile,
}

impl Program {
    async fn on(house: &House) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_meshkey"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env_clear()
            .env("MESHKEY_DATABASE_URL", database_url(house).await)
            .env("MESHKEY_ALLOW_FSYNC_OFF", "true")
            .env("MESHKEY_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.reopen().unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(address.starts_with("http://"), "{line}: {}", fs::read_to_string(log.path()).unwrap());
        Self { child, address, log }
    }

    fn arguments(&self) -> String {
        fs::read_to_string(format!("/proc/{}/cmdline", self.child.id())).unwrap()
    }

    /// Ends it as an operator would, so that the last uses are written; gives all that it has said.
    fn ended(mut self) -> String {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        fs::read_to_string(self.log.path()).unwrap()
    }
}

/// A secret as it is, reversed, as hex digits, and in base64 at each of the three alignments.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret[5..48].to_owned(), secret.chars().rev().skip(6).take(43).collect()];
    forms.push(hex(secret.as_bytes()));
    for shift in 0..3 {
        let text = STANDARD_NO_PAD.encode(format!("{}{secret}", "x".repeat(shift)));
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

// K-3, K-11, K-12, K-15, L-18, U-5
#[tokio::test]
async fn no_secret_is_anywhere_but_in_the_answer_that_shows_it_once() {
    let house = House::new().await;
    let program = Program::on(&house).await;
    let admin = Client::new(&program.address, "acme").with_key(house.admin().secret());
    let walk = Walk::through(&admin).await;
    assert!(walk.secrets.len() >= 4 && walk.answers.len() > 60, "nothing is proved");
    ensure_in_none(&walk, "the list of arguments", &program.arguments());
    let said = program.ended();
    assert!(said.contains(&walk.key) && said.contains("\"DEBUG\""), "the log says nothing: {said}");
    ensure_in_none(&walk, "the log", &said);
    for level in ["\"ERROR\"", "\"WARN\""] {
        assert!(!said.contains(level), "a request can fill the log with {level}: {said}");
    }
    for answer in &walk.answers {
        // The client of these tests prints what it has asked in the first line.
        ensure_in_none(&walk, "an answer", answer.split_once('\n').unwrap().1);
    }
    let db = house.sql("superuser").await;
    for table in tables(&db).await {
        let rows = texts(&db, &format!("SELECT t::text FROM {table} t")).await.join("\n");
        ensure_in_none(&walk, &table, &rows);
    }
}

#[test]
fn the_forms_find_a_secret_wherever_it_is_hidden() {
    let secret = meshkey::domain::Secret::generate(&"mshk".parse().unwrap()).ok().unwrap();
    let walk = Walk { secrets: vec![secret.reveal().to_owned()], ..Walk::default() };
    let basic = STANDARD_NO_PAD.encode(format!("key_1:{}", secret.reveal()));
    let reversed: String = secret.reveal().chars().rev().collect();
    for hidden in [secret.reveal(), &basic, &reversed] {
        let text = format!("before {hidden} after");
        assert!(std::panic::catch_unwind(|| ensure_in_none(&walk, "a text", &text)).is_err(), "{hidden}");
    }
}
