//! What a decision costs, in instructions: they are the same in every run, where time is not. Counted without optimization,
//! as the tests are built: what is done once more is seen so too.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use meshkey::{
    app,
    config::{ServeFlags, Settings},
    domain::{Capability, Requirement, Secret, SecretHash, credential::Circumstances},
    service::{
        House,
        fresh::{Basis, Held},
    },
};
use serde_json::json;

use super::{
    house,
    tools::{database_url, eventually},
};

/// The most instructions that a decision by what is remembered may take: it took 8475 when this was written, with Rust 1.95.
/// A quarter more leaves room for another compiler, and none for a second look or an allocation.
const MOST: u64 = 10_600;
/// How many are counted.
const DECISIONS: u64 = 100;
/// What the counted process is told: the key that it is to decide over.
const SECRET: &str = "TEST_SECRET";

/// Whether the key may read, by what is remembered of it: as every door asks.
#[inline(never)]
fn decide_by_memory(house: &House, hash: &SecretHash, wanted: &Requirement) -> bool {
    house.fresh.memory.holder(hash, None).is_some_and(|recalled| {
        let held = Held::from(recalled);
        let at = Circumstances { now: held.now, from: None, is_place_archived: false };
        held.known.credential.decide(wanted, &at).is_ok()
    })
}

/// Decides, for who counts. Alone it does nothing.
#[ignore = "it is what is counted: it is started by the test beside it"]
#[tokio::test]
async fn some_decisions() {
    let Ok(text) = std::env::var(SECRET) else { return };
    let secret: Secret = text.parse().ok().unwrap();
    let server = app::start(&Settings::load(&ServeFlags::default(), std::env::vars_os()).unwrap()).await.unwrap();
    let house = server.house();
    eventually("memory is trusted", async || (house.fresh.memory.basis() == Basis::Memory).then_some(())).await;
    let client = reqwest::Client::new();
    let asked = client.get(format!("http://{}/v1/whoami", server.address())).bearer_auth(text).send().await.unwrap();
    assert_eq!(asked.status(), 200);
    let hash = secret.hash();
    let within = house.fresh.memory.holder(&hash, None).unwrap().what().credential.terms.grant.owner;
    let wanted = Requirement { within, capability: Capability::Read, topic: Some("deploys".parse().unwrap()) };
    for _ in 0..DECISIONS {
        assert!(decide_by_memory(house, &hash, &wanted));
    }
    server.stop().await;
}

fn valgrind() -> Option<PathBuf> {
    let places = ["/usr/bin/valgrind", "/usr/local/bin/valgrind", "/opt/homebrew/bin/valgrind"];
    places.map(PathBuf::from).into_iter().find(|place| place.exists())
}

#[tokio::test]
async fn a_decision_takes_no_more_instructions_than_it_did() {
    let Some(valgrind) = valgrind() else {
        eprintln!("skipped: there is no valgrind");
        return;
    };
    let house = house::House::new().await;
    let wish = json!({ "label": "bot", "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] });
    let (_, bot) = house.admin().issue(wish).await;
    let directory = tempfile::tempdir().unwrap();
    let counts = directory.path().join("counts");
    let counted = Command::new(valgrind)
        .args(["--tool=callgrind", "--toggle-collect=*decide_by_memory*"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "decision::some_decisions"])
        .env(SECRET, bot.secret())
        .env("DATABASE_URL", database_url(&house).await)
        .env("MESHKEY_LISTEN", "127.0.0.1:0")
        // Longer than anything takes there, where all is slow.
        .env("MESHKEY_BOUND", "60s")
        .env("MESHKEY_ALLOW_FSYNC_OFF", "true")
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&counted.stdout).into_owned() + &String::from_utf8_lossy(&counted.stderr);
    assert!(counted.status.success() && said.contains("1 passed"), "{said}");
    let each = instructions(&counts) / DECISIONS;
    eprintln!("a decision takes {each} instructions");
    assert!(each > MOST / 4, "{each} is too few to be a decision: what is counted?\n{said}");
    assert!(each <= MOST, "a decision takes {each} instructions: more than {MOST}");
    let calls = std::fs::read_to_string(&counts).unwrap();
    assert!(!calls.contains("malloc"), "a decision allocates");
}

/// All that were counted.
fn instructions(counts: &Path) -> u64 {
    let text = std::fs::read_to_string(counts).unwrap();
    let total = text.lines().find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")));
    total.and_then(|total| total.trim().parse().ok()).unwrap_or_else(|| panic!("no total in {text}"))
}
