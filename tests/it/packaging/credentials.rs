//! A secret that systemd passes on: the program finds it, and no process shows it.

use std::fs;

use super::{MESHKEY, clean};
use crate::{
    house::House,
    tools::{database_url, shelter},
};

#[tokio::test]
async fn the_database_is_the_one_of_the_credential() {
    let house = House::new().await;
    let dir = shelter();
    let list = |name: &str| {
        let mut meshkey = clean(MESHKEY);
        meshkey.args(["org", "list", "--json"]).env("HOME", dir.path()).env("MESHKEY_ALLOW_FSYNC_OFF", "true");
        meshkey.env("CREDENTIALS_DIRECTORY", dir.path().join(name)).output().unwrap()
    };
    fs::create_dir(dir.path().join("good")).unwrap();
    fs::write(dir.path().join("good/database_url"), database_url(&house).await + "\n").unwrap();
    let listed = list("good");
    assert!(listed.status.success(), "{listed:?}");
    assert!(String::from_utf8(listed.stdout).unwrap().contains("\"acme\""));
    // P-19: not the embedded one in its place.
    fs::create_dir(dir.path().join("mistyped")).unwrap();
    fs::write(dir.path().join("mistyped/database-url"), "postgres://x").unwrap();
    let refused = list("mistyped");
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("unknown credential database-url: did you mean database_url?"), "{told}");
}
