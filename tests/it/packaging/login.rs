//! What the composition does on its first start, done by hand: the secrets are made, the login is made, and the service works
//! as that login and no other.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use meshkey::db::embedded::{Embedded, Settings};
use tempfile::TempDir;
use tokio_postgres::config::Host;

use super::{MESHKEY, clean, read, root};
use crate::tools::shelter;

fn make_secrets(database: &Path, service: &Path) {
    let own = fs::metadata(database).unwrap();
    let owner = format!("{}:{}", own.uid(), own.gid());
    let mut script = clean("sh");
    script.arg(root().join("examples/compose/secrets.sh")).arg(database).arg(&owner).arg(service).arg(&owner);
    let made = script.output().unwrap();
    assert!(made.status.success() && made.stdout.is_empty() && made.stderr.is_empty(), "{made:?}");
}

fn contents(dir: &Path) -> Vec<(String, String, u32)> {
    let file = |entry: fs::DirEntry| {
        let (path, mode) = (entry.path(), entry.metadata().unwrap().mode() & 0o777);
        (entry.file_name().into_string().unwrap(), fs::read_to_string(path).unwrap(), mode)
    };
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| file(entry.unwrap())).collect();
    files.sort();
    files
}

#[test]
fn secrets_are_made_once_and_for_their_owner_alone() {
    let (database, service) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    make_secrets(database.path(), service.path());
    let first = (contents(database.path()), contents(service.path()));
    let [(meshkey, password, _), (superuser, other, _)] = &first.0[..] else { panic!("{:?}", first.0.len()) };
    assert_eq!((meshkey.as_str(), superuser.as_str()), ("meshkey", "superuser"));
    for password in [password, other] {
        assert!(
            password.len() == 64 && password.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "256 bits in hexadecimal"
        );
    }
    assert_ne!(password, other);
    let url = format!("postgres://meshkey:{password}@postgres/meshkey?sslmode=disable");
    assert_eq!(first.1, [("database-url".to_owned(), url, 0o400)]);
    assert!(first.0.iter().all(|(_, _, mode)| *mode == 0o400));
    fs::remove_file(service.path().join("database-url")).unwrap();
    make_secrets(database.path(), service.path());
    assert!((contents(database.path()), contents(service.path())) == first, "a second start changes nothing");
}

/// A cluster as the image makes it: with a superuser, and with passwords asked for.
fn cluster(dir: &TempDir) -> (Embedded, String) {
    let data_dir = dir.path().join("pg");
    let embedded =
        Embedded::start(Settings { data_dir: data_dir.clone(), launcher: MESHKEY.into(), bin: None, durable: true });
    let embedded = embedded.unwrap();
    fs::write(data_dir.join("data/pg_hba.conf"), "local all postgres trust\nlocal all all scram-sha-256\n").unwrap();
    let superuser = embedded.superuser();
    let [Host::Unix(socket)] = superuser.get_hosts() else { panic!("a socket") };
    let socket = socket.to_str().unwrap().to_owned();
    let anew = "DROP DATABASE meshkey; DROP ROLE meshkey; SELECT pg_reload_conf();";
    psql(&socket, anew);
    (embedded, socket)
}

fn psql(socket: &str, script: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), script).unwrap();
    // As the image does it.
    let mut psql = clean("psql");
    psql.args(["-v", "ON_ERROR_STOP=1", "--no-psqlrc", "--quiet", "--username", "postgres", "--no-password"]);
    let done = psql.args(["--host", socket, "--dbname", "postgres", "--file"]).arg(file.path()).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn the_service_works_on_the_login_that_is_made_and_on_no_other() {
    let dir = shelter();
    let (database, service) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    make_secrets(database.path(), service.path());
    let (_embedded, socket) = cluster(&dir);
    let place = database.path().to_str().unwrap();
    psql(&socket, &read("examples/compose/login.sql").replace("/run/database", place));
    let file = service.path().join("database-url");
    let url = fs::read_to_string(&file).unwrap();
    let here = url.replace("@postgres/", &format!("@{}/", socket.replace('/', "%2F")));
    let meshkey = |url: &str, arguments: &[&str]| {
        let named = service.path().join("url");
        fs::write(&named, url).unwrap();
        clean(MESHKEY).args(arguments).env("MESHKEY_DATABASE_URL_FILE", named).output().unwrap()
    };
    let made = meshkey(&here, &["init", "--org", "acme", "--mesh", "main", "--topic", "deploys"]);
    assert!(made.status.success() && made.stdout.starts_with(b"mshk_"), "{made:?}");
    let listed = meshkey(&here, &["org", "list", "--json"]);
    assert!(listed.status.success(), "{listed:?}");
    let guessed = here.replacen("meshkey:", "meshkey:0", 1);
    assert_eq!(meshkey(&guessed, &["org", "list"]).status.code(), Some(8), "a wrong password does not do");
    psql(
        &socket,
        "DO $$ BEGIN ASSERT (SELECT NOT rolsuper AND NOT rolbypassrls AND NOT rolcreatedb AND rolcreaterole
                   FROM pg_roles WHERE rolname = 'meshkey'); END $$",
    );
}
