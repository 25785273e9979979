//! Secrets that systemd passes on as credentials.

use super::*;

/// A directory of credentials, with its path.
fn credentials(files: &[(&str, &str)]) -> (TempDir, String) {
    let dir = TempDir::new().unwrap();
    for (name, text) in files {
        file(&dir, name, text);
    }
    let path = dir.path().to_str().unwrap().to_owned();
    (dir, path)
}

#[test]
fn every_secret_is_read_from_the_credential_of_its_name() {
    for setting in table::ALL.iter().filter(|setting| setting.secret) {
        let text = url(PASSWORD) + "\n";
        let own = if setting.name == table::SMTP_URL.name { "smtp://app:password@mail.example\n" } else { &text };
        let (_dir, path) = credentials(&[("database_url", &text), (setting.name, own), ("tls_key", "of others")]);
        let of_mail = [("MESHKEY_MAIL_FROM", "keys@mail.example"), ("MESHKEY_PUBLIC_URL", "https://keys.example")];
        let settings = load(&[&of_mail[..], &[("CREDENTIALS_DIRECTORY", &path)]].concat()).unwrap();
        assert_eq!(*settings.origin(setting), Origin::Credential(setting.name.to_owned()));
        assert_eq!(database_of(&settings), url(PASSWORD));
    }
}

#[test]
fn nothing_but_secrets_is_read_from_credentials() {
    let (_dir, path) = credentials(&[("listen", "127.0.0.1:1"), ("workers", "3")]);
    let settings = load(&[("CREDENTIALS_DIRECTORY", &path)]).unwrap();
    assert!(table::ALL.iter().all(|setting| *settings.origin(setting) == Origin::Default));
}

#[test]
fn a_flag_beats_a_credential_and_a_credential_beats_the_file() {
    let (dir, path) = credentials(&[("database_url", &url("credential"))]);
    let toml = file(&dir, "meshkey.toml", &format!("database_url = '{}'", url("file")));
    let variables = [("CREDENTIALS_DIRECTORY", path.as_str()), ("MESHKEY_CONFIG", &toml)];
    assert_eq!(database_of(&load(&variables).unwrap()), url("credential"));
    let flags = DatabaseFlags { database_url: Some(url("flag").parse().unwrap()), ..DatabaseFlags::default() };
    assert_eq!(database_of(&load_with(&(&flags).into(), &variables).unwrap()), url("flag"));
}

#[test]
fn a_variable_and_a_credential_agree_or_are_refused() {
    let (_dir, path) = credentials(&[("database_url", &url(PASSWORD))]);
    let with = |variable: &str| {
        load(&[("CREDENTIALS_DIRECTORY", &path), ("DATABASE_URL", variable)]).map_err(|error| error.to_string())
    };
    let settings = with(&url(PASSWORD)).unwrap();
    assert_eq!(*settings.origin(&table::DATABASE_URL), Origin::Environment("DATABASE_URL".to_owned()));
    let said = with(&url("other")).err().unwrap();
    assert_eq!(said, "DATABASE_URL and the credential database_url are both set and differ: unset one of them");
}

/// P-19.
#[test]
fn a_mistyped_credential_is_no_other_database() {
    for name in ["database-url", "DATABASE_URL", "databse_url", "migrate_database-url"] {
        let (_dir, path) = credentials(&[(name, PASSWORD)]);
        let said = refusal(&[("CREDENTIALS_DIRECTORY", &path)]);
        assert!(said.starts_with(&format!("unknown credential {name}: did you mean ")), "{said}");
        assert!(said.ends_with("database_url?"), "{said}");
    }
}

#[test]
fn a_credential_that_cannot_be_read_is_named() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("database_url")).unwrap();
    let path = dir.path().to_str().unwrap();
    let said = refusal(&[("CREDENTIALS_DIRECTORY", path)]);
    assert_eq!(
        said,
        format!("CREDENTIALS_DIRECTORY names {path}/database_url, which cannot be read: Is a directory (os error 21)")
    );
}

#[test]
fn a_directory_that_is_not_there_holds_nothing() {
    assert!(load(&[("CREDENTIALS_DIRECTORY", "/no/such/directory")]).unwrap().database_url.is_none());
}
