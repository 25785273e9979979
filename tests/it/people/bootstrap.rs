//! The first org as the settings say: made where the database is empty, and only there.

use std::process::Command;

use tempfile::TempDir;

use super::{PASSWORD, is_password};
use crate::{
    cli::shell::MESHKEY,
    house::House,
    tools::{block, one, texts},
};

const FILE: &str = "MESHKEY_BOOTSTRAP_FILE";
const EMAIL: &str = "MESHKEY_BOOTSTRAP_ADMIN_EMAIL";
const PASSWORD_FILE: &str = "MESHKEY_BOOTSTRAP_ADMIN_PASSWORD_FILE";

fn written(dir: &TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A house whose database is empty, without a service that would be in the way of who starts.
async fn bare() -> House {
    let mut house = House::empty(&[]).await;
    house.stop().await;
    house
}

const ALL: &str = "SELECT o.slug, o.name, u.email, u.name, m.role FROM orgs o JOIN memberships m ON m.org_id = o.id
                   JOIN users u ON u.id = m.user_id";

//
#[tokio::test]
async fn a_file_says_all_of_it() {
    let (house, dir) = (bare().await, TempDir::new().unwrap());
    let wish = block("docs/how-to/set-up.md", "toml");
    let (wish, password) =
        (written(&dir, "bootstrap.toml", &wish), written(&dir, "password", "a $tr\"ange 'one' \\n\n"));
    let settings = [(FILE, wish.as_str()), (PASSWORD_FILE, password.as_str())];
    let _started = house.replica(&settings).await;
    let db = house.sql("superuser").await;
    assert_eq!(texts(&db, ALL).await, ["acme\tAcme\tdana@example.com\tDana\towner"]);
    assert_eq!(texts(&db, "SELECT name FROM topics ORDER BY 1").await, ["alerts", "deploys"]);
    assert!(is_password(&db, "dana@example.com", "a $tr\"ange 'one' \\n").await);
    let events = "SELECT action, actor_kind FROM audit_events ORDER BY seq";
    let expected = ["org.created", "member.added", "mesh.created", "topic.created", "topic.created"];
    assert_eq!(texts(&db, events).await, expected.map(|action| format!("{action}\tlocal")));
    assert_eq!(one(&db, "SELECT count(*) FROM api_keys").await, "0");
}

#[tokio::test]
async fn an_address_and_a_password_are_enough() {
    let (house, dir) = (bare().await, TempDir::new().unwrap());
    let password = written(&dir, "password", PASSWORD);
    let _started = house.replica(&[(EMAIL, "dana@example.com"), (PASSWORD_FILE, &password)]).await;
    let db = house.sql("superuser").await;
    assert_eq!(texts(&db, ALL).await, ["main\tmain\tdana@example.com\tdana\towner"]);
    assert!(is_password(&db, "dana@example.com", PASSWORD).await);
}

#[tokio::test]
async fn of_several_that_start_at_once_one_does_it() {
    let (house, dir) = (bare().await, TempDir::new().unwrap());
    let password = written(&dir, "password", PASSWORD);
    let settings = [(EMAIL, "dana@example.com"), (PASSWORD_FILE, password.as_str())];
    let replicas = tokio::join!(house.replica(&settings), house.replica(&settings), house.replica(&settings));
    let db = house.sql("superuser").await;
    assert_eq!(texts(&db, ALL).await.len(), 1);
    assert_eq!(one(&db, "SELECT count(*) FROM audit_events").await, "2");
    drop(replicas);
}

// P-18, P-19
#[tokio::test]
async fn what_is_wrong_with_it_is_said_and_nothing_is_made_or_served() {
    let (house, dir) = (bare().await, TempDir::new().unwrap());
    let file = |name: &str, text: &str| written(&dir, name, text);
    let (short, fit) = (file("short", "short"), file("fit", PASSWORD));
    let with_email = "admin_email = 'dana@example.com'\n";
    for (settings, said) in [
        (vec![(PASSWORD_FILE, fit.clone())], "name nobody who is to own the org"),
        (vec![(FILE, file("a", "org = 'acme'"))], "name nobody who is to own the org"),
        (vec![(FILE, file("b", "# Ours\nogr = 'acme'"))], "b, line 2: unknown field `ogr`"),
        (vec![(FILE, file("c", "org = 'Acme Ltd'"))], "a slug is 1 to 48 characters"),
        (vec![(FILE, file("d", &format!("{with_email}topics = ['a']")))], "names topics and no mesh"),
        (vec![(FILE, "/nowhere".to_owned())], "bootstrap_file names /nowhere, which cannot be read"),
        (vec![(EMAIL, "a b@example.com".to_owned())], "bootstrap_admin_email: expected an address"),
        (vec![(EMAIL, "eve@example.com".to_owned()), (FILE, file("e", with_email))], "differ: unset one of them"),
        (vec![(EMAIL, "dana@example.com".to_owned()), (PASSWORD_FILE, short)], "a password has at least 12 characters"),
        (vec![(EMAIL, "dana@example.com".to_owned()), (PASSWORD_FILE, "/nowhere".to_owned())], "which cannot be read"),
    ] {
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let Err(error) = house.try_replica(&settings).await else { panic!("{settings:?} did") };
        assert!(error.to_string().contains(said), "{settings:?}: {error}");
        let mut validate = Command::new(MESHKEY);
        validate.args(["config", "validate"]).envs(settings.iter().copied());
        let told = String::from_utf8(validate.output().unwrap().stderr).unwrap();
        assert!(told.contains("warning: ") && told.contains(said), "{settings:?}: {told}");
    }
    assert_eq!(one(&house.sql("superuser").await, "SELECT count(*) FROM orgs").await, "0");
}
