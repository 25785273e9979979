//! The pages in a real browser: `tests/browser`, run by Node's own test runner against a house of ours. Where there is no Chromium
//! it is said that nothing was tried; in CI that is a failure.

mod issue;
mod key;
mod places;
mod shots;

use std::{
    collections::BTreeMap,
    env,
    num::NonZero,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    house::House,
    libraries::{of_npm, skipped},
    openid::provider::Provider,
    pages::{
        every::pages,
        furnished::{Furnished, HOSTILE},
    },
    persons::Person,
    sign_in::visitor::{EMAIL, PASSWORD, person, with_dana},
    tools::database_url,
};

mod list;

/// Where Debian and others have it.
const PLACES: [&str; 4] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// The browser and the packages; none where they are missing, which CI may not have.
fn equipment() -> Option<(PathBuf, PathBuf)> {
    let chromium = env::var_os("MESHKEY_CHROMIUM").map(PathBuf::from);
    let chromium = chromium.or_else(|| PLACES.map(PathBuf::from).into_iter().find(|place| place.exists()));
    if chromium.is_none() {
        skipped("the pages in a browser, because there is no Chromium");
    }
    let equipment = chromium.zip(of_npm("browser-axe-4.14.1-playwright-1.65.1", &sources()));
    let must = env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(equipment.is_some() || !must, "CI must try the pages in a browser");
    equipment
}

/// Who is there: each test has people of its own.
async fn people(house: &House) {
    for name in ["Tries", "Fay", "Stale", "Lee", "Ida", "Uma", "Gus"] {
        person(house, &format!("{}@example.com", name.to_lowercase()), name, PASSWORD).await;
    }
    for name in ["Kit", "Ola", "Quin", "Idle", "Brief"] {
        person(house, &format!("{}@example.com", name.to_lowercase()), name, PASSWORD).await;
    }
    person(house, "hostile@example.com", "<img src=x onerror=alert(1)>", PASSWORD).await;
    let member = "INSERT INTO memberships (org_id, user_id, role)
                  SELECT o.id, u.id, 'admin' FROM orgs o, users u WHERE o.slug = 'acme' AND u.name = 'Gus'";
    house.sql("superuser").await.batch_execute(member).await.unwrap();
    let age = "CREATE FUNCTION age() RETURNS trigger LANGUAGE plpgsql AS $$
               BEGIN NEW.confirmed_at := now() - interval '16 minutes'; RETURN NEW; END $$;
               CREATE TRIGGER age BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION age();";
    let db = house.sql("superuser").await;
    let id_of = async |name: &str| -> uuid::Uuid {
        db.query_one("SELECT id FROM users WHERE name = $1", &[&name]).await.unwrap().get(0)
    };
    let stale = id_of("Stale").await;
    let age = age.replace("FOR EACH ROW", &format!("FOR EACH ROW WHEN (NEW.user_id = '{stale}')"));
    db.batch_execute(&age).await.unwrap();
    let brief = age.replace("age()", "brief()").replace("TRIGGER age", "TRIGGER brief");
    let brief =
        brief.replace("confirmed_at := now() - interval '16 minutes'", "ends_at := now() + interval '100 seconds'");
    let brief = brief.replace(&stale.to_string(), &id_of("Brief").await.to_string());
    db.batch_execute(&brief).await.unwrap();
}

// Tries from here are those of a proxy that says nothing: one test is not in another's way.
const SETTINGS: [(&str, &str); 1] = [("MESHKEY_TRUSTED_PROXIES", "127.0.0.1")];

/// Invitations of some, by name: what their links hold.
async fn invitations(house: &House) -> String {
    let admin = house.admin();
    let mut tokens = serde_json::Map::new();
    for (name, mesh) in [("newcomer", Some("main")), ("ida", None), ("first", None), ("second", None)] {
        let wish = json!({ "email": format!("{name}@example.com"), "role": "member", "mesh": mesh });
        let made = admin.post(&admin.at("/invitations"), wish).await.expect(201).body;
        let token = made["link"].as_str().unwrap().split_once("#token=").unwrap().1;
        tokens.insert(name.to_owned(), json!(token));
    }
    Value::Object(tokens).to_string()
}

async fn run(file: &'static str) {
    let Some(equipment) = equipment() else { return };
    let house = with_dana(&SETTINGS).await;
    people(&house).await;
    let invitations = invitations(&house).await;
    run_on(&house, file, equipment, &invitations).await;
}

async fn run_on(house: &House, file: &'static str, equipment: (PathBuf, PathBuf), invitations: &str) {
    run_with(house, file, equipment, &[("MESHKEY_INVITATIONS", invitations.to_owned())]).await;
}

/// As many browsers run at once as there are cores, however many tests do: each keeps one busy.
static TURNS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, NonZero::get)));

/// Runs the tests of a file on a house, with what they are told by their environment.
async fn run_with(
    house: &House,
    file: &'static str,
    (chromium, packages): (PathBuf, PathBuf),
    told: &[(&str, String)],
) {
    let _turn = TURNS.acquire().await.unwrap();
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).arg(sources().join(file));
    node.env("MESHKEY_BASE", house.stranger().base()).env("MESHKEY_PACKAGES", packages);
    node.env("MESHKEY_CHROMIUM", chromium).env("NO_PROXY", "*").envs(told.iter().map(|(name, value)| (*name, value)));
    // What is done on the host is done by the program.
    node.env("MESHKEY_BINARY", env!("CARGO_BIN_EXE_meshkey")).env("MESHKEY_DATABASE_URL", database_url(house).await);
    let output: Output = tokio::task::spawn_blocking(move || node.output().unwrap()).await.unwrap();
    let told = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("fail 0") && !told.contains("pass 0"), "nothing was tried: {told}");
}

// G-11
#[tokio::test]
async fn people_sign_in_and_out() {
    run("sign_in.test.mjs").await;
}

#[tokio::test]
async fn every_page_is_sound_in_both_themes_wide_and_narrow() {
    run("looks.test.mjs").await;
}

#[tokio::test]
async fn a_page_opens_a_socket_with_a_ticket() {
    let Some(equipment) = equipment() else { return };
    let house = House::new().await;
    let wish = json!({ "mesh": "main", "capabilities": ["read", "send"], "topics": ["deploys"] });
    let key = house.admin().issue(wish).await.1.secret().to_owned();
    run_with(&house, "socket.test.mjs", equipment, &[("MESHKEY_KEY", key)]).await;
}

#[tokio::test]
async fn people_add_passkeys_and_sign_in_with_them() {
    run("passkeys.test.mjs").await;
}

#[tokio::test]
async fn a_session_that_ends_is_told_of_before() {
    run("ending.test.mjs").await;
}

#[tokio::test]
async fn the_link_of_an_invitation_is_followed() {
    run("invitation.test.mjs").await;
}

#[tokio::test]
async fn meshes_topics_and_members_are_managed() {
    let Some(equipment) = equipment() else { return };
    let house = with_dana(&SETTINGS).await;
    people(&house).await;
    places::ground(&house).await;
    run_on(&house, "places.test.mjs", equipment, "{}").await;
}

#[tokio::test]
async fn people_turn_mail_about_ends_off_and_on() {
    run("notices.test.mjs").await;
}

#[tokio::test]
async fn a_terminal_is_let_in() {
    run("login.test.mjs").await;
}

// G-11, U-8
#[tokio::test]
async fn every_page_of_an_org_is_sound_whatever_was_typed() {
    let Some(equipment) = equipment() else { return };
    let furnished = Furnished::with(&SETTINGS, HOSTILE).await;
    let paths: Vec<_> = pages("get").map(|pattern| furnished.path(pattern)).collect();
    let pages = [("MESHKEY_PAGES", serde_json::to_string(&paths).unwrap())];
    run_with(&furnished.house, "every.test.mjs", equipment, &pages).await;
}

/// Where the texts stand, and how they are written anew: `tests/browser/aria.test.mjs`.
#[tokio::test]
async fn each_page_of_an_org_tells_what_it_told() {
    let Some(equipment) = equipment() else { return };
    let furnished = Furnished::with(&SETTINGS, "plain").await;
    furnished.house.flush_uses().await;
    let paths: BTreeMap<_, _> = pages("get").map(|pattern| (pattern, furnished.path(pattern))).collect();
    let mut told = vec![("MESHKEY_PAGES", serde_json::to_string(&paths).unwrap())];
    told.extend(env::var("MESHKEY_ARIA").ok().map(|wish| ("MESHKEY_ARIA", wish)));
    run_with(&furnished.house, "aria.test.mjs", equipment, &told).await;
}

/// A house that Dana owns; the file makes what it needs by the org's admin key.
#[tokio::test]
async fn the_audit_is_looked_at_and_policies_are_changed() {
    let Some(equipment) = equipment() else { return };
    let house = with_dana(&SETTINGS).await;
    let dana = Person { id: String::new(), email: EMAIL.to_owned() };
    dana.becomes(&house, "acme", None, "owner").await;
    let ground = json!({ "admin": house.admin().secret() }).to_string();
    run_on(&house, "audit.test.mjs", equipment, &ground).await;
}

/// A port that nobody listens on: who is sent back by a provider is sent to where it was told beforehand.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn people_sign_in_by_a_provider() {
    let Some(equipment) = equipment() else { return };
    let listen = format!("127.0.0.1:{}", free_port());
    let url = format!("http://{listen}");
    let Some(provider) = Provider::start("localhost", &url, &json!({})) else { return };
    let named = provider.settings("one");
    let mut settings: Vec<_> = named.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.extend([("MESHKEY_LISTEN", listen.as_str()), ("MESHKEY_PUBLIC_URL", &url)]);
    settings.extend(SETTINGS);
    let house = with_dana(&settings).await;
    people(&house).await;
    let invitations = invitations(&house).await;
    run_on(&house, "openid.test.mjs", equipment, &invitations).await;
}

//
#[tokio::test]
async fn an_empty_instance_is_set_up_and_a_password_set_anew() {
    let Some(equipment) = equipment() else { return };
    run_on(&House::empty(&SETTINGS).await, "setup.test.mjs", equipment, "{}").await;
}

// U-4
#[tokio::test]
async fn a_key_is_looked_at_edited_stopped_and_revoked() {
    let Some(equipment) = equipment() else { return };
    let house = with_dana(&SETTINGS).await;
    key::ground(&house).await;
    run_on(&house, "key.test.mjs", equipment, "{}").await;
}

// U-1, U-2
#[tokio::test]
async fn keys_are_issued_and_their_secrets_seen_once() {
    let Some(equipment) = equipment() else { return };
    let house = with_dana(&SETTINGS).await;
    issue::ground(&house).await;
    run_on(&house, "issue.test.mjs", equipment, "{}").await;
}
